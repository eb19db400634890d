"""Windows of an exact size, for those who asked for one."""

from __future__ import annotations

import pytest

from doc_pipeline.chunking.strategy import ChunkSettings, chunk_document
from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline_tests.chunking.texts import document_of, prose


def fixed(extracted: ExtractedText, size: int, **more: int) -> list[Chunk]:
    return chunk_document("doc-1", extracted, ChunkSettings("fixed", size, **more))


def test_all_windows_but_the_last_have_the_size() -> None:
    """What OPTIMIZE_CHUNK_SIZE=False with DEFAULT_CHUNK_SIZE=1000 promises."""
    text = "The harbour lights are lit at dusk. " * 100
    lengths = [len(chunk.text) for chunk in fixed(prose(text), 1000)]
    assert lengths == [1000, 1000, 1000, len(text.rstrip()) - 3000]


def test_overlap_repeats_the_end_of_the_window_before() -> None:
    chunks = fixed(prose("0123456789" * 5), 20, overlap=5)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 20), (15, 35), (30, 50)]


@pytest.mark.parametrize("grapheme", ["e\u0301", "👩🏽", "🇩🇪", "\ud83d\ude00", "कि"])
@pytest.mark.parametrize("overlap", [0, 3])
def test_no_grapheme_is_cut(grapheme: str, overlap: int) -> None:
    text = grapheme * 50
    for chunk in fixed(prose(text), 7, overlap=overlap):
        assert chunk.text == grapheme * (len(chunk.text) // len(grapheme))


def test_the_token_limit_shortens_a_window() -> None:
    """A thousand characters of Chinese are twice what the model takes."""
    chunks = fixed(prose("中" * 1000), 1000)
    assert [len(chunk.text) for chunk in chunks] == [512, 488]


def test_windows_stop_at_page_furniture() -> None:
    extracted = document_of(
        [Element("Text", "a" * 30), Element("Footer", "page 1"), Element("Text", "b" * 30)]
    )
    assert [chunk.text for chunk in fixed(extracted, 20)] == [
        "a" * 20,
        "a" * 10,
        "b" * 20,
        "b" * 10,
    ]
