"""The first schema: documents with versions, options, chunks, stages, errors and events.

Revision: 0001, after: none
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out here and not taken from the code, which changes: a migration stays as it was.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ENUM = sa.Text()
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UUID = sa.CHAR(36).with_variant(postgresql.UUID(), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

STAGES = "('receive', 'extract', 'chunk', 'embed', 'describe', 'remove')"

V_DOCUMENTS = """
CREATE VIEW v_documents AS
SELECT document_id, id, seq, title, original_name, source_key, storage_url, owner_id, file_type,
       mime_type, size_bytes, sha256, current_version AS version, processing_status, stage,
       progress, priority, hold, attempts, error_code, error_message, language, page_count,
       word_count, character_count, chunk_count, token_count, embedding_model, metadata,
       uploaded_at, registered_at, processing_started_at, processed_at
FROM documents
WHERE lifecycle = 'active'
"""

V_CHUNKS = """
CREATE VIEW v_chunks AS
SELECT c.chunk_id, c.document_id, c.version, c.chunk_index, c.text, c.section_path, c.page_start,
       c.page_end, c.char_start, c.char_end, c.element_types, c.token_count, c.embedding_model,
       d.title, d.source_key, d.owner_id, d.file_type, d.language
FROM document_chunks AS c
JOIN documents AS d ON d.document_id = c.document_id
WHERE d.lifecycle = 'active'
"""


def upgrade() -> None:
    _create_documents()
    _create_document_parts()
    _create_trail()
    op.execute(V_DOCUMENTS)
    op.execute(V_CHUNKS)


def _create_documents() -> None:
    op.create_table(
        "owners",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owners"),
    )
    op.create_table(
        "documents",
        sa.Column("seq", SEQUENCE, sa.Identity(), nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("origin", ENUM, server_default="upload", nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        sa.Column("storage_url", TEXT, nullable=False),
        sa.Column("original_name", TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=True),
        sa.Column("etag", TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("lifecycle", ENUM, server_default="active", nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("is_removal_due", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("processing_status", ENUM, server_default="pending", nullable=False),
        sa.Column("stage", ENUM, nullable=True),
        sa.Column("progress", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_due_again", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("batch_id", TEXT, nullable=True),
        sa.Column("batch_assigned_at", TIME, nullable=True),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("processing_started_at", TIME, nullable=True),
        sa.Column("processed_at", TIME, nullable=True),
        sa.Column("error_code", TEXT, nullable=True),
        sa.Column("error_message", TEXT, nullable=True),
        sa.Column("failed_stage", ENUM, nullable=True),
        sa.Column("failed_progress", sa.SmallInteger(), nullable=True),
        sa.Column("current_version", sa.Integer(), nullable=True),
        sa.Column("sha256", TEXT, nullable=True),
        sa.Column("file_type", TEXT, nullable=True),
        sa.Column("mime_type", TEXT, nullable=True),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("language", TEXT, nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("word_count", sa.BigInteger(), nullable=True),
        sa.Column("character_count", sa.BigInteger(), nullable=True),
        sa.Column("chunk_count", sa.Integer(), nullable=True),
        sa.Column("token_count", sa.BigInteger(), nullable=True),
        sa.Column("embedding_model", TEXT, nullable=True),
        sa.Column("metadata", JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_documents"),
        sa.UniqueConstraint("id", name="uq_documents_id"),
        sa.UniqueConstraint("document_id", name="uq_documents_document_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_documents_owner_id"),
        sa.CheckConstraint(
            "origin IN ('upload', 'attachment', 'legacy')", name=op.f("ck_documents_origin")
        ),
        sa.CheckConstraint(
            "processing_status IN ('pending', 'processing', 'completed', 'failed', "
            "'quarantined', 'cancelled')",
            name=op.f("ck_documents_processing_status"),
        ),
        sa.CheckConstraint(
            "lifecycle IN ('active', 'archived', 'deleted')", name=op.f("ck_documents_lifecycle")
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_documents_progress")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_documents_size_bytes")),
        sa.CheckConstraint(
            "length(error_message) <= 2000", name=op.f("ck_documents_error_message")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_documents_upload_key",
        "documents",
        ["source_key"],
        unique=True,
        postgresql_where=sa.text("origin = 'upload'"),
        sqlite_where=sa.text("origin = 'upload'"),
    )
    op.create_index(
        "ix_documents_queue", "documents", ["processing_status", "batch_id", "priority", "seq"]
    )
    op.create_index("ix_documents_lifecycle", "documents", ["lifecycle", "seq"])
    op.create_index("ix_documents_owner", "documents", ["owner_id", "seq"])
    op.create_index("ix_documents_run", "documents", ["run_id"])
    op.create_index("ix_documents_batch", "documents", ["batch_id"])


def _of_document(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["document_id"],
        ["documents.document_id"],
        name=f"fk_{table}_document_id",
        ondelete="CASCADE",
    )


def _create_document_parts() -> None:
    op.create_table(
        "document_options",
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("options_hash", TEXT, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_document_options"),
        _of_document("document_options"),
    )
    op.create_table(
        "document_versions",
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("etag", TEXT, nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.Column("file_type", TEXT, nullable=False),
        sa.Column("mime_type", TEXT, nullable=False),
        sa.Column("claimed_mime_type", TEXT, nullable=True),
        sa.Column("raw_key", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("processed_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("document_id", "version", name="pk_document_versions"),
        _of_document("document_versions"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_document_versions_version")),
    )
    op.create_index("ix_document_versions_sha256", "document_versions", ["sha256"])
    op.create_table(
        "document_chunks",
        sa.Column("chunk_id", TEXT, nullable=False),
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("text_sha256", TEXT, nullable=False),
        sa.Column("char_start", sa.BigInteger(), nullable=False),
        sa.Column("char_end", sa.BigInteger(), nullable=False),
        sa.Column("page_start", sa.Integer(), nullable=True),
        sa.Column("page_end", sa.Integer(), nullable=True),
        sa.Column("section_path", TEXT, nullable=False),
        sa.Column("element_types", JSON, nullable=False),
        sa.Column("token_count", sa.Integer(), nullable=False),
        sa.Column("embedding_model", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("chunk_id", name="pk_document_chunks"),
        sa.UniqueConstraint(
            "document_id",
            "version",
            "chunk_index",
            name="uq_document_chunks_document_id_version_chunk_index",
        ),
        _of_document("document_chunks"),
    )
    op.create_table(
        "stage_records",
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", ENUM, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("artifact_key", TEXT, nullable=True),
        sa.Column("data_version", TEXT, nullable=False),
        sa.Column("is_reused", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("finished_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("document_id", "version", "stage", name="pk_stage_records"),
        _of_document("stage_records"),
        sa.CheckConstraint(f"stage IN {STAGES}", name=op.f("ck_stage_records_stage")),
    )


def _create_trail() -> None:
    op.create_table(
        "document_errors",
        sa.Column("seq", SEQUENCE, sa.Identity(), nullable=False),
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("stage", ENUM, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("verdict", ENUM, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_document_errors"),
        _of_document("document_errors"),
        sa.CheckConstraint("length(message) <= 2000", name=op.f("ck_document_errors_message")),
        sa.CheckConstraint(
            "verdict IN ('transient', 'permanent', 'rejected')",
            name=op.f("ck_document_errors_verdict"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_document_errors_document", "document_errors", ["document_id", "seq"])
    op.create_index("ix_document_errors_code", "document_errors", ["code"])
    op.create_table(
        "document_events",
        sa.Column("seq", SEQUENCE, sa.Identity(), nullable=False),
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("what", TEXT, nullable=False),
        sa.Column("from_status", TEXT, nullable=True),
        sa.Column("to_status", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_document_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_document_events_document", "document_events", ["document_id", "seq"])
    op.create_table(
        "pipeline_state",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_pipeline_state"),
    )


def downgrade() -> None:
    op.execute("DROP VIEW v_chunks")
    op.execute("DROP VIEW v_documents")
    for table in (
        "pipeline_state",
        "document_events",
        "document_errors",
        "stage_records",
        "document_chunks",
        "document_versions",
        "document_options",
        "documents",
        "owners",
    ):
        op.drop_table(table)
