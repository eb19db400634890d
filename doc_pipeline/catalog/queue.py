"""Which documents run together: batches of those that wait, and what becomes of dead runs.

Knows no Dagster: a batch and a run are names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, insert, select, update
from sqlalchemy.orm import Session

from doc_pipeline.catalog.database import Database, pages
from doc_pipeline.catalog.errors_kept import error_columns, error_row
from doc_pipeline.catalog.models import Document, DocumentError, now, table_of
from doc_pipeline.catalog.transitions import IN_QUEUE, is_held_by, move
from doc_pipeline.domain.document import Lifecycle, ProcessingStatus
from doc_pipeline.domain.errors import RunLost
from doc_pipeline.domain.stage import PROGRESS_AFTER, Stage


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents that one run takes together, in the order they were registered."""

    batch_id: str
    document_ids: list[str]
    assigned_at: datetime


class QueueRepository:
    """The queue: documents that are pending, active and not held."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def assign_batch(self, batch_id: str, limit: int) -> list[str]:
        """Put up to `limit` waiting documents into a batch, the most urgent first.

        Returns their ids in the order of registration. Two callers never take the same document.
        """
        with self._database.write() as session:
            waiting = (
                select(Document.seq)
                .where(_waits())
                .order_by(Document.priority.desc(), Document.seq)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            taken: list[tuple[int, str]] = []
            for page in pages(list(session.scalars(waiting))):
                statement = (
                    update(Document)
                    .where(Document.seq.in_(page), _waits())
                    .values(batch_id=batch_id, batch_assigned_at=now(), updated_at=now())
                    .returning(Document.seq, Document.document_id)
                    .execution_options(synchronize_session=False)
                )
                taken += [(seq, document_id) for seq, document_id in session.execute(statement)]
        return [document_id for _, document_id in sorted(taken)]

    def waiting_count(self) -> int:
        """How many documents wait and are in no batch."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(Document).where(_waits())) or 0

    def open_batches(self) -> list[Batch]:
        """Batches with documents that no run has taken yet, oldest first."""
        statement = (
            select(Document.batch_id, Document.document_id, Document.batch_assigned_at)
            .where(_is_queued(), Document.batch_id.is_not(None))
            .order_by(Document.seq)
        )
        batches: dict[str, Batch] = {}
        with self._database.read() as session:
            for batch_id, document_id, assigned_at in session.execute(statement):
                assert batch_id is not None  # the condition above
                batch = batches.setdefault(batch_id, Batch(batch_id, [], assigned_at or now()))
                batch.document_ids.append(document_id)
        return sorted(batches.values(), key=lambda batch: (batch.assigned_at, batch.batch_id))

    def release_batch(self, batch_id: str) -> int:
        """Take the documents that still wait out of the batch; returns how many."""
        statement = (
            update(Document)
            .where(
                Document.batch_id == batch_id,
                Document.processing_status == ProcessingStatus.PENDING,
            )
            .values(batch_id=None, batch_assigned_at=None, updated_at=now())
            .returning(Document.seq)
            .execution_options(synchronize_session=False)
        )
        with self._database.write() as session:
            return len(session.scalars(statement).all())

    def runs_in_work(self) -> list[str]:
        """Runs that hold documents."""
        statement = (
            select(Document.run_id)
            .where(
                Document.processing_status == ProcessingStatus.PROCESSING,
                Document.run_id.is_not(None),
            )
            .distinct()
            .order_by(Document.run_id)
        )
        with self._database.read() as session:
            return [run_id for run_id in session.scalars(statement) if run_id is not None]

    def release_run(self, run_id: str, max_attempts: int) -> tuple[list[str], list[str]]:
        """Take the documents of a dead run from it: ids queued again, and ids that failed.

        A document the run had started is charged an attempt and fails when it then has more than
        `max_attempts` of them; one that only waited in the run is not charged.
        """
        error = RunLost(run_id=run_id)
        held = select(Document.document_id, Document.stage, Document.attempts).where(
            is_held_by(run_id),
            Document.stage.is_not(None),
            # One that had finished its stage only waited for its wave: not its fault.
            Document.progress < _PROGRESS_AFTER,
            Document.is_due_again.is_(False),
        )
        requeued: list[str] = []
        failed: list[str] = []
        with self._database.write() as session:
            charged: dict[tuple[Stage, bool], list[str]] = {}
            for document_id, stage, attempts in session.execute(held):
                assert stage is not None  # the condition above
                charged.setdefault((stage, attempts + 1 > max_attempts), []).append(document_id)
            for (stage, is_dead), document_ids in charged.items():
                values = _failed(error, stage) if is_dead else _again()
                moved = _move_lost(session, document_ids, run_id, values, error, stage)
                (failed if is_dead else requeued).extend(moved)
            requeued += _move_lost(session, self._held_ids(session, run_id), run_id, _waiting())
        return requeued, failed

    def _held_ids(self, session: Session, run_id: str) -> list[str]:
        return list(session.scalars(select(Document.document_id).where(is_held_by(run_id))))


def _move_lost(
    session: Session,
    document_ids: Sequence[str],
    run_id: str,
    values: Mapping[str, Any],
    error: RunLost | None = None,
    stage: Stage | None = None,
) -> list[str]:
    moved = move(
        session,
        document_ids,
        where=is_held_by(run_id),
        values=values,
        what="run lost",
        run_id=run_id,
    )
    if error is not None and stage is not None and moved:
        rows = [
            error_row(
                m.document_id,
                error,
                stage=stage,
                attempt=m.attempts,
                version=m.version,
                run_id=run_id,
            )
            for m in moved
        ]
        session.execute(insert(table_of(DocumentError)), rows)
    return [m.document_id for m in moved]


def _waiting() -> dict[str, Any]:
    return {"processing_status": ProcessingStatus.PENDING, **IN_QUEUE}


def _again() -> dict[str, Any]:
    return {**_waiting(), "attempts": Document.attempts + 1}


def _failed(error: RunLost, stage: Stage) -> dict[str, Any]:
    return {
        **error_columns(error, stage),
        "processing_status": ProcessingStatus.FAILED,
        "failed_progress": Document.progress,
        "attempts": Document.attempts + 1,
        "batch_id": None,
        "batch_assigned_at": None,
    }


_PROGRESS_AFTER = case(
    {stage.value: progress for stage, progress in PROGRESS_AFTER.items()},
    value=cast(Document.stage, Text),
    else_=100,
)


def _is_queued() -> ColumnElement[bool]:
    return (
        (Document.processing_status == ProcessingStatus.PENDING)
        & (Document.lifecycle == Lifecycle.ACTIVE)
        & Document.hold.is_(False)
    )


def _waits() -> ColumnElement[bool]:
    return _is_queued() & Document.batch_id.is_(None)
