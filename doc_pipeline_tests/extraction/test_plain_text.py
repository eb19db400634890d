"""Plain text: wrapped lines become paragraphs, rows stay rows, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction import plain_text
from doc_pipeline.extraction.plain_text import extract_text
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.text_blocks import split_blocks

WRAPPED = """THE HARBOUR

The old bridge was built in 1904 and carries about two thousand
vehicles every day. Its northern pier was repaired after the flood
of last winter.

- inspect the cables
- paint the railing, which has lost its colour in the many years of
  wind and salt
1. first
2. second

Harbour Office
1 Quay Street
"""


def _extract(path: Path, text: str, limits: Limits | None = None) -> Draft:
    path.write_text(text, encoding="utf-8")
    return extract_text(path, ExtractRequest("txt", "a.txt", limits=limits or Limits()))


def test_blocks_and_their_classes(tmp_path: Path) -> None:
    draft = _extract(tmp_path / "raw", WRAPPED)
    assert [(element.type, element.text) for element in draft.elements] == [
        ("Title", "THE HARBOUR"),
        (
            "NarrativeText",
            "The old bridge was built in 1904 and carries about two thousand vehicles every day. "
            "Its northern pier was repaired after the flood of last winter.",
        ),
        ("ListItem", "inspect the cables"),
        (
            "ListItem",
            "paint the railing, which has lost its colour in the many years of wind and salt",
        ),
        ("ListItem", "1. first"),
        ("ListItem", "2. second"),
        ("UncategorizedText", "Harbour Office\n1 Quay Street"),
    ]


def test_line_is_a_paragraph_where_nothing_is_wrapped() -> None:
    long = "The old bridge carries vehicles. " * 8
    assert list(split_blocks(f"{long}\n{long}\n")) == [long.strip()] * 2


def test_sentence_of_another_language_is_no_heading(tmp_path: Path) -> None:
    """Its verb is unknown to the tagger; a paragraph as heading would name all that follows."""
    draft = _extract(tmp_path / "raw", "Der Ausschuss trat am Montag im Rathaus zusammen.")
    assert [element.type for element in draft.elements] == ["NarrativeText"]


def test_over_the_limit(tmp_path: Path) -> None:
    with pytest.raises(OverLimit):
        _extract(tmp_path / "raw", "x" * 11, Limits(text_bytes=10))


def test_very_long_text_is_not_classified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_text, "CLASSIFY_UP_TO_CHARS", 10)
    draft = _extract(tmp_path / "raw", "HEADING\n\n" + "word " * 9_000)
    assert [element.type for element in draft.elements] == ["UncategorizedText"] * 4
    assert max(len(element.text) for element in draft.elements) <= 20_000


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab .-1)\n\t", max_size=300))
def test_no_letter_is_lost(text: str) -> None:
    kept = "".join("".join(split_blocks(text)).split())
    letters = [char for char in text if char in "ab1"]
    assert [char for char in kept if char in "ab1"] == letters
