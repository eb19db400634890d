"""How a run takes documents: each is held by one run at most.

Whether a run still lives is asked of the caller, outside any transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from doc_pipeline.catalog.database import Database, pages
from doc_pipeline.catalog.models import Document, DocumentOptionsRow, now
from doc_pipeline.catalog.transitions import NO_ERROR, move
from doc_pipeline.domain.document import (
    DocumentOptions,
    Lifecycle,
    Origin,
    Priority,
    ProcessingStatus,
    parse_options,
)


@dataclass(frozen=True, slots=True)
class ClaimedDocument:
    """What a run needs to know of a document. `version` is the current one, None before any.

    An attachment has a `parent_id`, a `depth` of 1 or more (files within files), and in
    `attachment_key` the place of its bytes in the artifact store.
    """

    document_id: str
    origin: Origin
    source_key: str
    original_name: str
    storage_url: str
    etag: str
    size_bytes: int
    uploaded_at: datetime
    owner: str | None
    priority: Priority
    options: DocumentOptions
    version: int | None
    lifecycle: Lifecycle
    attempts: int
    parent_id: str | None = None
    depth: int = 0
    attachment_key: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a wish: `busy` names the run that holds a document."""

    documents: list[ClaimedDocument]
    busy: dict[str, str]
    unknown: list[str]


def claim_documents(
    database: Database, document_ids: Sequence[str], run_id: str, is_live: Callable[[str], bool]
) -> Claim:
    """Take the documents that no other live run holds, in the order given.

    Deleted documents are shown with their lifecycle, and not taken.
    """
    with database.read() as session:
        holders = _holders_of(session, document_ids)
    dead = {holder for holder in set(holders.values()) - {run_id} if not is_live(holder)}
    with database.write() as session:
        moved = move(
            session,
            document_ids,
            where=_is_free(run_id, dead),
            values={
                **NO_ERROR,
                "processing_status": ProcessingStatus.PROCESSING,
                "run_id": run_id,
                "stage": None,
                "progress": 0,
                "hold": False,
                "is_due_again": False,
                "processing_started_at": now(),
                "processed_at": None,
            },
            what="started",
            run_id=run_id,
        )
        mine = {m.document_id for m in moved}
        found = _read(session, document_ids)
        holders = _holders_of(session, [name for name in found if name not in mine])
    documents = [
        found[name]
        for name in dict.fromkeys(document_ids)
        if name in found and (name in mine or found[name].lifecycle is not Lifecycle.ACTIVE)
    ]
    shown = {document.document_id for document in documents}
    return Claim(
        documents,
        {name: holders.get(name, "") for name in found if name not in shown},
        [name for name in dict.fromkeys(document_ids) if name not in found],
    )


def _is_free(run_id: str, dead: Collection[str]) -> ColumnElement[bool]:
    return (Document.lifecycle == Lifecycle.ACTIVE) & (
        (Document.processing_status != ProcessingStatus.PROCESSING)
        | Document.run_id.is_(None)
        | Document.run_id.in_([run_id, *sorted(dead)])
    )


def _holders_of(session: Session, document_ids: Collection[str]) -> dict[str, str]:
    holders: dict[str, str] = {}
    for page in pages(sorted(set(document_ids))):
        statement = select(Document.document_id, Document.run_id).where(
            Document.document_id.in_(page),
            Document.processing_status == ProcessingStatus.PROCESSING,
            Document.run_id.is_not(None),
        )
        for document_id, run_id in session.execute(statement):
            holders[document_id] = run_id or ""
    return holders


def _read(session: Session, document_ids: Collection[str]) -> dict[str, ClaimedDocument]:
    found: dict[str, ClaimedDocument] = {}
    for page in pages(sorted(set(document_ids))):
        statement = (
            select(Document, DocumentOptionsRow.options)
            .outerjoin(DocumentOptionsRow, DocumentOptionsRow.document_id == Document.document_id)
            .where(Document.document_id.in_(page))
        )
        for row, options in session.execute(statement):
            found[row.document_id] = ClaimedDocument(
                document_id=row.document_id,
                origin=row.origin,
                source_key=row.source_key,
                original_name=row.original_name,
                storage_url=row.storage_url,
                etag=row.etag,
                size_bytes=row.size_bytes,
                uploaded_at=row.uploaded_at,
                owner=row.owner_id,
                priority=Priority(row.priority),
                options=parse_options(options or {}, "the catalog"),
                version=row.current_version,
                lifecycle=row.lifecycle,
                attempts=row.attempts,
                parent_id=row.parent_id,
                depth=row.depth,
                attachment_key=row.attachment_key,
            )
    return found
