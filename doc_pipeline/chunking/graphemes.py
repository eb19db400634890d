"""Where a text may be cut without breaking what a reader sees as one character.

The part of Unicode's UAX 29 that documents need, a little stricter (Indic conjuncts stay whole).
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_EXTENDING = frozenset("\u200c\u200d\u0e33\u0eb3")
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2")
_MARKS = frozenset({"Mn", "Mc", "Me"})
_VIRAMA = 9


def is_boundary(text: str, offset: int, lowest: int = 0) -> bool:
    """Whether a cut at `offset` falls between two graphemes, `lowest` being a cut already."""
    if offset <= lowest or offset >= len(text):
        return True
    before, after = text[offset - 1], text[offset]
    if after < "\u0300":
        return before not in _PREPENDED and not (before == "\r" and after == "\n")
    return not (_extends(after) or _holds(before, after) or _splits_flag(text, offset, lowest))


def boundary_at_or_before(text: str, offset: int, lowest: int) -> int:
    """The last boundary in (lowest, offset], or `offset` when one grapheme fills it all."""
    cut = offset
    while cut > lowest and not is_boundary(text, cut, lowest):
        cut -= 1
    return cut if cut > lowest else offset


def _extends(char: str) -> bool:
    """Whether the character belongs to what stands before it."""
    return (
        unicodedata.category(char) in _MARKS
        or char in _EXTENDING
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # flags of regions, by tags
    )


def _holds(before: str, after: str) -> bool:
    """Whether the character before takes the next one in."""
    return (
        before == _JOINER
        or before in _PREPENDED
        or unicodedata.combining(before) == _VIRAMA
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or _is_syllable_inside(before, after)
    )


def _is_syllable_inside(before: str, after: str) -> bool:
    """Whether both are parts of one Hangul syllable written by letters."""
    if not "\u1160" <= after <= "\u11ff":
        return "\u1100" <= before <= "\u115f" and (
            "\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3"
        )
    return "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"


def _splits_flag(text: str, offset: int, lowest: int) -> bool:
    """Whether the cut stands inside a pair of regional indicators."""
    if not _is_regional(text[offset]):
        return False
    first = offset
    while first > lowest and _is_regional(text[first - 1]):
        first -= 1
    return (offset - first) % 2 == 1


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
