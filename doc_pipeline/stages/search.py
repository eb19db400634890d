"""Search over the index: by word, by meaning, or both.

Shows only documents that the catalog calls active, also in the moment between a deletion and
the index's commit.
"""

from __future__ import annotations

from typing import Literal

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.embedding.embedder import Embedder
from doc_pipeline.index.chunk_index import ChunkIndex, SearchHit

SearchMode = Literal["hybrid", "text", "vector"]


def search_chunks(
    query: str,
    *,
    catalog: Catalog,
    index: ChunkIndex,
    embedder: Embedder,
    limit: int = 10,
    mode: SearchMode = "hybrid",
    owner: str | None = None,
) -> list[SearchHit]:
    """The best chunks for the query, best first, at most `limit`."""
    if not query.strip() or limit < 1:
        return []
    vector = embedder.embed_query(query) if mode != "text" else None
    hits = index.search(
        query,
        vector,
        limit=limit * 2,
        vector_weight=embedder.vector_weight,
        owner=owner,
        mode=mode,
    )
    active = catalog.reading.active_ids(sorted({hit.document_id for hit in hits}))
    return [hit for hit in hits if hit.document_id in active][:limit]
