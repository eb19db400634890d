"""The views for analysts, with their column types. Their SQL is in the migrations.

Only active documents are in them: a deleted one is gone from here with the tick that sees it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, MetaData, Table

from doc_pipeline.catalog.column_types import JsonData, PlainText, UtcTime, UuidText

METADATA = MetaData()

V_DOCUMENTS = Table(
    "v_documents",
    METADATA,
    Column("document_id", PlainText()),
    Column("id", UuidText()),
    Column("seq", BigInteger),
    Column("title", PlainText()),
    Column("original_name", PlainText()),
    Column("source_key", PlainText()),
    Column("storage_url", PlainText()),
    Column("owner_id", PlainText()),
    Column("file_type", PlainText()),
    Column("mime_type", PlainText()),
    Column("size_bytes", BigInteger),
    Column("sha256", PlainText()),
    Column("version", Integer),
    Column("processing_status", PlainText()),
    Column("stage", PlainText()),
    Column("progress", Integer),
    Column("priority", Integer),
    Column("hold", Boolean),
    Column("attempts", Integer),
    Column("error_code", PlainText()),
    Column("error_message", PlainText()),
    Column("language", PlainText()),
    Column("page_count", Integer),
    Column("word_count", BigInteger),
    Column("character_count", BigInteger),
    Column("chunk_count", Integer),
    Column("token_count", BigInteger),
    Column("embedding_model", PlainText()),
    Column("metadata", JsonData()),
    Column("uploaded_at", UtcTime()),
    Column("registered_at", UtcTime()),
    Column("processing_started_at", UtcTime()),
    Column("processed_at", UtcTime()),
    Column("origin", PlainText()),
    Column("parent_id", PlainText()),
    Column("depth", Integer),
    Column("attachment_number", Integer),
    Column("attachment_count", Integer),
    Column("author", PlainText()),
    Column("file_created_at", UtcTime()),
    Column("file_modified_at", UtcTime()),
    Column("extractor", PlainText()),
    Column("fallback", PlainText()),
    Column("ocr_pages", Integer),
    Column("ocr_confidence", Double),
    Column("warnings", JsonData()),
    Column("text_key", PlainText()),
    Column("extract_cpu_seconds", Double),
    Column("peak_memory_mb", Double),
)

V_CHUNKS = Table(
    "v_chunks",
    METADATA,
    Column("chunk_id", PlainText()),
    Column("document_id", PlainText()),
    Column("version", Integer),
    Column("chunk_index", Integer),
    Column("text", PlainText()),
    Column("section_path", PlainText()),
    Column("page_start", Integer),
    Column("page_end", Integer),
    Column("char_start", BigInteger),
    Column("char_end", BigInteger),
    Column("element_types", JsonData()),
    Column("token_count", Integer),
    Column("embedding_model", PlainText()),
    Column("title", PlainText()),
    Column("source_key", PlainText()),
    Column("owner_id", PlainText()),
    Column("file_type", PlainText()),
    Column("language", PlainText()),
    Column("parent_id", PlainText()),
    Column("author", PlainText()),
    Column("text_key", PlainText()),
)

VIEWS = {view.name: view for view in (V_DOCUMENTS, V_CHUNKS)}
