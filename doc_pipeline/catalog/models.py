"""The tables, as typed models. What is done with them is in the repositories.

A change here needs a migration in migrations/versions; a test compares them.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from doc_pipeline.catalog.column_types import (
    SEQUENCE,
    EnumText,
    JsonData,
    PlainText,
    UtcTime,
    UuidText,
)
from doc_pipeline.domain.document import Lifecycle, Origin, ProcessingStatus
from doc_pipeline.domain.errors import Verdict
from doc_pipeline.domain.stage import Stage

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def is_one_of(column: str, choices: type[StrEnum]) -> CheckConstraint:
    """A check constraint that admits the members of an enumeration."""
    allowed = ", ".join(f"'{member.value}'" for member in choices)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - the declarative base reads it under this name
        str: PlainText(),
        datetime: UtcTime(),
        uuid.UUID: UuidText(),
        dict[str, Any]: JsonData(),
        list[str]: JsonData(),
        ProcessingStatus: EnumText(ProcessingStatus),
        Lifecycle: EnumText(Lifecycle),
        Origin: EnumText(Origin),
        Stage: EnumText(Stage),
        Verdict: EnumText(Verdict),
    }


class Owner(Base):
    """Who documents belong to."""

    __tablename__ = "owners"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Document(Base):
    """One document: where it is, how far it is, and what is known of its current version.

    `is_due_again`: it changed while a run held it, so it waits again when that run is done.
    `is_removal_due`: it was deleted and its rows may still be in the index.
    `attachment_key`: where the bytes of an attachment lie in the artifact store.
    """

    __tablename__ = "documents"
    __table_args__ = (
        is_one_of("origin", Origin),
        is_one_of("processing_status", ProcessingStatus),
        is_one_of("lifecycle", Lifecycle),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
        CheckConstraint("length(error_message) <= 2000", name="error_message"),
        Index(
            "uq_documents_upload_key",
            "source_key",
            unique=True,
            postgresql_where=text("origin = 'upload'"),
            sqlite_where=text("origin = 'upload'"),
        ),
        Index("ix_documents_queue", "processing_status", "batch_id", "priority", "seq"),
        Index("ix_documents_lifecycle", "lifecycle", "seq"),
        Index("ix_documents_owner", "owner_id", "seq"),
        Index("ix_documents_run", "run_id"),
        Index("ix_documents_batch", "batch_id"),
        Index("ix_documents_parent", "parent_id", "attachment_number"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(SEQUENCE, Identity(), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    document_id: Mapped[str] = mapped_column(unique=True)

    origin: Mapped[Origin] = mapped_column(server_default=Origin.UPLOAD)
    source_key: Mapped[str]
    storage_url: Mapped[str]
    original_name: Mapped[str]
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("owners.id"))
    etag: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    uploaded_at: Mapped[datetime]
    registered_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    lifecycle: Mapped[Lifecycle] = mapped_column(server_default=Lifecycle.ACTIVE)
    deleted_at: Mapped[datetime | None]
    is_removal_due: Mapped[bool] = mapped_column(server_default=false())

    processing_status: Mapped[ProcessingStatus] = mapped_column(
        server_default=ProcessingStatus.PENDING
    )
    stage: Mapped[Stage | None]
    progress: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    hold: Mapped[bool] = mapped_column(server_default=false())
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    is_due_again: Mapped[bool] = mapped_column(server_default=false())
    batch_id: Mapped[str | None]
    batch_assigned_at: Mapped[datetime | None]
    run_id: Mapped[str | None]
    processing_started_at: Mapped[datetime | None]
    processed_at: Mapped[datetime | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    failed_stage: Mapped[Stage | None]
    failed_progress: Mapped[int | None] = mapped_column(SmallInteger)

    current_version: Mapped[int | None]
    sha256: Mapped[str | None]
    file_type: Mapped[str | None]
    mime_type: Mapped[str | None]
    title: Mapped[str | None]
    language: Mapped[str | None]
    page_count: Mapped[int | None]
    word_count: Mapped[int | None] = mapped_column(BigInteger)
    character_count: Mapped[int | None] = mapped_column(BigInteger)
    chunk_count: Mapped[int | None]
    token_count: Mapped[int | None] = mapped_column(BigInteger)
    embedding_model: Mapped[str | None]
    # The attribute name `metadata` belongs to SQLAlchemy.
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)

    # No delete rule: a parent's row that went alone would leave rows in the index, and artifacts,
    # of children that nobody knows any more. One statement that deletes both is let through.
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("documents.document_id"))
    depth: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    attachment_number: Mapped[int | None]
    attachment_key: Mapped[str | None]
    attachment_count: Mapped[int | None]
    author: Mapped[str | None]
    file_created_at: Mapped[datetime | None]
    file_modified_at: Mapped[datetime | None]
    extractor: Mapped[str | None]
    fallback: Mapped[str | None]
    ocr_pages: Mapped[int | None]
    ocr_confidence: Mapped[float | None]
    text_key: Mapped[str | None]
    warnings: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    extract_cpu_seconds: Mapped[float | None]
    peak_memory_mb: Mapped[float | None]

    owner: Mapped[Owner | None] = relationship(lazy="raise")


class DocumentOptionsRow(Base):
    """What a person said of a document. Holds passwords: in no view, in no log."""

    __tablename__ = "document_options"

    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.document_id", ondelete="CASCADE"), primary_key=True
    )
    options: Mapped[dict[str, Any]]
    options_hash: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class DocumentVersion(Base):
    """One exact content of a document."""

    __tablename__ = "document_versions"
    __table_args__ = (
        PrimaryKeyConstraint("document_id", "version"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_document_versions_sha256", "sha256"),
    )

    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.document_id", ondelete="CASCADE")
    )
    version: Mapped[int]
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str]
    uploaded_at: Mapped[datetime]
    file_type: Mapped[str]
    mime_type: Mapped[str]
    claimed_mime_type: Mapped[str | None]
    raw_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    processed_at: Mapped[datetime | None]


class DocumentChunk(Base):
    """One passage of a document, as the index holds it too."""

    __tablename__ = "document_chunks"
    __table_args__ = (UniqueConstraint("document_id", "version", "chunk_index"),)

    chunk_id: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.document_id", ondelete="CASCADE")
    )
    version: Mapped[int]
    chunk_index: Mapped[int]
    text: Mapped[str]
    text_sha256: Mapped[str]
    char_start: Mapped[int] = mapped_column(BigInteger)
    char_end: Mapped[int] = mapped_column(BigInteger)
    page_start: Mapped[int | None]
    page_end: Mapped[int | None]
    section_path: Mapped[str]
    element_types: Mapped[list[str]]
    token_count: Mapped[int]
    embedding_model: Mapped[str]


class StageRecord(Base):
    """What happened in a stage, for one version."""

    __tablename__ = "stage_records"
    __table_args__ = (
        PrimaryKeyConstraint("document_id", "version", "stage"),
        is_one_of("stage", Stage),
    )

    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.document_id", ondelete="CASCADE")
    )
    version: Mapped[int]
    stage: Mapped[Stage]
    fingerprint: Mapped[str]
    artifact_key: Mapped[str | None]
    data_version: Mapped[str]
    is_reused: Mapped[bool]
    seconds: Mapped[float]
    figures: Mapped[dict[str, Any]]
    run_id: Mapped[str | None]
    finished_at: Mapped[datetime] = mapped_column(default=now)


class DocumentError(Base):
    """One failed attempt: class, code and our sentence, never a library's text."""

    __tablename__ = "document_errors"
    __table_args__ = (
        CheckConstraint("length(message) <= 2000", name="message"),
        is_one_of("verdict", Verdict),
        Index("ix_document_errors_document", "document_id", "seq"),
        Index("ix_document_errors_code", "code"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(SEQUENCE, Identity(), primary_key=True)
    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.document_id", ondelete="CASCADE")
    )
    version: Mapped[int | None]
    stage: Mapped[Stage]
    code: Mapped[str]
    verdict: Mapped[Verdict]
    message: Mapped[str]
    attempt: Mapped[int]
    run_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=now)


class DocumentEvent(Base):
    """The trail: each change of status. No foreign key: it outlives its document."""

    __tablename__ = "document_events"
    __table_args__ = (
        Index("ix_document_events_document", "document_id", "seq"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(SEQUENCE, Identity(), primary_key=True)
    document_id: Mapped[str]
    what: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor: Mapped[str]
    run_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(default=now)


class PipelineState(Base):
    """Small facts that all processes share, by name."""

    __tablename__ = "pipeline_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JsonData())
    updated_at: Mapped[datetime] = mapped_column(default=now)


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for many rows at once."""
    return cast("Table", model.__table__)
