"""What the tables themselves refuse, keep and delete, whoever writes into them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session, selectinload

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.catalog.column_types import storable
from doc_pipeline.catalog.discovery import document_uuid_of
from doc_pipeline.catalog.models import (
    Document,
    DocumentChunk,
    DocumentError,
    DocumentOptionsRow,
    DocumentVersion,
    StageRecord,
    table_of,
)
from doc_pipeline.domain.document import DocumentOptions
from doc_pipeline_tests.catalog.conftest import (
    WHEN,
    complete,
    register,
    registration,
    statements,
)


@pytest.fixture
def session(catalog: Catalog) -> Iterator[Session]:
    """A write transaction of its own."""
    with Session(catalog._database.engine) as session:
        yield session


def row(key: str = "a.txt", **values: object) -> dict[str, Any]:
    return {
        "id": document_uuid_of(key),
        "document_id": f"id-of-{key}",
        "source_key": key,
        "storage_url": f"file:///{key}",
        "original_name": key,
        "etag": "1",
        "size_bytes": 1,
        "uploaded_at": WHEN,
        **values,
    }


def add(session: Session, **values: object) -> None:
    session.execute(insert(table_of(Document)), [row(**values)])


def test_a_row_without_a_status_waits(session: Session) -> None:
    add(session)
    known = session.execute(
        text("SELECT processing_status, lifecycle, origin, progress, attempts FROM documents")
    ).one()
    assert tuple(known) == ("pending", "active", "upload", 0, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("processing_status", "'done'"),
        ("lifecycle", "'gone'"),
        ("origin", "'mail'"),
        ("progress", "-1"),
        ("progress", "101"),
        ("size_bytes", "-1"),
        ("owner_id", "'nobody'"),
        ("document_id", "NULL"),
    ],
)
def test_a_value_that_is_none_is_refused(session: Session, column: str, value: str) -> None:
    add(session)
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE documents SET {column} = {value}"))


@pytest.mark.parametrize("column", ["id", "document_id", "source_key"])
def test_a_document_is_there_once(session: Session, column: str) -> None:
    add(session)
    other = row("b.txt") | {column: row()[column]}
    with pytest.raises(IntegrityError):
        session.execute(insert(table_of(Document)), [other])


def test_sizes_above_32_bits_and_keys_of_1024_bytes(session: Session) -> None:
    key = "é" * 512
    add(session, key=key, size_bytes=2**40)
    found = session.scalars(select(Document)).one()
    assert (found.source_key, found.size_bytes) == (key, 2**40)


def test_numbers_are_never_used_again(session: Session) -> None:
    """The sensor reads on from the last number it saw."""
    add(session, key="a.txt")
    add(session, key="b.txt")
    before = max(session.scalars(select(Document.seq)))
    session.execute(delete(Document))
    add(session, key="c.txt")
    assert session.scalars(select(Document.seq)).one() > before


def test_times_are_utc_with_a_zone(session: Session) -> None:
    local = WHEN.astimezone(timezone(timedelta(hours=5, minutes=30)))
    add(session, uploaded_at=local)
    found = session.scalars(select(Document)).one()
    assert found.uploaded_at == WHEN
    assert found.uploaded_at.tzinfo is UTC
    assert found.registered_at.tzinfo is UTC


def test_a_time_without_zone_is_refused(session: Session) -> None:
    with pytest.raises(StatementError, match="time zone"):
        add(session, uploaded_at=datetime(2026, 1, 1))


def test_no_column_of_the_schema_is_naive() -> None:
    columns = [c for table in Document.metadata.sorted_tables for c in table.columns]
    times = [c for c in columns if "DATETIME" in str(c.type).upper()]
    assert len(times) > 10
    assert all(c.type.impl.timezone for c in times)


def test_the_uuid_is_made_from_the_key(catalog: Catalog) -> None:
    register(catalog, "a.txt")
    view = catalog.reading.find("a.txt")[0]
    assert view.id == document_uuid_of("a.txt")
    assert isinstance(view.id, uuid.UUID)
    assert document_uuid_of("a.txt") == uuid.UUID("f105d64f-1f6f-54db-a364-e9cbd2d41eb4")


def test_deleting_a_document_takes_its_parts_along(catalog: Catalog, session: Session) -> None:
    complete(catalog, register(catalog, "a.txt", "b.txt"))
    session.execute(delete(Document).where(Document.source_key == "a.txt"))
    for model in (DocumentChunk, DocumentVersion, DocumentOptionsRow, StageRecord):
        left = set(session.scalars(select(model.document_id)))
        assert left == {catalog.reading.find("b.txt")[0].document_id}, model
    session.rollback()


def test_owners_of_many_documents_are_read_in_one_more_statement(catalog: Catalog) -> None:
    options = [DocumentOptions(owner=f"owner-{n % 3}") for n in range(30)]
    catalog.discovery.register([registration(f"{n}.txt", options=o) for n, o in enumerate(options)])
    with statements(catalog) as sent, catalog._database.read() as session:
        documents = session.scalars(select(Document).options(selectinload(Document.owner))).all()
        names = [document.owner.name for document in documents if document.owner]
    assert len(names) == 30
    assert len([s for s in sent if s.startswith("SELECT")]) == 2


def test_no_table_holds_free_text_of_a_library() -> None:
    """Errors are code, verdict and our sentence."""
    names = {column.name for column in table_of(DocumentError).columns}
    assert not names & {"traceback", "exception", "detail", "args"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain", "plain"),
        ("nul \0 inside", "nul \ufffd inside"),
        ("é nul \0", "é nul \ufffd"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("😀 漢字", "😀 漢字"),
    ],
)
def test_text_that_no_database_takes_is_replaced_one_for_one(given: str, kept: str) -> None:
    """The length stays, so that chunk offsets hold."""
    assert storable(given) == kept
    assert len(given) == len(kept)


def test_odd_text_is_stored(catalog: Catalog) -> None:
    catalog.discovery.register(
        [
            registration(
                "a.txt",
                options=DocumentOptions(
                    metadata={"nul": "a\0b", "deep": [{"x\0": "\ud800"}], "nan": float("nan")}
                ),
            )
        ]
    )
    assert catalog.reading.find("a.txt")[0].metadata == {
        "nul": "a\ufffdb",
        "deep": [{"x\ufffd": "\ufffd"}],
        "nan": None,
    }
