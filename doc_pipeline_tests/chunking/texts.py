"""Texts that the tests of chunking share: building them, and drawing odd ones."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.element import MARGIN_TYPES, Element, ExtractedText, place_elements

ODD_CHARACTERS = (
    "abc XYZ 019.,;:!?-=_*\n\t\r\"'()|"
    "éß中文日本語。、！ไทยकि\u0301\u200d\u200b\ufe0f\u3000👩🏽🇩🇪각\u1100\u1161\ud83d\ude00"
)
TYPES = (
    "Title",
    "NarrativeText",
    "ListItem",
    "Table",
    "CodeSnippet",
    "Header",
    "Footer",
    "PageNumber",
    "UncategorizedText",
)


def document_of(elements: Iterable[Element], kind: str = "txt") -> ExtractedText:
    text, placed = place_elements(elements)
    return ExtractedText(text=text, elements=placed, kind=kind, extractor="test@1")


def prose(text: str, kind: str = "txt") -> ExtractedText:
    """One paragraph for each blank line."""
    return document_of((Element("NarrativeText", part) for part in text.split("\n\n")), kind)


def is_furniture(extracted: ExtractedText) -> list[bool]:
    """For each character: whether it stands in a header, footer or page number."""
    marks = [False] * len(extracted.text)
    for element in extracted.elements:
        if element.type in MARGIN_TYPES:
            marks[element.start : element.end] = [True] * (element.end - element.start)
    return marks


def assert_covers_once(extracted: ExtractedText, chunks: list[Chunk]) -> None:
    """Every character but white space and page furniture is in exactly one chunk."""
    times = [0] * len(extracted.text)
    for chunk in chunks:
        for offset in range(chunk.start, chunk.end):
            times[offset] += 1
    for offset, furniture in enumerate(is_furniture(extracted)):
        if furniture:
            assert times[offset] == 0, f"page furniture at {offset} is in a chunk"
        elif not extracted.text[offset].isspace():
            assert times[offset] == 1, f"character {offset} is in {times[offset]} chunks"


_WORDS = st.sampled_from(
    ["river", "The", "e.g.", "Dr.", "1,204.50", "end.", "so:", "中文字。", "x" * 40, "naïve", "\n"]
)
_TEXTS = st.one_of(
    st.text(alphabet=st.sampled_from(ODD_CHARACTERS), min_size=1, max_size=120),
    st.lists(_WORDS, min_size=1, max_size=60).map(" ".join),
    st.builds(lambda word, times: word * times, _WORDS, st.integers(1, 60)),
)
_ELEMENTS = st.builds(
    Element,
    type=st.sampled_from(TYPES),
    text=_TEXTS,
    page=st.one_of(st.none(), st.integers(1, 9)),
    depth=st.one_of(st.none(), st.integers(0, 5)),
)


@st.composite
def documents(draw: st.DrawFn) -> ExtractedText:
    """Any elements in any order, some of them forgotten, so that text without element occurs."""
    kind = draw(st.sampled_from(["txt", "pptx", "csv", "pdf"]))
    whole = document_of(draw(st.lists(_ELEMENTS, max_size=12)), kind)
    kept = [element for element in whole.elements if draw(st.integers(0, 9))]
    return ExtractedText(whole.text, tuple(kept), kind, "test@1")
