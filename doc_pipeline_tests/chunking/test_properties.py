"""What holds for every text, whatever is in it: one test per promise."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doc_pipeline.chunking.strategy import ChunkSettings, chunk_document, estimate_tokens
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline_tests.chunking.texts import assert_covers_once, document_of, documents

ADAPTIVE = st.builds(
    ChunkSettings,
    target_tokens=st.one_of(st.none(), st.integers(1, 200)),
    max_tokens=st.one_of(st.just(512), st.integers(1, 60)),
)
FIXED = st.builds(
    ChunkSettings,
    strategy=st.just("fixed"),
    size=st.integers(1, 200),
    max_tokens=st.one_of(st.just(512), st.integers(1, 60)),
)
either = given(documents(), st.one_of(ADAPTIVE, FIXED))
many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@either
def test_the_offsets_give_the_text_back(extracted: ExtractedText, chosen: ChunkSettings) -> None:
    for chunk in chunk_document("doc-1", extracted, chosen):
        assert extracted.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text.strip()


@many
@either
def test_chunks_stand_in_order_without_overlap(
    extracted: ExtractedText, chosen: ChunkSettings
) -> None:
    chunks = chunk_document("doc-1", extracted, chosen)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)
    for before, after in pairwise(chunks):
        assert before.end <= after.start


@many
@either
def test_every_word_is_in_exactly_one_chunk(
    extracted: ExtractedText, chosen: ChunkSettings
) -> None:
    """And no header, footer or page number is in any: a chunk never spans one."""
    assert_covers_once(extracted, chunk_document("doc-1", extracted, chosen))


@many
@either
def test_what_is_embedded_keeps_the_token_limit(
    extracted: ExtractedText, chosen: ChunkSettings
) -> None:
    for chunk in chunk_document("doc-1", extracted, chosen):
        assert estimate_tokens(chunk.embedded_text) <= chosen.max_tokens
        assert chunk.tokens == estimate_tokens(chunk.text) >= 1
        assert len(" > ".join(chunk.section)) <= 160


@many
@either
def test_the_same_text_gives_the_same_chunks(
    extracted: ExtractedText, chosen: ChunkSettings
) -> None:
    first = chunk_document("doc-1", extracted, chosen)
    assert chunk_document("doc-1", extracted, chosen) == first


@many
@given(documents(), st.integers(1, 60), st.integers(0, 59), st.integers(1, 60))
def test_fixed_windows_are_never_longer_than_their_size(
    extracted: ExtractedText, size: int, overlap: int, max_tokens: int
) -> None:
    """With overlap too: each window moves on, so the loop ends, and nothing is left out."""
    chosen = ChunkSettings("fixed", size, min(overlap, size - 1), max_tokens=max_tokens)
    chunks = chunk_document("doc-1", extracted, chosen)
    assert all(len(chunk.text) <= size for chunk in chunks)
    for before, after in pairwise(chunks):
        assert before.start < after.start
        assert before.end < after.end


@pytest.mark.heavy
@pytest.mark.parametrize(
    "text",
    [
        "." * 1_000_000,
        "x" * 1_000_000,
        "word " * 200_000,
        "ab\n" * 330_000,
        "a, " * 330_000,
        "Dr. X. e.g. " * 80_000,
        "\U0001f1e9" * 1_000_000,
        "e" + "\u0301" * 1_000_000,
        "中" * 1_000_000,
        "a" + " " * 1_000_000 + "b",
        "a\n" + "\n \t" * 300_000 + "b",
        "!)" * 500_000,
        "? " * 500_000,
    ],
    ids=lambda text: repr(text[:6]),
)
@pytest.mark.parametrize("strategy", ["adaptive", "fixed"])
def test_a_megabyte_of_one_thing_is_cut_in_linear_time(text: str, strategy: str) -> None:
    """Anything quadratic would run into the time limit of the test, hours before its end."""
    extracted = ExtractedText(text, (), "txt", "test@1")
    chunks = chunk_document("doc-1", extracted, ChunkSettings(strategy))
    words = len("".join(text.split()))
    assert sum(len("".join(chunk.text.split())) for chunk in chunks) == words


@pytest.mark.heavy
def test_a_megabyte_of_headings_is_cut_in_linear_time() -> None:
    """Headings are kept apart from what stands before them, so they cannot all be glued."""
    pairs = [Element(("Title", "Text")[n % 2], f"{n % 97}", depth=n % 7) for n in range(60_000)]
    extracted = document_of(pairs)
    assert_covers_once(extracted, chunk_document("doc-1", extracted, ChunkSettings()))
