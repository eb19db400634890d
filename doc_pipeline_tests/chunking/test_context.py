"""Words around a passage help ranking; they never come from another section."""

from __future__ import annotations

from doc_pipeline.chunking.atoms import Atom, AtomSizes, atoms_of
from doc_pipeline.chunking.blocks import blocks_of
from doc_pipeline.chunking.context import TOKENS_AFTER, TOKENS_BEFORE, words_after, words_before
from doc_pipeline.chunking.tokens import estimate_tokens
from doc_pipeline.domain.element import Element
from doc_pipeline_tests.chunking.texts import document_of


def atoms(*elements: Element) -> tuple[str, list[Atom]]:
    extracted = document_of(elements)
    found = atoms_of(extracted.text, blocks_of(extracted), AtomSizes(limit=150, target=70))
    return extracted.text, found


LINES = [Element("Text", f"paragraph number {word}") for word in ("one", "two", "three", "four")]


def test_context_crosses_paragraphs_and_page_furniture() -> None:
    text, found = atoms(LINES[0], LINES[1], Element("Footer", "page 7"), LINES[2], LINES[3])
    assert words_before(text, found, 2) == "paragraph number one paragraph number two"
    assert words_after(text, found, 1) == "paragraph number three paragraph number four"


def test_context_stops_at_headings() -> None:
    title = Element("Title", "The harbour lights", depth=0)
    text, found = atoms(LINES[0], title, LINES[1], LINES[2])
    assert words_after(text, found, 0) == ""
    assert words_before(text, found, 1) == ""
    assert words_before(text, found, 2) == ""
    assert words_before(text, found, 3) == "paragraph number two"


def test_context_is_short() -> None:
    long = Element("Text", " ".join(f"w{number}" for number in range(60)))
    text, found = atoms(long, LINES[0], long)
    before, after = words_before(text, found, 1), words_after(text, found, 1)
    assert estimate_tokens(before) <= TOKENS_BEFORE
    assert before.endswith("w58 w59")
    assert estimate_tokens(after) <= TOKENS_AFTER
    assert after.startswith("w0 w1")


def test_the_ends_of_a_text_have_none() -> None:
    text, found = atoms(LINES[0])
    assert words_before(text, found, 0) == words_after(text, found, 0) == ""
