"""Elements keep their span, and unstructured reads what we write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.element import (
    MARGIN_TYPES,
    SEPARATOR,
    Box,
    Element,
    ExtractedText,
    Usage,
    place_elements,
)

FULL = Element(
    "Table",
    "lamp | 12 EUR",
    page=3,
    depth=1,
    language="en",
    text_as_html="<table></table>",
    box=Box(72.0, 90.0, 300.5, 120.0, 595.0, 842.0),
    extra={"filename": "prices.xlsx", "font_size": 9.5},
)
ELEMENTS = st.lists(
    st.builds(
        Element,
        type=st.sampled_from(["Title", "NarrativeText", "Footer"]),
        text=st.text(max_size=20),
        page=st.one_of(st.none(), st.integers(1, 99)),
        depth=st.one_of(st.none(), st.integers(0, 5)),
        language=st.one_of(st.none(), st.just("de")),
    ),
    max_size=8,
)


def from_unstructured(data: list[dict[str, Any]]) -> list[Any]:
    from unstructured.staging.base import elements_from_dicts

    return elements_from_dicts(data)


@given(ELEMENTS)
def test_every_placed_element_is_found_at_its_span(elements: list[Element]) -> None:
    text, placed = place_elements(elements)
    assert all(text[element.start : element.end] == element.text for element in placed)
    assert text == SEPARATOR.join(element.text for element in placed)
    assert [e.text for e in placed] == [e.text for e in elements if e.text.strip()]


@given(ELEMENTS)
def test_elements_survive_json(elements: list[Element]) -> None:
    text, placed = place_elements(elements)
    whole = ExtractedText(
        text,
        placed,
        "eml",
        "mail@1",
        pages=4,
        language="en",
        title="Lamps",
        author="Ada",
        created_at="2026-11-21T10:00:00+00:00",
        ocr_pages=1,
        ocr_confidence=91.5,
        fallback="x@1 failed (KeyError)",
        warnings=("a warning",),
        attachments=(Attachment(1, "report.pdf", "attachments/1", 12, "ab" * 32),),
        usage=Usage(0.5, 0.6, 1024),
    )
    assert ExtractedText.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
    facts = json.loads(json.dumps(whole.facts()))
    assert ExtractedText.from_facts(facts, placed, text) == whole


def test_all_fields_of_an_element_survive() -> None:
    assert Element.from_dict(FULL.to_dict()) == FULL
    bare = Element("Text", "x")
    assert Element.from_dict(bare.to_dict()) == bare


def test_the_dictionary_uses_the_names_of_unstructured() -> None:
    assert FULL.to_dict() == {
        "type": "Table",
        "text": "lamp | 12 EUR",
        "metadata": {
            "filename": "prices.xlsx",
            "font_size": 9.5,
            "page_number": 3,
            "category_depth": 1,
            "languages": ["en"],
            "text_as_html": "<table></table>",
            "coordinates": {
                "points": [[72.0, 90.0], [72.0, 120.0], [300.5, 120.0], [300.5, 90.0]],
                "system": "PointSpace",
                "layout_width": 595.0,
                "layout_height": 842.0,
            },
            "char_start": -1,
            "char_end": -1,
        },
    }


def test_a_dictionary_of_unstructured_without_our_fields_is_read() -> None:
    read = Element.from_dict({"type": "Title", "text": "Lamps", "element_id": "1", "metadata": {}})
    assert read == Element("Title", "Lamps")
    assert Element.from_dict({"type": "Title", "text": "Lamps"}) == Element("Title", "Lamps")


@pytest.mark.heavy
def test_unstructured_reads_what_we_write() -> None:
    """Importing it takes seconds. Its tools on our artifacts are a promise of the docs."""
    title, table, footer = from_unstructured(
        [
            Element("Title", "Lamps", page=1, depth=0, language="en").to_dict(),
            FULL.to_dict(),
            Element("Footer", "page 1").to_dict(),
        ]
    )
    assert [type(item).__name__ for item in (title, table, footer)] == ["Title", "Table", "Footer"]
    assert (title.metadata.page_number, title.metadata.category_depth) == (1, 0)
    assert title.metadata.languages == ["en"]
    assert table.metadata.text_as_html == "<table></table>"
    assert Element.from_dict(table.to_dict()).text == FULL.text


@pytest.mark.heavy
def test_unstructured_knows_every_furniture_type() -> None:
    data = [{"type": kind, "text": "7", "metadata": {}} for kind in sorted(MARGIN_TYPES)]
    assert {type(item).__name__ for item in from_unstructured(data)} == MARGIN_TYPES


def test_words_are_counted_between_white_space() -> None:
    assert ExtractedText("one two\n\nthree ", (), "txt", "test@1").words == 3
    assert ExtractedText("", (), "txt", "test@1").words == 0
