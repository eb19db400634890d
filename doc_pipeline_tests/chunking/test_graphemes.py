"""A reader's character is never cut, whatever it is made of."""

from __future__ import annotations

import pytest

from doc_pipeline.chunking.graphemes import boundary_at_or_before, is_boundary

WHOLE = {
    "combining acute": "e\u0301",
    "two marks": "a\u0308\u0301",
    "Devanagari vowel sign": "कि",
    "Devanagari conjunct": "क्ष",
    "Thai am": "กำ",
    "keycap": "1\ufe0f\u20e3",
    "skin tone": "👩🏽",
    "family": "👨\u200d👩\u200d👧",
    "flag": "🇩🇪",
    "flag of a region": "🏴\U000e0067\U000e0062\U000e007f",
    "Hangul letters": "\u1100\u1161\u11a8",
    "Hangul syllable and tail": "가\u11a8",
    "Hangul lead and syllable": "\u1100가",
    "line end": "\r\n",
    "surrogates": "\ud83d\ude00",
    "Arabic number sign": "\u06005",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE.keys())
def test_nothing_inside_a_grapheme_is_a_boundary(text: str) -> None:
    framed = f"x{text}x"
    inside = range(2, len(text) + 1)
    assert [offset for offset in inside if is_boundary(framed, offset)] == []
    assert is_boundary(framed, 1)
    assert is_boundary(framed, len(text) + 1)


@pytest.mark.parametrize("text", ["ab", "a b", "中文", "🇩🇪🇫🇷", "가각", "👩👩", "a\u06dda"[:2]])
def test_neighbours_may_be_parted(text: str) -> None:
    assert is_boundary(text, len(text) // 2)


def test_flags_are_counted_from_the_last_cut() -> None:
    """Counting from the start of the text would be quadratic in a text of flags."""
    flags = "🇩🇪🇫🇷"
    assert not is_boundary(flags, 1)
    assert is_boundary(flags, 2)
    assert is_boundary(flags, 3, lowest=1)


def test_a_cut_moves_back_to_the_boundary_before() -> None:
    assert boundary_at_or_before("abe\u0301", 3, 0) == 2
    assert boundary_at_or_before("abc", 2, 0) == 2


def test_a_grapheme_larger_than_the_room_is_cut() -> None:
    """Otherwise no limit could be kept, and the loop would not move on."""
    assert boundary_at_or_before("e" + "\u0301" * 9, 5, 0) == 5
