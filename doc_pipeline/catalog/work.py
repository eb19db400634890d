"""What the stages write: who holds a document, what each stage did, and how it ended.

A run changes only documents that it holds. Queues and sensors are in queue.py and discovery.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session

from doc_pipeline.catalog.claims import Claim, ClaimedDocument, claim_documents
from doc_pipeline.catalog.completion import DocumentRecord, complete_documents, delete_chunks
from doc_pipeline.catalog.database import Database, pages
from doc_pipeline.catalog.errors_kept import error_columns, error_row, status_after
from doc_pipeline.catalog.models import (
    Document,
    DocumentError,
    DocumentVersion,
    StageRecord,
    now,
    table_of,
)
from doc_pipeline.catalog.transitions import (
    IN_QUEUE,
    NO_ERROR,
    is_held_by,
    lock,
    move,
    unless_due_again,
    upsert,
)
from doc_pipeline.domain.document import Lifecycle, Origin, ProcessingStatus
from doc_pipeline.domain.errors import OptionsInvalid, PipelineError
from doc_pipeline.domain.stage import PROGRESS_AFTER, Stage, StageResult

__all__ = ["Claim", "ClaimedDocument", "DocumentRecord", "FinishedStage", "WorkRepository"]

_SETTLED = (
    ProcessingStatus.FAILED,
    ProcessingStatus.QUARANTINED,
    ProcessingStatus.CANCELLED,
    ProcessingStatus.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class FinishedStage:
    """What a stage left behind for one version."""

    version: int
    fingerprint: str
    artifact_key: str | None
    figures: Mapping[str, Any]
    data_version: str


class WorkRepository:
    """The catalog as the stages of a run see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, document_ids: Sequence[str], run_id: str, is_live: Callable[[str], bool]
    ) -> Claim:
        """Take documents for this run, also held ones; those of another live run are busy."""
        return claim_documents(self._database, document_ids, run_id, is_live)

    # -- versions ---------------------------------------------------------------------------

    def next_version(self, document_id: str, sha256: str) -> int:
        """The number this content would get: the current one when it is the same."""
        with self._database.read() as session:
            return _number_for(session, document_id, sha256)

    def record_version(
        self,
        document_id: str,
        *,
        sha256: str,
        size_bytes: int,
        etag: str,
        uploaded_at: datetime,
        kind: str,
        mime: str,
        claimed_mime: str | None,
        raw_key: str,
    ) -> int:
        """Make this content the current version of the document; returns its number."""
        of_file = {
            "sha256": sha256,
            "size_bytes": size_bytes,
            "etag": etag,
            "uploaded_at": uploaded_at,
            "file_type": kind,
            "mime_type": mime,
        }
        with self._database.write() as session:
            lock(session, [document_id])
            version = _number_for(session, document_id, sha256)
            row = {
                "document_id": document_id,
                "version": version,
                **of_file,
                "claimed_mime_type": claimed_mime,
                "raw_key": raw_key,
                "created_at": now(),
            }
            upsert(
                session,
                DocumentVersion,
                [row],
                ["document_id", "version"],
                keeps=["created_at"],
            )
            session.execute(
                update(Document)
                .where(Document.document_id == document_id)
                .values(
                    **{**of_file, **_as_attached(of_file)},
                    current_version=version,
                    updated_at=now(),
                )
                .execution_options(synchronize_session=False)
            )
        return version

    # -- stages -----------------------------------------------------------------------------

    def stage_started(self, document_ids: Collection[str], stage: Stage, run_id: str) -> None:
        """Say where the documents stand."""
        values: dict[str, Any] = {"stage": stage, "updated_at": now()}
        if stage is Stage.EMBED:
            # From here on there may be rows in the index that a deletion has to remove.
            values["is_removal_due"] = Document.lifecycle == Lifecycle.DELETED
        with self._database.write() as session:
            _update_held(session, document_ids, run_id, values)

    def set_progress(self, document_id: str, progress: int, run_id: str) -> None:
        """Move the bar of a document that this run holds, in percent."""
        with self._database.write() as session:
            session.execute(
                update(Document)
                .where(Document.document_id == document_id, is_held_by(run_id))
                .values(progress=min(100, max(0, progress)), updated_at=now())
                .execution_options(synchronize_session=False)
            )

    def stage_finished(self, results: Sequence[StageResult], run_id: str) -> None:
        """Keep what the stage did, one record for each version and stage."""
        moment = now()
        rows = [
            {
                "document_id": result.document_id,
                "version": result.version,
                "stage": result.stage,
                "fingerprint": result.fingerprint,
                "artifact_key": result.artifact_key,
                "data_version": result.data_version,
                "is_reused": result.is_reused,
                "seconds": result.seconds,
                "figures": dict(result.figures),
                "run_id": run_id,
                "finished_at": moment,
            }
            for result in results
        ]
        by_stage: dict[Stage, list[str]] = {}
        for result in results:
            by_stage.setdefault(result.stage, []).append(result.document_id)
        with self._database.write() as session:
            lock(session, [result.document_id for result in results])
            upsert(session, StageRecord, rows, ["document_id", "version", "stage"])
            for stage, document_ids in by_stage.items():
                progress = PROGRESS_AFTER.get(stage)
                if progress is not None:
                    values = {"progress": progress, "updated_at": moment}
                    _update_held(session, document_ids, run_id, values)

    def finished(self, document_ids: Collection[str], stage: Stage) -> dict[str, FinishedStage]:
        """What this stage did for the current versions, by document."""
        found: dict[str, FinishedStage] = {}
        with self._database.read() as session:
            for page in pages(sorted(set(document_ids))):
                statement = (
                    select(StageRecord)
                    .join(
                        Document,
                        (Document.document_id == StageRecord.document_id)
                        & (Document.current_version == StageRecord.version),
                    )
                    .where(StageRecord.document_id.in_(page), StageRecord.stage == stage)
                )
                for row in session.scalars(statement):
                    found[row.document_id] = FinishedStage(
                        row.version,
                        row.fingerprint,
                        row.artifact_key,
                        row.figures,
                        row.data_version,
                    )
        return found

    # -- ends -------------------------------------------------------------------------------

    def complete(self, records: Sequence[DocumentRecord], run_id: str) -> None:
        """Write facts and chunk rows and complete the documents, in one transaction.

        Documents that this run no longer holds are left alone; those that changed meanwhile
        wait again.
        """
        with self._database.write() as session:
            complete_documents(session, records, run_id)

    def fail(
        self,
        document_id: str,
        stage: Stage,
        error: PipelineError,
        run_id: str,
        version: int | None = None,
    ) -> None:
        """Settle a document with an error; a rejected one goes into quarantine."""
        with self._database.write() as session:
            moved = move(
                session,
                [document_id],
                where=is_held_by(run_id),
                values={
                    **error_columns(error, stage),
                    "processing_status": unless_due_again(status_after(error)),
                    "failed_progress": Document.progress,
                    "attempts": Document.attempts + 1,
                    "batch_id": None,
                    "batch_assigned_at": None,
                    "is_due_again": False,
                },
                what=f"failed: {error.code}",
                run_id=run_id,
            )
            rows = [
                error_row(
                    document_id,
                    error,
                    stage=stage,
                    attempt=m.attempts,
                    version=m.version if m.version is not None else version,
                    run_id=run_id,
                )
                for m in moved
            ]
            if rows:
                session.execute(insert(table_of(DocumentError)), rows)

    def give_back(self, document_ids: Collection[str], run_id: str) -> None:
        """Put documents this run holds back into the queue, with no attempt charged."""
        with self._database.write() as session:
            move(
                session,
                document_ids,
                where=is_held_by(run_id),
                values={"processing_status": ProcessingStatus.PENDING, **IN_QUEUE},
                what="given back",
                run_id=run_id,
            )

    def requeue(self, document_ids: Collection[str]) -> int:
        """Let settled or held documents wait for the next batch; returns how many.

        One whose options are not valid waits for a better sidecar: without it an owner, a
        password or a hold would be lost.
        """
        is_held_back = (Document.processing_status == ProcessingStatus.PENDING) & Document.hold
        where = (Document.lifecycle == Lifecycle.ACTIVE) & (
            Document.processing_status.in_(_SETTLED) | is_held_back
        )
        where &= func.coalesce(Document.error_code, "") != OptionsInvalid.code
        values = {
            **IN_QUEUE,
            **NO_ERROR,
            "processing_status": ProcessingStatus.PENDING,
            "hold": False,
            "processed_at": None,
        }
        with self._database.write() as session:
            return len(
                move(
                    session, document_ids, where=where, values=values, what="requeued", actor="user"
                )
            )

    def cancel(self, document_ids: Collection[str]) -> int:
        """Take documents that wait out of the queue; returns how many."""
        with self._database.write() as session:
            return len(
                move(
                    session,
                    document_ids,
                    where=Document.processing_status == ProcessingStatus.PENDING,
                    values={**IN_QUEUE, "processing_status": ProcessingStatus.CANCELLED},
                    what="cancelled",
                    actor="user",
                )
            )

    # -- removal ----------------------------------------------------------------------------

    def forget_chunks(self, document_ids: Collection[str]) -> None:
        """Delete the chunk rows of these documents."""
        with self._database.write() as session:
            delete_chunks(session, document_ids)

    def removed(self, document_ids: Collection[str]) -> None:
        """Note that deleted documents are out of the index; their chunk rows go too.

        One that came back meanwhile may have lost its rows there: it waits again.
        """
        is_deleted = Document.lifecycle == Lifecycle.DELETED
        with self._database.write() as session:
            done = move(
                session,
                document_ids,
                where=is_deleted & (Document.processing_status != ProcessingStatus.PROCESSING),
                values={"is_removal_due": False},
                what="removed",
            )
            delete_chunks(session, [m.document_id for m in done])
            move(
                session,
                document_ids,
                where=(Document.lifecycle == Lifecycle.ACTIVE)
                & (Document.processing_status == ProcessingStatus.COMPLETED),
                values={**IN_QUEUE, "processing_status": ProcessingStatus.PENDING},
                what="came back",
            )
            _update_held_by_any(session, document_ids)


