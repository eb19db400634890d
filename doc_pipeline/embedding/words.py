"""Words of a text in any script, as the hashing embedder counts them. No weights, no vectors."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_NO_SPACES = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Kana, Han
    "\uac00-\ud7a3"  # Hangul: its particles are glued to the word
    "\U00020000-\U0003ffff"  # rare Han
)
_SUFFIXES = ("ies", "ing", "ed", "es", "s")
# Endings of Slavic nouns and adjectives, as they look without accents (й is и, ё is е).
_CYRILLIC_SUFFIX = re.compile(
    "(?:ами|ями|ого|его|ому|ему|ыми|ими|ов|ев|еи|ои|ыи|ии|ая|яя|ое|ее|ые|ие|ую|юю|"
    "ом|ем|ам|ям|ах|ях|[аеиоуыьэюя])$"
)
_COMMON_WORDS = (
    "a about above after again against all also am an and any are as at be because been before "
    "being below between both but by can could did do does doing down during each few for from "
    "further had has have having he her here hers him his how i if in into is it its itself just "
    "may me might more most must my no nor not now of off on once only or other our out over own "
    "per same shall she should so some such than that the their them then there these they this "
    "those through to too under until up upon us very was we were what when where which while "
    "who whom why will with within would you your"
)
_ACCENTS = dict.fromkeys(
    [
        *range(0x0300, 0x0370),  # Latin, Greek and Cyrillic accents
        *range(0x0591, 0x05C8),  # Hebrew points
        *range(0x064B, 0x0660),  # Arabic vowel signs
        0x0640,  # Arabic lengthening
        0x0670,
    ]
)


def split_words(text: str) -> list[str]:
    """Words, folded and lightly stemmed; scripts without spaces give pairs of characters."""
    word_form, spaceless = _patterns()
    folded = text.lower() if text.isascii() else fold_text(text)
    words: list[str] = []
    for word in word_form.findall(folded):
        if word.isascii():
            words.append(stem_word(word))
        elif spaceless.search(word):
            words.extend(_split_spaceless(word, spaceless))
        elif "\u0400" <= word[-1] <= "\u04ff":
            words.append(_stem_cyrillic(word))
        else:
            words.append(word)
    return words


def fold_text(text: str) -> str:
    """Compatibility forms unified, case folded, accents and vowel points left out."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", decomposed.translate(_ACCENTS)).casefold()


def stem_word(word: str) -> str:
    """The word without the commonest English endings, when three letters remain."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)] + ("y" if suffix == "ies" else "")
    return word


def _stem_cyrillic(word: str) -> str:
    stem = _CYRILLIC_SUFFIX.sub("", word)
    return stem if len(stem) >= 3 else word


@cache
def common_words() -> frozenset[str]:
    """Stems of English words that say little, as `split_words` gives them."""
    return frozenset(split_words(_COMMON_WORDS))


def _split_spaceless(word: str, spaceless: re.Pattern[str]) -> list[str]:
    parts: list[str] = []
    start = 0
    for run in spaceless.finditer(word):
        if word[start : run.start()]:
            parts.append(stem_word(word[start : run.start()]))
        characters = run.group()
        if len(characters) == 1:
            parts.append(characters)
        else:
            parts.extend(characters[i : i + 2] for i in range(len(characters) - 1))
        start = run.end()
    if word[start:]:
        parts.append(stem_word(word[start:]))
    return parts


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    # `\w` leaves out combining marks, without which Indic and Thai words fall to pieces
    marks = "".join(
        re.escape(chr(code))
        for code in range(0x0300, 0x10000)
        if unicodedata.category(chr(code)) in {"Mn", "Mc"}
    )
    run = f"[{_NO_SPACES}{marks}]"
    return re.compile(rf"(?:[^\W_]|[{marks}])+"), re.compile(f"{run}*[{_NO_SPACES}]{run}*")
