"""All of the text comes out as blocks, page furniture apart."""

from __future__ import annotations

from doc_pipeline.chunking.blocks import UNCOVERED_TYPE, blocks_of
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline_tests.chunking.texts import document_of


def shown(extracted: ExtractedText) -> list[tuple[str, str, bool]]:
    text = extracted.text
    return [(text[b.start : b.end], b.type, b.opens_run) for b in blocks_of(extracted)]


def test_page_furniture_parts_two_runs() -> None:
    extracted = document_of(
        Element(kind, text)
        for kind, text in [("Header", "H"), ("Text", "a"), ("PageNumber", "1"), ("Text", " b ")]
    )
    assert shown(extracted) == [("a", "Text", True), ("b", "Text", True)]


def test_text_without_element_is_not_lost() -> None:
    whole = document_of(Element("Text", word) for word in ("one", "two", "three"))
    some = ExtractedText(whole.text, whole.elements[1:2], "txt", "test@1")
    assert shown(some) == [
        ("one", UNCOVERED_TYPE, True),
        ("two", "Text", False),
        ("three", UNCOVERED_TYPE, False),
    ]


def test_elements_that_overlap_or_were_never_placed_do_no_harm() -> None:
    elements = (
        Element("Text", "abcd", start=0, end=4),
        Element("Table", "cdef", start=2, end=99),
        Element("Text", "unplaced"),
    )
    extracted = ExtractedText("abcdef", elements, "txt", "test@1")
    assert shown(extracted) == [("abcd", "Text", True), ("ef", "Table", False)]
