"""An index in a temporary folder, and rows to put into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from doc_pipeline.domain.identity import chunk_ids_of
from doc_pipeline.embedding.embedder import EmbedderSpec, open_embedder
from doc_pipeline.index.chunk_index import ChunkIndex, open_index
from doc_pipeline.index.rows import IndexRow

DIMENSIONS = 64
MODEL = "hashing@1"
EMBEDDER = open_embedder(EmbedderSpec(dimensions=DIMENSIONS))


@pytest.fixture
def index(tmp_path: Path) -> ChunkIndex:
    return open_test_index(tmp_path)


def open_test_index(folder: Path, **wanted: object) -> ChunkIndex:
    given = {"model_id": MODEL, "dimensions": DIMENSIONS, **wanted}
    return open_index((folder / "lancedb").as_uri(), **given)  # pyright: ignore[reportArgumentType]


def rows_of(document_id: str, texts: Sequence[str], **shared: object) -> list[IndexRow]:
    """Rows of a document, as the stage embed would make them."""
    beside: dict[str, object] = {
        "version": 1,
        "title": document_id,
        "source_key": f"folder/{document_id}.txt",
        "owner": None,
        "language": "en",
        "kind": "txt",
        "metadata_json": "{}",
        **shared,
    }
    return [
        IndexRow(
            chunk_id=chunk_id,
            document_id=document_id,
            chunk_index=number,
            text=text,
            embedded_text=text,
            ranked_text=text,
            section="",
            page_start=1,
            page_end=1,
            **beside,  # pyright: ignore[reportArgumentType]
        )
        for number, (chunk_id, text) in enumerate(
            zip(chunk_ids_of(document_id, texts), texts, strict=True)
        )
    ]


def put(index: ChunkIndex, *documents: list[IndexRow]) -> int:
    """Replace the documents, embedding what changed; the table's version."""
    plan = index.plan_replacement({rows[0].document_id: rows for rows in documents})
    vectors = EMBEDDER.embed_documents([row.embedded_text for row in plan.changed])
    return index.commit_replacement(plan, vectors)


def find(index: ChunkIndex, words: str, mode: str = "hybrid", **given: object) -> list[str]:
    """Texts found, best first."""
    hits = index.search(
        words,
        EMBEDDER.embed_query(words),
        vector_weight=EMBEDDER.vector_weight,
        mode=mode,  # pyright: ignore[reportArgumentType]
        **given,  # pyright: ignore[reportArgumentType]
    )
    return [hit.text for hit in hits]
