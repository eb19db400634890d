"""Characters of a text layer: which are garbage, and how the rest is written readably."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

SOFT_HYPHENS = "\x02\ufffe\u00ad"
LAM_ALEF = re.compile("[اأإآ]ل")
_PRESENTATION_FORMS = re.compile("[\ufb00-\ufb06\ufb13-\ufb4f\ufb50-\ufdff\ufe70-\ufefc]")
_DRAWN_OPENING = re.compile(r"(?<!\S)[)\]](?=\S)")
_DRAWN_CLOSING = re.compile(r"(?<=\S)[(\[](?=[\s.,;:!?،؛؟]|$)")
_MIRRORED = str.maketrans("()[]", ")(][")
_PER_CENT_FIRST = re.compile(r"(?<!\S)%(\d[\d.,]*)(?=\s|$)", re.ASCII)
_NOT_SHOWN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x9f\u00ad\ufdd0-\ufdef\ufffd-\uffff\ud800-\uf8ff\U000f0000-\U0010ffff]"
)
"""Control, private and broken characters, and soft hyphens; white space stays."""
_SYMBOL_BULLETS = dict.fromkeys(map(ord, "\uf0b7\uf0a7\uf076\uf0d8\uf0fc\uf02d\uf0a8\uf06e"), "•")
"""Bullets as Word writes them, in fonts of symbols, by private characters."""
_RTL_LETTER = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LATIN_AMONG_RTL = re.compile(
    r"(?<=[\u0590-\u08ff]) ([A-Za-z][\w.+#-]*)(?=[\u0590-\u08ff])", re.ASCII
)
"""pdfium puts the blank after a Latin word before it."""
_ODD_SPACES = "\x0b\x0c\x1c\x1d\x1e\x1f"
_SWAPPED = {code << 8: code for code in range(0x20, 0x7F)}
_MIN_SWAPPED = 3
_MIN_GLYPHS_TO_JUDGE = 20
_MAX_GARBAGE = 0.25
_UNREADABLE = {"Cc", "Co", "Cn", "Cs"}


def visible(text: str) -> str:
    """The characters that are no blanks."""
    shown = "".join(text.split())
    if any(odd in text for odd in _ODD_SPACES):  # `split` takes these control characters too
        shown = "".join(char for char in text if not char.isspace() or char in _ODD_SPACES)
    return shown


def is_garbage(glyphs: str) -> bool:
    """Whether fonts without a map to Unicode gave control and private characters."""
    if glyphs.isascii() and glyphs.isprintable():
        return False
    counted = Counter(glyphs.translate(_SYMBOL_BULLETS))
    unreadable = sum(count for char, count in counted.items() if _is_unreadable(char))
    if len(glyphs) < _MIN_GLYPHS_TO_JUDGE:
        return bool(glyphs) and unreadable == len(glyphs)
    return unreadable > len(glyphs) * _MAX_GARBAGE


def readable(raw: str) -> str:
    """One line without soft hyphens, unreadable characters and presentation forms."""
    raw = _in_byte_order(raw.translate(_SYMBOL_BULLETS))
    if _PRESENTATION_FORMS.search(raw):
        raw = _PRESENTATION_FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), raw)
    if _RTL_LETTER.search(raw):
        raw = _mend_right_to_left(raw)
    return " ".join(_NOT_SHOWN.sub("", raw).split())


def _in_byte_order(raw: str) -> str:
    """ASCII whose map to Unicode has its bytes swapped: each letter looks like a rare Chinese."""
    letters = {ord(char) for char in raw if not char.isspace()}
    is_swapped = len(letters) >= _MIN_SWAPPED and letters <= _SWAPPED.keys()
    return raw.translate(_SWAPPED) if is_swapped else raw


def _mend_right_to_left(raw: str) -> str:
    """What pdfium leaves as drawn among letters that it turns: brackets, per cent, blanks."""
    raw = _LATIN_AMONG_RTL.sub(r"\1 ", raw)
    if is_right_to_left(raw):
        raw = _DRAWN_OPENING.sub(lambda found: found[0].translate(_MIRRORED), raw)
        raw = _DRAWN_CLOSING.sub(lambda found: found[0].translate(_MIRRORED), raw)
        raw = _PER_CENT_FIRST.sub(r"\1%", raw)
    return raw


def is_right_to_left(text: str) -> bool:
    """Whether most letters of a line are Arabic, Hebrew or the like."""
    return len(_RTL_LETTER.findall(text)) * 2 > sum(map(str.isalpha, text))


def _is_unreadable(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in _UNREADABLE
