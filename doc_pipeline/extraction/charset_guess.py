"""Which old one-byte charset a text is in: the one whose letters make words of its languages.

Each charset's reading is measured by how frequent its groups of letters are in the languages
that used the charset. Knows nothing of marks, UTF-8 or charsets of several bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from doc_pipeline.extraction.language import profiles

_WESTERN = ("de", "fr", "es", "it", "pt", "nl", "sv", "no", "da", "fi", "ca", "en")
_CENTRAL = ("pl", "cs", "sk", "hu", "hr", "sl", "ro", "sq")
_CYRILLIC = ("ru", "uk", "bg", "mk")
_CHARSETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cp1252", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859_2", _CENTRAL),
    ("cp1251", _CYRILLIC),
    ("koi8_r", ("ru", "bg")),
    ("koi8_u", ("uk",)),
    ("iso8859_5", _CYRILLIC),
    ("cp866", ("ru", "bg")),
    ("cp1253", ("el",)),
    ("iso8859_7", ("el",)),
    ("cp1254", ("tr",)),
    ("cp1255", ("he",)),
    ("cp1256", ("ar", "fa", "ur")),
    ("iso8859_6", ("ar",)),
    ("cp1257", ("lt", "lv", "et")),
    ("iso8859_13", ("lt", "lv", "et")),
    ("cp874", ("th",)),
    ("mac_roman", _WESTERN),
    ("cp850", _WESTERN),
    ("cp437", _WESTERN),
    ("cp852", _CENTRAL),
)
"""In the order in which they win ties."""
_MOST_LETTERS = 400
_SAMPLED = 20_000
_BYTES_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_UNKNOWN = 1e-7
_STRANGE = math.log(_UNKNOWN) - 4
_SIGNS = frozenset("“”‘’„‚–—…«»€£§©®°·•\xa0¿¡№™´¨")
_MARGIN = 0.25
_FIRST_GREEK = "\u0370"
"""Here the alphabets begin that share no letters with the Latin one."""


def guess_charset(data: bytes) -> str | None:
    """The likeliest charset; None where no reading makes words."""
    words = _words(data[:_SAMPLED])
    best: str | None = None
    best_score = math.log(_UNKNOWN)
    for charset, languages in _CHARSETS:
        score = _score(words, charset, languages)
        if score > best_score + (_MARGIN if best else 0.0):
            best, best_score = charset, score
    return best


def _words(data: bytes) -> list[bytes]:
    words: list[bytes] = []
    letters = 0
    for found in _BYTES_WORD.finditer(data):
        words.append(found[0])
        letters += sum(byte >= 0x80 for byte in found[0])
        if letters >= _MOST_LETTERS:
            break
    return words


def _score(words: list[bytes], charset: str, languages: tuple[str, ...]) -> float:
    """Mean logarithm of the frequency of the letters beyond ASCII, in the best language."""
    try:
        read = [word.decode(charset) for word in words]
    except UnicodeError:
        return -math.inf
    known = profiles()
    columns = [known.langlist.index(language) for language in languages]
    sums = [0.0] * len(columns)
    count = 0
    for group in _groups(read):
        count += 1
        if group is None:
            sums = [total + _STRANGE for total in sums]
        elif group:
            found = known.word_lang_prob_map.get(group)
            for at, column in enumerate(columns):
                frequency = found[column] if found else 0.0
                sums[at] += math.log(frequency + _UNKNOWN)
        else:
            count -= 1
    return max(sums) / count if count else math.log(_UNKNOWN) + 0.01


def _groups(words: list[str]) -> Iterator[str | None]:
    """Of each letter beyond ASCII itself and the groups of three with it; None for no letter."""
    for word in words:
        framed = f" {word} "
        for at, char in enumerate(framed):
            if char < "\x80":
                continue
            if char in _SIGNS:
                yield ""
            elif not char.isalpha() or _is_misfit(framed[at - 1], char, framed[at + 1]):
                yield None
            else:
                yield char
                yield framed[at - 1 : at + 2]


def _is_misfit(before: str, char: str, after: str) -> bool:
    """A capital inside a word, or a letter of another alphabet beside a Latin one."""
    if before.islower() and char.isupper():
        return True
    return char >= _FIRST_GREEK and any("A" <= near <= "z" for near in (before, after))
