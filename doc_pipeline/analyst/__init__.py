"""What notebooks import: search, documents and chunks as Arrow tables.

    from doc_pipeline import analyst
    analyst.search("warranty").to_pandas()

Reads only; opens the stores that the settings name. All return a `pyarrow.Table`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from doc_pipeline.domain.errors import DocumentNotFound
from doc_pipeline.domain.identity import is_document_id
from doc_pipeline.services import Services
from doc_pipeline.stages.search import SearchMode, search_chunks

__all__ = ["chunks", "documents", "search"]

CHUNK_COLUMNS = (
    "chunk_id",
    "document_id",
    "chunk_index",
    "title",
    "section",
    "page_start",
    "page_end",
    "text",
)


def search(
    query: str, *, limit: int = 10, mode: SearchMode = "hybrid", owner: str | None = None
) -> Any:
    """The best chunks for the query: one row a hit, best first, with document, page and score."""
    import pyarrow as pa

    with _services() as services:
        hits = search_chunks(
            query,
            catalog=services.catalog,
            index=services.index,
            embedder=services.embedder,
            limit=limit,
            mode=mode,
            owner=owner,
        )
    return pa.Table.from_pylist([asdict(hit) for hit in hits])


def documents(where: str = "") -> Any:
    """Rows of the SQL view `v_documents`, with an optional SQL condition."""
    import pyarrow as pa

    with _services() as services:
        return pa.Table.from_pylist(services.catalog.reading.view_rows("v_documents", where))


def chunks(document_id: str | None = None, *, columns: Sequence[str] = CHUNK_COLUMNS) -> Any:
    """Rows of the index without tombstones. Add "vector" to `columns` to get the embeddings."""
    with _services() as services:
        where = None
        if document_id is not None:
            if not is_document_id(document_id):
                raise DocumentNotFound(document_id=document_id)
            where = f"document_id = '{document_id}'"
        return services.index.rows_arrow(list(columns), where)


@contextmanager
def _services() -> Generator[Services]:
    services = Services.from_environment()
    try:
        yield services
    finally:
        services.close()
