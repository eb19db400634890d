"""Documents with all that was found inside them: which they are, locked, hidden and held.

Statements inside a transaction of the caller; who is whose child is decided in children.py.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from doc_pipeline.catalog.database import pages
from doc_pipeline.catalog.models import Document, now
from doc_pipeline.catalog.transitions import lock, move
from doc_pipeline.domain.document import Lifecycle, ProcessingStatus


def descendants_of(session: Session, document_ids: Collection[str]) -> set[str]:
    """All that was found inside these documents, at any depth, deleted ones too."""
    known: set[str] = set()
    level = set(document_ids)
    while level:
        found: set[str] = set()
        for page in pages(sorted(level)):
            statement = select(Document.document_id).where(Document.parent_id.in_(page))
            found |= set(session.scalars(statement))
        level = found - known
        known |= found
    return known


def lock_family(session: Session, document_ids: Collection[str]) -> set[str]:
    """Lock documents and their descendants, in the order of their ids; returns all ids."""
    locked: set[str] = set()
    wanted = set(document_ids) | descendants_of(session, document_ids)
    while wanted:
        lock(session, wanted)
        locked |= wanted
        # What another transaction registered while this one waited for the locks.
        wanted = descendants_of(session, document_ids) - locked
    return locked


def hide_documents(
    session: Session, document_ids: Collection[str], *, actor: str, run_id: str | None = None
) -> int:
    """Mark documents as deleted, to be taken out of the index; returns how many were not yet."""
    return len(
        move(
            session,
            document_ids,
            where=Document.lifecycle != Lifecycle.DELETED,
            values={
                "lifecycle": Lifecycle.DELETED,
                "deleted_at": now(),
                "is_removal_due": True,
                "batch_id": None,
                "batch_assigned_at": None,
            },
            what="deleted",
            actor=actor,
            run_id=run_id,
        )
    )


def hold_descendants(session: Session, document_ids: Collection[str]) -> None:
    """Take what waits inside these documents out of the queue; it is freed with its parent."""
    if not document_ids:
        return
    is_waiting = Document.processing_status == ProcessingStatus.PENDING
    for page in pages(sorted(descendants_of(session, document_ids))):
        # Only those: a run may be about to lock the others together with their parents.
        waiting = session.scalars(
            select(Document.document_id).where(Document.document_id.in_(page), is_waiting)
        ).all()
        lock(session, waiting)
        session.execute(
            update(Document)
            .where(Document.document_id.in_(waiting), is_waiting)
            .values(hold=True, batch_id=None, batch_assigned_at=None, updated_at=now())
            .execution_options(synchronize_session=False)
        )
