"""The estimate must not be far below what a model counts, else a limit is no limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doc_pipeline.chunking.tokens import estimate_tokens, token_offset, token_starts
from doc_pipeline_tests.chunking.texts import ODD_CHARACTERS

ODD_TEXT = st.text(alphabet=st.sampled_from(ODD_CHARACTERS), max_size=60)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("   \n ", 0),
        ("river", 1),
        ("electricity", 2),
        ("The end.", 3),
        ("2026", 2),
        ("1234567890", 4),
        ("日本語", 3),
        ("。、", 2),
        ("한국어", 3),
        ("ภาษา", 4),
        ("привет", 2),
        ("........", 2),
        (" " * 160, 10),
        ("👩", 1),
    ],
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens == len(token_starts(text))


@given(ODD_TEXT, st.integers(0, 60))
def test_cutting_never_makes_the_parts_smaller_than_the_whole(text: str, at: int) -> None:
    """So sizes of atoms may be added up. White space behind a part is left out on purpose."""
    whole = " ".join(text.split())
    assert estimate_tokens(whole[:at]) + estimate_tokens(whole[at:]) >= estimate_tokens(whole)


@given(ODD_TEXT.filter(str.strip))
def test_text_that_can_be_read_counts_at_least_one(text: str) -> None:
    assert estimate_tokens(text) >= 1


def test_the_offset_of_a_token_is_found_without_reading_on() -> None:
    assert token_offset("one two three", 4, 13, 1) == 8
    assert token_offset("one two three", 4, 13, 2) is None
