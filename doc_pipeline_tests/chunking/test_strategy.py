"""Chunks as the rest of the pipeline sees them: ids, pages, sections, stability."""

from __future__ import annotations

from typing import Any

import pytest

from doc_pipeline.chunking.strategy import ChunkSettings, chunk_document, estimate_tokens
from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline.domain.errors import SettingInvalid
from doc_pipeline.domain.identity import chunk_ids_of
from doc_pipeline_tests.chunking.texts import assert_covers_once, document_of, prose

TOPICS = ("lamp", "boat", "winter", "captain", "ledger", "market", "granite", "ferry", "herring")


def paragraphs(count: int) -> list[str]:
    """Prose in which no two paragraphs are alike."""
    return [
        f"The {TOPICS[n % 9]} number {n} was seen near the {TOPICS[n * 5 % 7]}. "
        f"Nobody in town had asked for {n * 37 % 101} of them, said the {TOPICS[n * 3 % 8]}. "
        + ("It rained for the rest of the week. " * (n % 4))
        for n in range(count)
    ]


def chunks_of(extracted: ExtractedText, **settings: Any) -> list[Chunk]:
    return chunk_document("doc-1", extracted, ChunkSettings(**settings))


def test_a_text_of_nothing_has_no_chunks() -> None:
    for strategy in ("adaptive", "fixed"):
        assert chunks_of(ExtractedText("", (), "txt", "test@1"), strategy=strategy) == []
        assert chunks_of(ExtractedText(" \n ", (), "txt", "test@1"), strategy=strategy) == []


def test_chunks_carry_pages_section_types_and_ids() -> None:
    extracted = document_of(
        [
            Element("Title", "Harbour", page=2, depth=0),
            Element("NarrativeText", "The lamps are lit at dusk. " * 8, page=2),
            Element("ListItem", "north lamp, made of brass. " * 8, page=3),
            Element("Text", "No page is known of this. " * 12),
        ],
        kind="pdf",
    )
    chunks = chunks_of(extracted)
    assert_covers_once(extracted, chunks)
    first = chunks[0]
    assert (first.page_start, first.page_end, first.section) == (2, 2, ())
    assert first.text.startswith("Harbour\n\nThe lamps")
    assert first.element_types == ("Title", "NarrativeText")
    assert chunks[-1].section == ("Harbour",)
    assert chunks[-1].page_start is chunks[-1].page_end is None
    texts = [chunk.text for chunk in chunks]
    assert [chunk.chunk_id for chunk in chunks] == chunk_ids_of("doc-1", texts)


def test_a_chunk_over_two_pages_knows_both() -> None:
    extracted = document_of(
        [Element("Text", "The lamps are lit.", page=4), Element("Text", "At dusk.", page=5)]
    )
    (chunk,) = chunks_of(extracted)
    assert (chunk.page_start, chunk.page_end) == (4, 5)


def test_slides_are_not_mixed() -> None:
    """Each slide is a unit of its own, even one without a title, if it says anything."""
    elements = [
        Element("Text", f"{topic} and some more words about it. " * 4, page=page)
        for page, topic in enumerate(TOPICS, start=1)
    ]
    for chunk in chunks_of(document_of(elements, kind="pptx")):
        assert chunk.page_start == chunk.page_end


def test_a_small_table_is_kept_whole() -> None:
    rows = "\n".join(f"{topic} | {n} EUR" for n, topic in enumerate(TOPICS))
    extracted = document_of(
        [Element("Text", part) for part in paragraphs(3)]
        + [Element("Table", rows)]
        + [Element("Text", part) for part in paragraphs(9)[4:]]
    )
    assert sum(rows in chunk.text for chunk in chunks_of(extracted)) == 1


def test_a_heading_is_never_the_end_of_a_chunk() -> None:
    elements: list[Element] = []
    for n, part in enumerate(paragraphs(30)):
        elements += [Element("Title", f"Chapter about {TOPICS[n % 9]} {n}", depth=n % 3)]
        elements += [Element("Text", part)]
    extracted = document_of(elements)
    headings = {element.end for element in extracted.elements if element.type == "Title"}
    assert headings.isdisjoint(chunk.end for chunk in chunks_of(extracted))


def test_context_is_ranked_but_not_embedded() -> None:
    """Embedding the words around would cost half as much again, for 0.2 points."""
    chunks = chunks_of(prose("\n\n".join(paragraphs(20))))
    middle = chunks[len(chunks) // 2]
    assert middle.context_before
    assert middle.context_after
    assert middle.context_before in middle.ranked_text
    assert middle.context_before not in middle.embedded_text
    assert chunks[0].context_before == chunks[-1].context_after == ""


def test_a_memo_and_a_report_get_chunks_of_different_size() -> None:
    def mean(count: int) -> float:
        chunks = chunks_of(prose("\n\n".join(paragraphs(count))))
        return sum(chunk.tokens for chunk in chunks) / len(chunks)

    assert mean(16) < mean(400) * 0.9


def test_the_target_can_be_given() -> None:
    extracted = prose("\n\n".join(paragraphs(60)))
    small, large = chunks_of(extracted, target_tokens=40), chunks_of(extracted, target_tokens=200)
    assert len(small) > 3 * len(large)


def test_the_trail_gives_way_to_the_token_limit() -> None:
    heading = Element("Title", "A rather long heading about lamps", depth=0)
    inner = Element("Title", "Brass", depth=1)
    body = Element("Text", "word " * 60)
    chunks = chunks_of(document_of([heading, inner, body]), max_tokens=20)
    assert all(estimate_tokens(chunk.embedded_text) <= 20 for chunk in chunks)
    assert {chunk.section for chunk in chunks} & {("Brass",), ()}


@pytest.mark.parametrize("at", [3, 30, 77, 118])
def test_an_edit_leaves_chunks_far_from_it_alone(at: int) -> None:
    """Each new chunk is an embedding to pay: cuts must find back soon after an edit."""
    parts = paragraphs(120)
    before = {chunk.embedded_text for chunk in chunks_of(prose("\n\n".join(parts)))}
    parts[at] = parts[at].replace("Nobody in town", "No person in this town")
    after = [chunk.embedded_text for chunk in chunks_of(prose("\n\n".join(parts)))]
    assert len(after) > 40
    assert 1 <= sum(text not in before for text in after) <= 2


def test_ids_of_what_did_not_change_outlive_a_new_beginning() -> None:
    parts = paragraphs(40)
    before = {chunk.chunk_id for chunk in chunks_of(prose("\n\n".join(parts)))}
    parts.insert(0, "A new paragraph stands at the head of everything now, and it is long enough.")
    after = {chunk.chunk_id for chunk in chunks_of(prose("\n\n".join(parts)))}
    assert len(before & after) >= len(before) - 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"strategy": "semantic"},
        {"size": 0},
        {"overlap": 1000},
        {"overlap": -1},
        {"target_tokens": 0},
        {"max_tokens": 0},
    ],
)
def test_settings_nothing_can_be_cut_by_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingInvalid):
        ChunkSettings(**wrong)


def test_the_fingerprint_holds_only_what_shapes_the_chunks() -> None:
    """A setting of the other strategy must not make all documents stale."""
    assert ChunkSettings().to_fingerprint() == ChunkSettings(size=400).to_fingerprint()
    assert ChunkSettings().to_fingerprint() != ChunkSettings(max_tokens=400).to_fingerprint()
    fixed = ChunkSettings("fixed")
    assert fixed.to_fingerprint() != ChunkSettings("fixed", 400).to_fingerprint()
    assert fixed.to_fingerprint() == ChunkSettings("fixed", target_tokens=90).to_fingerprint()
