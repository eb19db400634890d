"""Stage embed: bring the chunks of a wave of documents into the index, in one commit.

Only changed rows are embedded, and only texts that the cache does not hold.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.domain.identity import fingerprint_of
from doc_pipeline.domain.stage import CODE_VERSION, Stage
from doc_pipeline.embedding.cached import embed_with_cache
from doc_pipeline.index.rows import IndexRow
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.chunk import ChunkedDocument


@dataclass(frozen=True, slots=True)
class ReadyDocument:
    """A document that is chunked and waits for its wave."""

    document: ClaimedDocument
    version: int
    chunked: ChunkedDocument


@dataclass(frozen=True, slots=True)
class EmbeddedDocument:
    """What the commit did for one document. Tokens and seconds are its share of the wave's."""

    ready: ReadyDocument
    fingerprint: str
    rows_changed: int
    computed: int
    reused: int
    tokens: int
    index_version: int


def embed_documents(wave: Sequence[ReadyDocument], adapters: Adapters) -> list[EmbeddedDocument]:
    """Replace the rows of all documents of the wave in one commit.

    Raises the errors of the embedder and of the index; then nothing of the wave was committed,
    but vectors already computed stay in the cache.
    """
    rows = {ready.document.document_id: index_rows(ready) for ready in wave}
    plan = adapters.index.plan_replacement(rows)
    outcome = embed_with_cache(
        [row.embedded_text for row in plan.changed], adapters.embedder, adapters.index
    )
    index_version = adapters.index.commit_replacement(plan, outcome.vectors)
    changed: Counter[str] = Counter()
    computed: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for row, is_computed in zip(plan.changed, outcome.computed_flags, strict=True):
        changed[row.document_id] += 1
        computed[row.document_id] += is_computed
        tokens[row.document_id] += len(row.embedded_text.encode()) // 4 if is_computed else 0
    return [
        EmbeddedDocument(
            ready=ready,
            fingerprint=embed_fingerprint(ready, adapters),
            rows_changed=changed[ready.document.document_id],
            computed=computed[ready.document.document_id],
            reused=len(ready.chunked.chunks) - computed[ready.document.document_id],
            tokens=tokens[ready.document.document_id],
            index_version=index_version,
        )
        for ready in wave
    ]


def embed_fingerprint(ready: ReadyDocument, adapters: Adapters) -> str:
    """Changes with the chunks, the model and what is stored beside them."""
    shaping = {
        "model": adapters.embedder.model_id,
        "dimensions": adapters.embedder.dimensions,
        **_beside(ready),
    }
    return fingerprint_of(
        Stage.EMBED, CODE_VERSION[Stage.EMBED], shaping, [ready.chunked.fingerprint]
    )


def index_rows(ready: ReadyDocument) -> list[IndexRow]:
    """The rows of a document as the index stores them, in order."""
    document, facts = ready.document, ready.chunked.facts.facts
    return [
        IndexRow(
            chunk_id=chunk.chunk_id,
            document_id=document.document_id,
            version=ready.version,
            chunk_index=chunk.index,
            text=chunk.text,
            embedded_text=chunk.embedded_text,
            ranked_text=chunk.ranked_text,
            section=" > ".join(chunk.section),
            page_start=chunk.page_start,
            page_end=chunk.page_end,
            title=facts["title"] or document.original_name,
            source_key=document.source_key,
            owner=document.owner,
            language=facts["language"],
            kind=facts["kind"],
            metadata_json=str(_beside(ready)["metadata"]),
        )
        for chunk in ready.chunked.chunks
    ]


def _beside(ready: ReadyDocument) -> dict[str, str | None]:
    metadata = dict(ready.document.options.metadata)
    return {
        "owner": ready.document.owner,
        "metadata": json.dumps(metadata, sort_keys=True, ensure_ascii=False),
        "source_key": ready.document.source_key,
    }
