"""One document with what readers ask of it: from model to plain record, in one statement."""

from __future__ import annotations

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from doc_pipeline.catalog.models import Document, StageRecord
from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.domain.document import Priority


def select_documents() -> Select[Document, float | None]:
    """Documents, each with the seconds its stages took for the current version."""
    seconds = (
        select(func.sum(StageRecord.seconds))
        .where(
            StageRecord.document_id == Document.document_id,
            StageRecord.version == Document.current_version,
        )
        .correlate(Document)
        .scalar_subquery()
    )
    return select(Document, seconds)


def read_documents(
    session: Session, statement: Select[Document, float | None]
) -> list[DocumentView]:
    """The documents a statement finds, as plain records."""
    return [_view(row) for row in session.execute(statement)]


def _view(row: Row[Document, float | None]) -> DocumentView:
    document, seconds = row
    return DocumentView(
        document_id=document.document_id,
        id=document.id,
        seq=document.seq,
        origin=document.origin,
        source_key=document.source_key,
        original_name=document.original_name,
        storage_url=document.storage_url,
        owner_id=document.owner_id,
        title=document.title,
        file_type=document.file_type,
        mime_type=document.mime_type,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
        etag=document.etag,
        current_version=document.current_version,
        processing_status=document.processing_status,
        lifecycle=document.lifecycle,
        stage=document.stage,
        progress=document.progress,
        priority=Priority(document.priority),
        hold=document.hold,
        attempts=document.attempts,
        batch_id=document.batch_id,
        run_id=document.run_id,
        error_code=document.error_code,
        error_message=document.error_message,
        failed_stage=document.failed_stage,
        failed_progress=document.failed_progress,
        language=document.language,
        page_count=document.page_count,
        word_count=document.word_count,
        character_count=document.character_count,
        chunk_count=document.chunk_count,
        token_count=document.token_count,
        embedding_model=document.embedding_model,
        metadata=document.metadata_,
        uploaded_at=document.uploaded_at,
        registered_at=document.registered_at,
        updated_at=document.updated_at,
        processing_started_at=document.processing_started_at,
        processed_at=document.processed_at,
        deleted_at=document.deleted_at,
        seconds=seconds,
        parent_id=document.parent_id,
        depth=document.depth,
        attachment_number=document.attachment_number,
        attachment_key=document.attachment_key,
        attachment_count=document.attachment_count,
        author=document.author,
        file_created_at=document.file_created_at,
        file_modified_at=document.file_modified_at,
        extractor=document.extractor,
        fallback=document.fallback,
        ocr_pages=document.ocr_pages,
        ocr_confidence=document.ocr_confidence,
        text_key=document.text_key,
        warnings=tuple(document.warnings),
        extract_cpu_seconds=document.extract_cpu_seconds,
        peak_memory_mb=document.peak_memory_mb,
    )
