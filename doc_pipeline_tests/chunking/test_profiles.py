"""The size follows the document: a memo is cut smaller than a report."""

from __future__ import annotations

import pytest

from doc_pipeline.chunking.blocks import blocks_of
from doc_pipeline.chunking.profiles import (
    LIST,
    MEMO,
    PROSE,
    REPORT,
    SLIDES,
    TABLE,
    Profile,
    profile_of,
)
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline_tests.chunking.texts import document_of

SENTENCE = "The lamp in the north of the harbour was lit again on Monday evening. "


def of(count: int, element: Element, kind: str = "txt") -> ExtractedText:
    return document_of([element] * count, kind)


@pytest.mark.parametrize(
    ("extracted", "profile"),
    [
        (of(1, Element("NarrativeText", SENTENCE * 3)), MEMO),
        (of(20, Element("NarrativeText", SENTENCE * 10)), PROSE),
        (of(200, Element("NarrativeText", SENTENCE * 10)), REPORT),
        (of(9, Element("ListItem", "see you there")), LIST),
        (of(3, Element("Table", "lamp | 12 EUR\n" * 9)), TABLE),
        (of(3, Element("NarrativeText", SENTENCE), "csv"), TABLE),
        (of(3, Element("NarrativeText", SENTENCE), "pptx"), SLIDES),
        (of(0, Element("Text", "")), MEMO),
    ],
)
def test_each_sort_of_document_has_its_profile(extracted: ExtractedText, profile: Profile) -> None:
    assert profile_of(extracted.text, blocks_of(extracted), extracted.kind) is profile


def test_targets_fit_the_passages_people_search() -> None:
    """Below 50 or far above 80 tokens search finds measurably less; rows want neighbours."""
    assert {LIST.target, MEMO.target, SLIDES.target, PROSE.target, REPORT.target} <= set(
        range(50, 81)
    )
    assert MEMO.target < PROSE.target < REPORT.target < TABLE.target
