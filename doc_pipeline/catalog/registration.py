"""How uploads and attachments become rows: inserted, or brought back into the queue.

One transaction for many; who decides that they changed is discovery.py and children.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from doc_pipeline.catalog.database import pages
from doc_pipeline.catalog.errors_kept import error_columns, error_row, status_after
from doc_pipeline.catalog.models import (
    Document,
    DocumentError,
    DocumentOptionsRow,
    Owner,
    now,
    table_of,
)
from doc_pipeline.catalog.transitions import IN_QUEUE, NO_ERROR, add_events, upsert
from doc_pipeline.domain.document import (
    DocumentOptions,
    Lifecycle,
    Origin,
    ProcessingStatus,
    UploadObject,
)
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.domain.stage import Stage

SENSOR = "sensor"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "doc-pipeline/upload")
_ATTACHMENTS = uuid.uuid5(uuid.NAMESPACE_URL, "doc-pipeline/attachment")
_REGISTER_LOCK = 0x646F6370
_KEY = "of_document"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attachment was found: in which document, how deep, and where its bytes are now."""

    parent_id: str
    depth: int
    number: int
    key: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A file to be registered. With an `error` the document fails at once.

    An attachment has a `place`; its `upload` is what an object of its name would be.
    """

    upload: UploadObject
    document_id: str
    storage_url: str
    options: DocumentOptions
    options_hash: str
    held: bool
    error: PipelineError | None = None
    place: Place | None = None


class _Author(NamedTuple):
    actor: str
    run_id: str | None


class _Known(NamedTuple):
    status: ProcessingStatus
    lifecycle: Lifecycle
    version: int | None


def document_uuid_of(upload_key: str) -> uuid.UUID:
    """The UUID of the document behind an upload key, the same for ever."""
    return uuid.uuid5(_NAMESPACE, upload_key)


def lock_registration(session: Session) -> None:
    """One at a time, before any row is locked.

    Numbers become visible in their order, so that who reads on from the last one seen misses none.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_REGISTER_LOCK)))


def register_documents(
    session: Session,
    uploads: Sequence[Registration],
    *,
    actor: str = SENSOR,
    run_id: str | None = None,
) -> None:
    """Write documents, their options, owners, errors and events."""
    lock_registration(session)
    by = _Author(actor, run_id)
    latest = {item.document_id: item for item in uploads}
    _add_owners(session, {item.options.owner for item in latest.values()} - {None})
    known = _lock_known(session, latest)
    _insert(session, [item for name, item in latest.items() if name not in known], by)
    _update(session, [item for name, item in latest.items() if name in known], known, by)
    options = [
        {
            "document_id": item.document_id,
            "options": item.options.to_dict(),
            "options_hash": item.options_hash,
            "updated_at": now(),
        }
        for item in latest.values()
    ]
    upsert(session, DocumentOptionsRow, options, ["document_id"])
    errors = [
        error_row(
            item.document_id,
            item.error,
            stage=Stage.RECEIVE,
            attempt=1,
            version=known[name].version if name in known else None,
            run_id=None,
        )
        for name, item in latest.items()
        if item.error is not None
    ]
    if errors:
        session.execute(insert(table_of(DocumentError)), errors)


def _add_owners(session: Session, names: Collection[str | None]) -> None:
    wanted = sorted(name for name in names if name is not None)
    there: set[str] = set()
    for page in pages(wanted):
        there |= set(session.scalars(select(Owner.id).where(Owner.id.in_(page))))
    rows = [{"id": n, "name": n, "created_at": now()} for n in wanted if n not in there]
    upsert(session, Owner, rows, ["id"])


def _lock_known(session: Session, document_ids: Collection[str]) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for page in pages(sorted(document_ids)):
        statement = (
            select(
                Document.document_id,
                Document.processing_status,
                Document.lifecycle,
                Document.current_version,
            )
            .where(Document.document_id.in_(page))
            .order_by(Document.document_id)
            .with_for_update(key_share=True)
        )
        for document_id, status, lifecycle, version in session.execute(statement):
            known[document_id] = _Known(status, lifecycle, version)
    return known


def _insert(session: Session, uploads: Sequence[Registration], by: _Author) -> None:
    if not uploads:
        return
    rows = [
        {
            **_upload_columns(item),
            **_queue_columns(item),
            "id": _uuid_of(item),
            "document_id": item.document_id,
            "origin": Origin.ATTACHMENT if item.place else Origin.UPLOAD,
            "source_key": item.upload.key,
            "original_name": item.upload.key.rsplit("/", 1)[-1],
            "registered_at": now(),
        }
        for item in uploads
    ]
    session.execute(insert(table_of(Document)), rows)
    changes = [(item.document_id, None, _status_of(item)) for item in uploads]
    add_events(session, changes, what="registered", actor=by.actor, run_id=by.run_id)


def _uuid_of(item: Registration) -> uuid.UUID:
    if item.place is None:
        return document_uuid_of(item.upload.key)
    return uuid.uuid5(_ATTACHMENTS, item.document_id)


def _update(
    session: Session, uploads: Sequence[Registration], known: Mapping[str, _Known], by: _Author
) -> None:
    settled: list[dict[str, Any]] = []
    in_work: list[dict[str, Any]] = []
    changes: dict[str, list[tuple[str, ProcessingStatus | None, ProcessingStatus]]] = {}
    for item in uploads:
        before = known[item.document_id]
        values = {_KEY: item.document_id, **_upload_columns(item)}
        is_in_work = before.status is ProcessingStatus.PROCESSING and item.error is None
        if is_in_work:
            in_work.append({**values, "is_due_again": True})
        else:
            settled.append({**values, **_queue_columns(item), "run_id": None})
        what = "came back" if before.lifecycle is Lifecycle.DELETED else "changed"
        after = before.status if is_in_work else _status_of(item)
        changes.setdefault(what, []).append((item.document_id, before.status, after))
    for rows in (settled, in_work):
        if rows:
            table = table_of(Document)
            statement = update(table).where(table.c.document_id == bindparam(_KEY))
            columns = {name: bindparam(name) for name in rows[0] if name != _KEY}
            session.connection().execute(statement.values(columns), rows)
    for what, changed in changes.items():
        add_events(session, changed, what=what, actor=by.actor, run_id=by.run_id)


def _status_of(item: Registration) -> ProcessingStatus:
    return ProcessingStatus.PENDING if item.error is None else status_after(item.error)


def _upload_columns(item: Registration) -> dict[str, Any]:
    """What an upload says of its document, whatever is being done with it."""
    place = item.place
    return {
        "parent_id": place.parent_id if place else None,
        "depth": place.depth if place else 0,
        "attachment_number": place.number if place else None,
        "attachment_key": place.key if place else None,
        "storage_url": item.storage_url,
        "owner_id": item.options.owner,
        "etag": item.upload.etag,
        "size_bytes": item.upload.size_bytes,
        "uploaded_at": item.upload.modified_at,
        "priority": int(item.options.priority),
        "hold": item.held,
        "metadata": dict(item.options.metadata),
        "lifecycle": Lifecycle.ACTIVE,
        "deleted_at": None,
        "is_removal_due": False,
        "attempts": 0 if item.error is None else 1,
        "updated_at": now(),
    }


def _queue_columns(item: Registration) -> dict[str, Any]:
    """The state of a document that waits, or failed before it could."""
    error = {**NO_ERROR}
    if item.error is not None:
        error |= {**error_columns(item.error, Stage.RECEIVE), "failed_progress": 0}
    return {
        **IN_QUEUE,
        **error,
        "processing_status": _status_of(item),
        "processing_started_at": None,
        "processed_at": None,
    }
