"""What of a chunk is embedded, what is ranked, what is stored."""

from __future__ import annotations

import json
from dataclasses import replace

from doc_pipeline.domain.chunk import Chunk

CHUNK = Chunk(
    chunk_id="c1",
    index=4,
    text="The lamps are lit at dusk.",
    start=100,
    end=126,
    page_start=2,
    page_end=3,
    section=("Harbour", "Lamps"),
    element_types=("NarrativeText", "ListItem"),
    tokens=7,
    context_before="words before",
    context_after="words after",
)


def test_a_chunk_survives_json() -> None:
    assert Chunk.from_dict(json.loads(json.dumps(CHUNK.to_dict()))) == CHUNK
    bare = replace(CHUNK, page_start=None, page_end=None, section=(), element_types=())
    assert Chunk.from_dict(json.loads(json.dumps(bare.to_dict()))) == bare


def test_a_chunk_stored_without_context_is_read() -> None:
    """Context came with a default."""
    data = CHUNK.to_dict()
    del data["context_before"], data["context_after"]
    assert Chunk.from_dict(data).context_before == ""


def test_the_trail_is_embedded_and_the_context_is_not() -> None:
    assert CHUNK.embedded_text == "Harbour > Lamps\nThe lamps are lit at dusk."


def test_trail_and_context_are_ranked() -> None:
    assert CHUNK.ranked_text == (
        "Harbour > Lamps\nwords before\nThe lamps are lit at dusk.\nwords after"
    )


def test_without_trail_and_context_only_the_passage_is_left() -> None:
    bare = replace(CHUNK, section=(), context_before="", context_after="")
    assert bare.embedded_text == bare.ranked_text == bare.text