def _as_attached(of_file: Mapping[str, Any]) -> dict[str, Any]:
    """What an attachment keeps: its parent says it, and may have said more since this claim."""
    is_attached = Document.origin == Origin.ATTACHMENT
    return {
        name: case((is_attached, column), else_=bindparam(None, of_file[name], column.type))
        for name, column in (
            ("etag", Document.etag),
            ("size_bytes", Document.size_bytes),
            ("uploaded_at", Document.uploaded_at),
        )
    }


def _number_for(session: Session, document_id: str, sha256: str) -> int:
    current = session.execute(
        select(Document.current_version, Document.sha256).where(Document.document_id == document_id)
    ).one_or_none()
    if current is None:
        return 1
    version, known_sha256 = current
    if version is None:
        return 1
    return version if known_sha256 == sha256 else version + 1


def _update_held(
    session: Session, document_ids: Collection[str], run_id: str, values: Mapping[str, Any]
) -> None:
    lock(session, document_ids)
    for page in pages(sorted(set(document_ids))):
        session.execute(
            update(Document)
            .where(Document.document_id.in_(page), is_held_by(run_id))
            .values(dict(values))
            .execution_options(synchronize_session=False)
        )


def _update_held_by_any(session: Session, document_ids: Collection[str]) -> None:
    """Documents that came back and are held by a run just now are looked at again after it."""
    for page in pages(sorted(set(document_ids))):
        session.execute(
            update(Document)
            .where(
                Document.document_id.in_(page),
                Document.lifecycle == Lifecycle.ACTIVE,
                Document.processing_status == ProcessingStatus.PROCESSING,
            )
            .values(is_due_again=True)
            .execution_options(synchronize_session=False)
        )
