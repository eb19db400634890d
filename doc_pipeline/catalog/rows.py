"""What reading the catalog returns: plain frozen records, without a session behind them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doc_pipeline.domain.document import Lifecycle, Origin, Priority, ProcessingStatus
from doc_pipeline.domain.errors import Verdict
from doc_pipeline.domain.stage import Stage


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document. `seconds` is what the stages of its current version took together.

    `extract_cpu_seconds` and `peak_memory_mb` are what its extraction took.
    """

    document_id: str
    id: uuid.UUID
    seq: int
    origin: Origin
    source_key: str
    original_name: str
    storage_url: str
    owner_id: str | None
    title: str | None
    file_type: str | None
    mime_type: str | None
    size_bytes: int
    sha256: str | None
    etag: str
    current_version: int | None
    processing_status: ProcessingStatus
    lifecycle: Lifecycle
    stage: Stage | None
    progress: int
    priority: Priority
    hold: bool
    attempts: int
    batch_id: str | None
    run_id: str | None
    error_code: str | None
    error_message: str | None
    failed_stage: Stage | None
    failed_progress: int | None
    language: str | None
    page_count: int | None
    word_count: int | None
    character_count: int | None
    chunk_count: int | None
    token_count: int | None
    embedding_model: str | None
    metadata: Mapping[str, Any]
    uploaded_at: datetime
    registered_at: datetime
    updated_at: datetime
    processing_started_at: datetime | None
    processed_at: datetime | None
    deleted_at: datetime | None
    seconds: float | None
    parent_id: str | None
    depth: int
    attachment_number: int | None
    attachment_key: str | None
    attachment_count: int | None
    author: str | None
    file_created_at: datetime | None
    file_modified_at: datetime | None
    extractor: str | None
    fallback: str | None
    ocr_pages: int | None
    ocr_confidence: float | None
    text_key: str | None
    warnings: Sequence[str]
    extract_cpu_seconds: float | None
    peak_memory_mb: float | None


@dataclass(frozen=True, slots=True)
class StageRow:
    """What a stage did for one version."""

    version: int
    stage: Stage
    fingerprint: str
    artifact_key: str | None
    data_version: str
    is_reused: bool
    seconds: float
    figures: Mapping[str, Any]
    run_id: str | None
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One failed attempt."""

    document_id: str
    version: int | None
    stage: Stage
    code: str
    verdict: Verdict
    message: str
    attempt: int
    run_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """How many documents stand with this code, and one of them."""

    code: str
    documents: int
    example: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One change in a document's life."""

    document_id: str
    what: str
    from_status: str | None
    to_status: str
    actor: str
    run_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """One passage, as analysts read it."""

    chunk_id: str
    document_id: str
    version: int
    chunk_index: int
    text: str
    char_start: int
    char_end: int
    page_start: int | None
    page_end: int | None
    section_path: str
    element_types: tuple[str, ...]
    token_count: int
    embedding_model: str
