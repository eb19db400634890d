"""Attachments as documents with a parent; author, dates, OCR and cost of extraction.

Revision: 0002, after: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Columns are added in place: a table of a million documents is not rewritten.
COLUMNS = {
    "parent_id": "{text} CONSTRAINT fk_documents_parent_id REFERENCES documents (document_id)",
    "depth": "SMALLINT DEFAULT 0 NOT NULL",
    "attachment_number": "INTEGER",
    "attachment_key": "{text}",
    "attachment_count": "INTEGER",
    "author": "{text}",
    "file_created_at": "{time}",
    "file_modified_at": "{time}",
    "extractor": "{text}",
    "fallback": "{text}",
    "ocr_pages": "INTEGER",
    "ocr_confidence": "{double}",
    "text_key": "{text}",
    "warnings": "{json} DEFAULT '[]' NOT NULL",
    "extract_cpu_seconds": "{double}",
    "peak_memory_mb": "{double}",
}
SQLITE = {"text": "TEXT", "time": "DATETIME", "double": "DOUBLE", "json": "JSON"}
POSTGRES = {
    "text": 'TEXT COLLATE "C"',
    "time": "TIMESTAMP WITH TIME ZONE",
    "double": "DOUBLE PRECISION",
    "json": "JSONB",
}

OLD_V_DOCUMENTS = """
CREATE VIEW v_documents AS
SELECT document_id, id, seq, title, original_name, source_key, storage_url, owner_id, file_type,
       mime_type, size_bytes, sha256, current_version AS version, processing_status, stage,
       progress, priority, hold, attempts, error_code, error_message, language, page_count,
       word_count, character_count, chunk_count, token_count, embedding_model, metadata,
       uploaded_at, registered_at, processing_started_at, processed_at
FROM documents
WHERE lifecycle = 'active'
"""

OLD_V_CHUNKS = """
CREATE VIEW v_chunks AS
SELECT c.chunk_id, c.document_id, c.version, c.chunk_index, c.text, c.section_path, c.page_start,
       c.page_end, c.char_start, c.char_end, c.element_types, c.token_count, c.embedding_model,
       d.title, d.source_key, d.owner_id, d.file_type, d.language
FROM document_chunks AS c
JOIN documents AS d ON d.document_id = c.document_id
WHERE d.lifecycle = 'active'
"""

V_DOCUMENTS = """
CREATE VIEW v_documents AS
SELECT document_id, id, seq, title, original_name, source_key, storage_url, owner_id, file_type,
       mime_type, size_bytes, sha256, current_version AS version, processing_status, stage,
       progress, priority, hold, attempts, error_code, error_message, language, page_count,
       word_count, character_count, chunk_count, token_count, embedding_model, metadata,
       uploaded_at, registered_at, processing_started_at, processed_at, origin, parent_id, depth,
       attachment_number, attachment_count, author, file_created_at, file_modified_at, extractor,
       fallback, ocr_pages, ocr_confidence, warnings, text_key, extract_cpu_seconds,
       peak_memory_mb
FROM documents
WHERE lifecycle = 'active'
"""

V_CHUNKS = """
CREATE VIEW v_chunks AS
SELECT c.chunk_id, c.document_id, c.version, c.chunk_index, c.text, c.section_path, c.page_start,
       c.page_end, c.char_start, c.char_end, c.element_types, c.token_count, c.embedding_model,
       d.title, d.source_key, d.owner_id, d.file_type, d.language, d.parent_id, d.author,
       d.text_key
FROM document_chunks AS c
JOIN documents AS d ON d.document_id = c.document_id
WHERE d.lifecycle = 'active'
"""


def upgrade() -> None:
    types = SQLITE if _is_sqlite() else POSTGRES
    if _is_sqlite():
        _drop_views()
    for name, definition in COLUMNS.items():
        op.execute(f"ALTER TABLE documents ADD COLUMN {name} {definition.format(**types)}")
    op.create_index("ix_documents_parent", "documents", ["parent_id", "attachment_number"])
    for view in (V_DOCUMENTS, V_CHUNKS):
        # Replaced where that is possible: a dropped view takes along who may read it, and cannot
        # be dropped while an analyst's own view reads it.
        op.execute(view if _is_sqlite() else view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))


def downgrade() -> None:
    """Attachments are not known to the older schema: they and their parts are deleted."""
    _drop_views()
    op.drop_index("ix_documents_parent", "documents")
    for part in (
        "document_options",
        "document_versions",
        "document_chunks",
        "stage_records",
        "document_errors",
    ):
        op.execute(
            f"DELETE FROM {part} WHERE document_id IN "  # noqa: S608 - names written above
            "(SELECT document_id FROM documents WHERE origin = 'attachment')"
        )
    op.execute("DELETE FROM documents WHERE origin = 'attachment'")
    if _is_sqlite():
        _rebuild_without_columns()
    else:
        for name in COLUMNS:
            op.drop_column("documents", name)
    op.execute(OLD_V_DOCUMENTS)
    op.execute(OLD_V_CHUNKS)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _drop_views() -> None:
    op.execute("DROP VIEW v_chunks")
    op.execute("DROP VIEW v_documents")


def _rebuild_without_columns() -> None:
    """SQLite drops no column that refers to another table."""
    with op.batch_alter_table("documents", table_kwargs={"sqlite_autoincrement": True}) as batch:
        for name in COLUMNS:
            batch.drop_column(name)
