"""How documents change status: locked in one order, conditionally, each change with its event.

Every change of a status goes through `move`; who may change what is said by the repositories.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from doc_pipeline.catalog.column_types import EnumText
from doc_pipeline.catalog.database import pages
from doc_pipeline.catalog.models import Base, Document, DocumentEvent, now, table_of
from doc_pipeline.domain.document import Lifecycle, ProcessingStatus

_STATUS = EnumText(ProcessingStatus)

NO_ERROR: Mapping[str, Any] = {
    "error_code": None,
    "error_message": None,
    "failed_stage": None,
    "failed_progress": None,
}
IN_QUEUE: Mapping[str, Any] = {
    "stage": None,
    "progress": 0,
    "batch_id": None,
    "batch_assigned_at": None,
    "is_due_again": False,
}


class Moved(NamedTuple):
    """A document after its change."""

    document_id: str
    from_status: ProcessingStatus
    to_status: ProcessingStatus
    lifecycle: Lifecycle
    attempts: int
    version: int | None


def move(
    session: Session,
    document_ids: Collection[str],
    *,
    where: ColumnElement[bool],
    values: Mapping[str, Any],
    what: str,
    run_id: str | None = None,
    actor: str = "pipeline",
) -> list[Moved]:
    """Change those of the documents that fit `where`; the others are another's by now.

    Rows are locked in the order of their ids, so that two transactions never wait in a circle.
    """
    moved: list[Moved] = []
    for page in pages(sorted(set(document_ids))):
        known = select(Document.document_id, Document.processing_status).where(
            Document.document_id.in_(page), where
        )
        rows = session.execute(known.order_by(Document.document_id).with_for_update(key_share=True))
        before = {row.document_id: row.processing_status for row in rows}
        if before:
            moved += _update(session, before, where, values)
    add_events(
        session,
        [(m.document_id, m.from_status, m.to_status) for m in moved],
        what=what,
        run_id=run_id,
        actor=actor,
    )
    return moved


def _update(
    session: Session,
    before: Mapping[str, ProcessingStatus],
    where: ColumnElement[bool],
    values: Mapping[str, Any],
) -> list[Moved]:
    statement = (
        update(Document)
        .where(Document.document_id.in_(before), where)
        .values({"updated_at": now(), **values})
        .returning(
            Document.document_id,
            Document.processing_status,
            Document.lifecycle,
            Document.attempts,
            Document.current_version,
        )
        .execution_options(synchronize_session=False)
    )
    return [
        Moved(document_id, before[document_id], status, lifecycle, attempts, version)
        for document_id, status, lifecycle, attempts, version in session.execute(statement)
    ]


def add_events(
    session: Session,
    changes: Sequence[tuple[str, ProcessingStatus | None, ProcessingStatus]],
    *,
    what: str,
    run_id: str | None = None,
    actor: str = "pipeline",
) -> None:
    """Write the trail: what happened to which document, by whom."""
    at = now()
    rows = [
        {
            "document_id": document_id,
            "what": what,
            "from_status": str(before) if before else None,
            "to_status": str(after),
            "actor": actor,
            "run_id": run_id,
            "at": at,
        }
        for document_id, before, after in changes
    ]
    if rows:
        session.execute(insert(table_of(DocumentEvent)), rows)


def is_held_by(run_id: str) -> ColumnElement[bool]:
    """Whether this run is working on the document."""
    return (Document.processing_status == ProcessingStatus.PROCESSING) & (Document.run_id == run_id)


def unless_due_again(status: ProcessingStatus) -> ColumnElement[ProcessingStatus]:
    """The status in which a document settles: pending when it changed while it was held."""
    return case(
        (Document.is_due_again, literal(ProcessingStatus.PENDING, _STATUS)),
        else_=literal(status, _STATUS),
    )


def lock(session: Session, document_ids: Collection[str]) -> None:
    """Lock documents in the order of their ids (SQLite has locked everything already)."""
    if session.get_bind().dialect.name == "sqlite":
        return
    for page in pages(sorted(set(document_ids))):
        session.execute(
            select(Document.seq)
            .where(Document.document_id.in_(page))
            .order_by(Document.document_id)
            .with_for_update(key_share=True)
        )


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    keys: Collection[str],
    *,
    keeps: Collection[str] = (),
) -> None:
    """Insert the rows; those whose keys exist are overwritten, but for the columns it keeps."""
    if not rows:
        return
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = (sqlite.insert if is_sqlite else postgresql.insert)(table_of(model))
    changed = {n: statement.excluded[n] for n in rows[0] if n not in keys and n not in keeps}
    session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed), rows)
