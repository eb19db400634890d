"""What is written when documents are completed: their facts and their chunk rows.

Rows that are equal stay untouched, so a second pass over the same version writes no chunk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, insert, select, update
from sqlalchemy.orm import Session

from doc_pipeline.catalog.column_types import UtcTime, storable
from doc_pipeline.catalog.database import pages
from doc_pipeline.catalog.models import (
    Document,
    DocumentChunk,
    DocumentVersion,
    now,
    table_of,
)
from doc_pipeline.catalog.transitions import NO_ERROR, is_held_by, move, unless_due_again
from doc_pipeline.domain.chunk import Chunk
from doc_pipeline.domain.document import Lifecycle, ProcessingStatus
from doc_pipeline.domain.identity import text_sha256

_COMPARED = (
    "document_id",
    "version",
    "chunk_index",
    "text_sha256",
    "char_start",
    "char_end",
    "page_start",
    "page_end",
    "section_path",
    "element_types",
    "token_count",
    "embedding_model",
)


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What is known of a document when all its stages are done.

    `text_key` is where the plain text lies in the artifact store. Dates are what the file itself
    tells. `ocr_confidence` is 0 to 100.
    """

    document_id: str
    version: int
    title: str
    language: str | None
    pages: int | None
    words: int
    characters: int
    chunks: Sequence[Chunk]
    tokens: int
    kind: str
    embedding_model: str
    text_key: str | None = None
    author: str | None = None
    file_created_at: datetime | None = None
    file_modified_at: datetime | None = None
    extractor: str | None = None
    fallback: str | None = None
    ocr_pages: int = 0
    ocr_confidence: float | None = None
    warnings: Sequence[str] = ()
    attachments: int = 0
    cpu_s: float | None = None
    peak_memory_mb: float | None = None


def complete_documents(session: Session, records: Sequence[DocumentRecord], run_id: str) -> None:
    """Complete those of the documents that this run still holds."""
    moment = now()
    moved = move(
        session,
        [record.document_id for record in records],
        where=is_held_by(run_id),
        values={
            **NO_ERROR,
            "processing_status": unless_due_again(ProcessingStatus.COMPLETED),
            "progress": case((Document.is_due_again, 0), else_=100),
            "processed_at": case(
                (Document.is_due_again, None), else_=bindparam("moment", moment, UtcTime())
            ),
            "attempts": 0,
            "batch_id": None,
            "batch_assigned_at": None,
            "is_due_again": False,
            "is_removal_due": Document.lifecycle == Lifecycle.DELETED,
        },
        what="completed",
        run_id=run_id,
    )
    lifecycles = {m.document_id: m.lifecycle for m in moved}
    mine = [record for record in records if record.document_id in lifecycles]
    _write_facts(session, mine, moment)
    _replace_chunks(
        session,
        {
            record.document_id: []
            if lifecycles[record.document_id] is Lifecycle.DELETED
            else _chunk_rows(record)
            for record in mine
        },
    )


def delete_chunks(session: Session, document_ids: Collection[str]) -> None:
    """Remove all chunk rows of these documents."""
    for page in pages(sorted(document_ids)):
        session.execute(
            delete(DocumentChunk)
            .where(DocumentChunk.document_id.in_(page))
            .execution_options(synchronize_session=False)
        )


def _write_facts(session: Session, records: Sequence[DocumentRecord], moment: datetime) -> None:
    if not records:
        return
    documents, versions = table_of(Document), table_of(DocumentVersion)
    facts = [
        {
            "of_document": record.document_id,
            "title": record.title,
            "language": record.language,
            "page_count": record.pages,
            "word_count": record.words,
            "character_count": record.characters,
            "chunk_count": len(record.chunks),
            "token_count": record.tokens,
            "file_type": record.kind,
            "embedding_model": record.embedding_model,
            "text_key": record.text_key,
            "author": record.author,
            "file_created_at": record.file_created_at,
            "file_modified_at": record.file_modified_at,
            "extractor": record.extractor,
            "fallback": record.fallback,
            "ocr_pages": record.ocr_pages,
            "ocr_confidence": record.ocr_confidence,
            "warnings": list(record.warnings),
            "attachment_count": record.attachments,
            "extract_cpu_seconds": record.cpu_s,
            "peak_memory_mb": record.peak_memory_mb,
        }
        for record in records
    ]
    columns = {name: bindparam(name) for name in facts[0] if name != "of_document"}
    session.connection().execute(
        update(documents)
        .where(documents.c.document_id == bindparam("of_document"))
        .values(columns),
        facts,
    )
    session.connection().execute(
        update(versions)
        .where(
            versions.c.document_id == bindparam("of_document"),
            versions.c.version == bindparam("of_version"),
            versions.c.processed_at.is_(None),
        )
        .values(processed_at=moment),
        [{"of_document": r.document_id, "of_version": r.version} for r in records],
    )


def _replace_chunks(session: Session, wanted: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    table = table_of(DocumentChunk)
    known: dict[str, tuple[Any, ...]] = {}
    columns = [table.c[name] for name in ("chunk_id", *_COMPARED)]
    for page in pages(sorted(wanted)):
        statement = select(*columns).where(table.c.document_id.in_(page))
        for chunk_id, *rest in session.execute(statement):
            known[chunk_id] = tuple(rest)
    rows = {row["chunk_id"]: row for of_one in wanted.values() for row in of_one}
    same = {
        chunk_id
        for chunk_id, row in rows.items()
        if known.get(chunk_id) == tuple(row[name] for name in _COMPARED)
    }
    # All that changed goes before anything comes: two rows may swap their index.
    for page in pages(sorted(known.keys() - same)):
        session.execute(delete(table).where(table.c.chunk_id.in_(page)))
    fresh = [row for chunk_id, row in rows.items() if chunk_id not in same]
    if fresh:
        session.execute(insert(table), fresh)


def _chunk_rows(record: DocumentRecord) -> list[dict[str, Any]]:
    return [
        {
            "chunk_id": chunk.chunk_id,
            "document_id": record.document_id,
            "version": record.version,
            "chunk_index": chunk.index,
            "text": chunk.text,
            "text_sha256": text_sha256(storable(chunk.text)),
            "char_start": chunk.start,
            "char_end": chunk.end,
            "page_start": chunk.page_start,
            "page_end": chunk.page_end,
            "section_path": " > ".join(chunk.section),
            "element_types": list(_in_order(chunk.element_types)),
            "token_count": chunk.tokens,
            "embedding_model": record.embedding_model,
        }
        for chunk in record.chunks
    ]


def _in_order(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)
