"""What people and programs read: documents, their stages, errors, events and chunks.

Writes nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text, true

from doc_pipeline.catalog.database import Database, pages
from doc_pipeline.catalog.document_rows import read_documents, select_documents
from doc_pipeline.catalog.models import (
    Document,
    DocumentChunk,
    DocumentError,
    DocumentEvent,
    DocumentVersion,
    StageRecord,
)
from doc_pipeline.catalog.rows import (
    ChunkRow,
    DocumentView,
    ErrorGroup,
    ErrorRow,
    EventRow,
    StageRow,
)
from doc_pipeline.catalog.views import VIEWS
from doc_pipeline.domain.attachment import ATTACHMENT_MARK
from doc_pipeline.domain.document import Lifecycle, Origin, ProcessingStatus
from doc_pipeline.domain.stage import STAGES, Stage

__all__ = [
    "ChunkRow",
    "DocumentView",
    "ErrorGroup",
    "ErrorRow",
    "EventRow",
    "ReadingRepository",
    "StageRow",
]

MOST_FOUND = 50
_UNSETTLED = (ProcessingStatus.PENDING, ProcessingStatus.PROCESSING)
_BROKEN = (ProcessingStatus.FAILED, ProcessingStatus.QUARANTINED)
_ORDER = {stage: at for at, stage in enumerate((*STAGES, Stage.REMOVE))}


class ReadingRepository:
    """The catalog as readers see it. Lists hold active documents only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- documents --------------------------------------------------------------------------

    def get(self, document_id: str) -> DocumentView | None:
        """One document, also a deleted one."""
        with self._database.read() as session:
            found = read_documents(
                session, select_documents().where(Document.document_id == document_id)
            )
        return found[0] if found else None

    def find(self, text: str) -> list[DocumentView]:
        """Documents a person may mean: by id, upload key, file name, or a part of those.

        An exact match stands alone. An attachment is found by its parent's name only when the
        text goes on to its own (`mail.eml!/rep`).
        """
        is_active = Document.lifecycle == Lifecycle.ACTIVE
        is_named = Document.origin != Origin.ATTACHMENT
        part = or_(
            Document.document_id.icontains(text, autoescape=True),
            Document.original_name.icontains(text, autoescape=True),
            Document.source_key.icontains(text, autoescape=True)
            & (true() if ATTACHMENT_MARK in text else is_named),
        )
        tries: list[ColumnElement[bool]] = [
            Document.document_id == text,
            is_active & (Document.source_key == text),
            is_active & (Document.original_name == text),
            is_active & part,
        ]
        with self._database.read() as session:
            for condition in tries:
                statement = select_documents().where(condition).order_by(Document.seq)
                found = read_documents(session, statement.limit(MOST_FOUND))
                if found:
                    return found
        return []

    def list_documents(
        self,
        *,
        status: ProcessingStatus | None = None,
        owner: str | None = None,
        parent_id: str | None = None,
        limit: int = 100,
        after_seq: int | None = None,
    ) -> list[DocumentView]:
        """Documents, newest first; the next page starts `after_seq`, the last one's number."""
        statement = select_documents().where(Document.lifecycle == Lifecycle.ACTIVE)
        if status is not None:
            statement = statement.where(Document.processing_status == status)
        if owner is not None:
            statement = statement.where(Document.owner_id == owner)
        if parent_id is not None:
            statement = statement.where(Document.parent_id == parent_id)
        if after_seq is not None:
            statement = statement.where(Document.seq < after_seq)
        with self._database.read() as session:
            return read_documents(session, statement.order_by(Document.seq.desc()).limit(limit))

    def counts(self) -> dict[str, int]:
        """Documents by status, in the order of their way through; statuses with none left out."""
        statement = (
            select(Document.processing_status, func.count())
            .where(Document.lifecycle == Lifecycle.ACTIVE)
            .group_by(Document.processing_status)
        )
        with self._database.read() as session:
            found = {status: count for status, count in session.execute(statement)}
        return {status.value: found[status] for status in ProcessingStatus if status in found}

    def chunk_total(self) -> int:
        """Chunks of all completed documents: as many rows as the index must hold at least."""
        statement = select(func.sum(Document.chunk_count)).where(
            Document.lifecycle == Lifecycle.ACTIVE,
            Document.processing_status == ProcessingStatus.COMPLETED,
        )
        with self._database.read() as session:
            return int(session.scalar(statement) or 0)

    def settled_count(self, document_ids: Collection[str]) -> int:
        """How many of these documents neither wait nor are being worked on."""
        is_settled = Document.processing_status.not_in(_UNSETTLED) | (
            Document.lifecycle != Lifecycle.ACTIVE
        )
        with self._database.read() as session:
            return sum(
                session.scalar(
                    select(func.count())
                    .select_from(Document)
                    .where(Document.document_id.in_(page), is_settled)
                )
                or 0
                for page in pages(sorted(set(document_ids)))
            )

    def percent_done(self, document_ids: Collection[str]) -> float:
        """How far these documents are in all; a settled one is through, however it ended."""
        ids = sorted(set(document_ids))
        is_under_way = (Document.lifecycle == Lifecycle.ACTIVE) & Document.processing_status.in_(
            _UNSETTLED
        )
        missing = 0
        with self._database.read() as session:
            for page in pages(ids):
                missing += (
                    session.scalar(
                        select(func.sum(100 - Document.progress)).where(
                            Document.document_id.in_(page), is_under_way
                        )
                    )
                    or 0
                )
        return 100 - missing / len(ids) if ids else 100.0

    def active_ids(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents that users may see."""
        found: set[str] = set()
        with self._database.read() as session:
            for page in pages(sorted(set(document_ids))):
                found |= set(
                    session.scalars(
                        select(Document.document_id).where(
                            Document.document_id.in_(page),
                            Document.lifecycle == Lifecycle.ACTIVE,
                        )
                    )
                )
        return found

    def version_of(self, document_id: str) -> int | None:
        """Number of the current version, None before the first."""
        with self._database.read() as session:
            return session.scalar(
                select(Document.current_version).where(Document.document_id == document_id)
            )

    def raw_key(self, document_id: str, version: int | None = None) -> str | None:
        """Artifact key of the raw copy of a version, by default the current one."""
        statement = select(DocumentVersion.raw_key).where(
            DocumentVersion.document_id == document_id
        )
        if version is None:
            statement = statement.join(
                Document,
                (Document.document_id == DocumentVersion.document_id)
                & (Document.current_version == DocumentVersion.version),
            )
        else:
            statement = statement.where(DocumentVersion.version == version)
        with self._database.read() as session:
            return session.scalar(statement)

    # -- what happened ----------------------------------------------------------------------

    def stage_records(self, document_id: str) -> list[StageRow]:
        """What each stage did, by version and in the order of the chain."""
        statement = select(StageRecord).where(StageRecord.document_id == document_id)
        with self._database.read() as session:
            rows = [
                StageRow(
                    version=row.version,
                    stage=row.stage,
                    fingerprint=row.fingerprint,
                    artifact_key=row.artifact_key,
                    data_version=row.data_version,
                    is_reused=row.is_reused,
                    seconds=row.seconds,
                    figures=row.figures,
                    run_id=row.run_id,
                    finished_at=row.finished_at,
                )
                for row in session.scalars(statement)
            ]
        return sorted(rows, key=lambda row: (row.version, _ORDER[row.stage]))

    def errors(self, document_id: str | None = None, limit: int = 100) -> list[ErrorRow]:
        """Failed attempts, newest first: of one document, or of all."""
        statement = select(DocumentError).order_by(DocumentError.seq.desc()).limit(limit)
        if document_id is not None:
            statement = statement.where(DocumentError.document_id == document_id)
        with self._database.read() as session:
            return [
                ErrorRow(
                    document_id=row.document_id,
                    version=row.version,
                    stage=row.stage,
                    code=row.code,
                    verdict=row.verdict,
                    message=row.message,
                    attempt=row.attempt,
                    run_id=row.run_id,
                    at=row.at,
                )
                for row in session.scalars(statement)
            ]

    def errors_by_code(self) -> list[ErrorGroup]:
        """Documents that stand failed or in quarantine now, by code, the most frequent first."""
        count = func.count()
        statement = (
            select(Document.error_code, count, func.min(Document.document_id))
            .where(
                Document.lifecycle == Lifecycle.ACTIVE,
                Document.processing_status.in_(_BROKEN),
                Document.error_code.is_not(None),
            )
            .group_by(Document.error_code)
            .order_by(count.desc(), Document.error_code)
        )
        with self._database.read() as session:
            return [
                ErrorGroup(code or "", documents, example)
                for code, documents, example in session.execute(statement)
            ]

    def events(self, document_id: str) -> list[EventRow]:
        """The document's trail, oldest first."""
        statement = (
            select(DocumentEvent)
            .where(DocumentEvent.document_id == document_id)
            .order_by(DocumentEvent.seq)
        )
        with self._database.read() as session:
            return [
                EventRow(
                    document_id=row.document_id,
                    what=row.what,
                    from_status=row.from_status,
                    to_status=row.to_status,
                    actor=row.actor,
                    run_id=row.run_id,
                    at=row.at,
                )
                for row in session.scalars(statement)
            ]

    # -- content ----------------------------------------------------------------------------

    def chunks(self, document_id: str) -> list[ChunkRow]:
        """The document's chunk rows, in order."""
        statement = (
            select(DocumentChunk)
            .where(DocumentChunk.document_id == document_id)
            .order_by(DocumentChunk.version, DocumentChunk.chunk_index)
        )
        with self._database.read() as session:
            return [
                ChunkRow(
                    chunk_id=row.chunk_id,
                    document_id=row.document_id,
                    version=row.version,
                    chunk_index=row.chunk_index,
                    text=row.text,
                    char_start=row.char_start,
                    char_end=row.char_end,
                    page_start=row.page_start,
                    page_end=row.page_end,
                    section_path=row.section_path,
                    element_types=tuple(row.element_types),
                    token_count=row.token_count,
                    embedding_model=row.embedding_model,
                )
                for row in session.scalars(statement)
            ]

    def view_rows(self, view: str, where: str = "") -> list[dict[str, Any]]:
        """Rows of `v_documents` or `v_chunks`; `where` is a condition in SQL.

        A condition that the database does not understand raises SQLAlchemy's own error.
        """
        statement = select(VIEWS[view])
        if where.strip():
            # A colon would be taken for a parameter.
            statement = statement.where(text(f"({where})".replace(":", r"\:")))
        with self._database.read(is_strict=True) as session:
            return [_plain(row) for row in session.execute(statement).mappings()]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Values that Arrow takes: ids as text, JSON as text."""
    return {str(name): _plain_value(value) for name, value in row.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value
