"""What is found inside documents: attachments of mails, members of archives, as documents.

A child follows its parent's current version; it waits, fails and is completed on its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Boolean, and_, bindparam, select, update
from sqlalchemy.orm import Session

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.catalog.database import Database, pages
from doc_pipeline.catalog.document_rows import read_documents, select_documents
from doc_pipeline.catalog.family import descendants_of, hide_documents, lock_family
from doc_pipeline.catalog.models import Document, DocumentOptionsRow, now, table_of
from doc_pipeline.catalog.registration import (
    Place,
    Registration,
    lock_registration,
    register_documents,
)
from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.catalog.transitions import is_held_by
from doc_pipeline.domain.attachment import ATTACHMENT_MARK, Attachment
from doc_pipeline.domain.document import (
    DocumentOptions,
    Lifecycle,
    ProcessingStatus,
    UploadObject,
)
from doc_pipeline.domain.errors import AttachmentMissing
from doc_pipeline.domain.identity import attachment_id_of

ACTOR = "pipeline"


class _Child(NamedTuple):
    """What must be equal for a child to keep its state."""

    etag: str
    options_hash: str | None
    lifecycle: Lifecycle
    error_code: str | None


class ChildRepository:
    """Which documents are children of which."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace_children(
        self,
        document: ClaimedDocument,
        attachments: Sequence[Attachment],
        artifacts_url: str,
        run_id: str,
    ) -> None:
        """Make the document's children exactly these; each `file` is an artifact key.

        New and changed ones wait in the queue, with the options of their parent. Equal ones keep
        their state. Those no longer there are deleted as a vanished upload is, with all that was
        found inside them. Nothing happens when this run does not hold the document any more, or
        when it was deleted. Doing it again changes nothing. Raises `CatalogUnavailable`.
        """
        if not attachments and not self._has_children(document.document_id):
            return
        with self._database.write() as session:
            lock_registration(session)
            lock_family(session, [document.document_id])
            parent = session.execute(
                select(Document.hold).where(
                    Document.document_id == document.document_id,
                    Document.lifecycle == Lifecycle.ACTIVE,
                    is_held_by(run_id),
                )
            ).one_or_none()
            if parent is not None:
                found = _found_inside(document, attachments, artifacts_url, is_held=parent.hold)
                _replace(session, document.document_id, found, run_id)

    def children_of(self, document_id: str) -> list[DocumentView]:
        """What was found inside this document itself, in the order of the file."""
        statement = (
            select_documents()
            .where(Document.parent_id == document_id, Document.lifecycle == Lifecycle.ACTIVE)
            .order_by(Document.attachment_number, Document.seq)
        )
        with self._database.read() as session:
            return read_documents(session, statement)

    def waiting_inside(self, document_ids: Collection[str]) -> list[str]:
        """Documents that wait and were found inside these, at any depth, oldest first."""
        waiting: list[tuple[int, str]] = []
        with self._database.read() as session:
            for page in pages(sorted(descendants_of(session, document_ids))):
                statement = select(Document.seq, Document.document_id).where(
                    Document.document_id.in_(page),
                    Document.processing_status == ProcessingStatus.PENDING,
                    Document.lifecycle == Lifecycle.ACTIVE,
                    Document.hold.is_(False),
                )
                waiting += [(seq, document_id) for seq, document_id in session.execute(statement)]
        return [document_id for _, document_id in sorted(waiting)]

    def _has_children(self, document_id: str) -> bool:
        statement = select(Document.seq).where(
            Document.parent_id == document_id, Document.lifecycle == Lifecycle.ACTIVE
        )
        with self._database.read() as session:
            return session.scalar(statement.limit(1)) is not None


def _found_inside(
    document: ClaimedDocument,
    attachments: Sequence[Attachment],
    artifacts_url: str,
    *,
    is_held: bool,
) -> dict[str, Registration]:
    """What is to be registered for each attachment, by document id."""
    options = document.options.of_attachment()
    options_hash = _hash_of(options)
    found: dict[str, Registration] = {}
    for attachment in attachments:
        document_id = attachment_id_of(document.document_id, attachment.name)
        found[document_id] = Registration(
            upload=UploadObject(
                key=f"{document.source_key}{ATTACHMENT_MARK}{attachment.name}",
                size_bytes=attachment.size_bytes,
                etag=attachment.sha256,
                modified_at=document.uploaded_at,
            ),
            document_id=document_id,
            storage_url=f"{artifacts_url.rstrip('/')}/{attachment.file}",
            options=options,
            options_hash=options_hash,
            held=is_held,
            place=Place(
                parent_id=document.document_id,
                depth=document.depth + 1,
                number=attachment.number,
                key=attachment.file,
            ),
        )
    return found


def _hash_of(options: DocumentOptions) -> str:
    """Changes with what a person said of the parent, so that children are done again too."""
    data = json.dumps(options.to_dict(), sort_keys=True, default=str)
    return hashlib.sha256(data.encode()).hexdigest()


def _replace(
    session: Session, parent_id: str, found: Mapping[str, Registration], run_id: str
) -> None:
    known = _children(session, parent_id)
    same = [item for name, item in found.items() if name in known and _is_equal(known[name], item)]
    kept = {item.document_id for item in same}
    changed = [item for name, item in found.items() if name not in kept]
    if changed:
        register_documents(session, changed, actor=ACTOR, run_id=run_id)
    _note_places(session, same)
    gone = [name for name in known if name not in found]
    hide_documents(session, lock_family(session, gone), actor=ACTOR, run_id=run_id)


def _children(session: Session, parent_id: str) -> dict[str, _Child]:
    statement = (
        select(
            Document.document_id,
            Document.etag,
            DocumentOptionsRow.options_hash,
            Document.lifecycle,
            Document.error_code,
        )
        .outerjoin(DocumentOptionsRow, DocumentOptionsRow.document_id == Document.document_id)
        .where(Document.parent_id == parent_id)
    )
    return {
        row.document_id: _Child(row.etag, row.options_hash, row.lifecycle, row.error_code)
        for row in session.execute(statement)
    }


def _is_equal(child: _Child, item: Registration) -> bool:
    """Whether the child may stay as it stands. One whose bytes were missing has them now."""
    return (
        child.etag == item.upload.etag
        and child.options_hash == item.options_hash
        and child.lifecycle is not Lifecycle.DELETED
        and child.error_code != AttachmentMissing.code
    )


def _note_places(session: Session, same: Sequence[Registration]) -> None:
    """Where the bytes of unchanged children lie after this extraction of their parent."""
    rows = [
        {
            "of_document": item.document_id,
            "attachment_number": item.place.number,
            "attachment_key": item.place.key,
            "storage_url": item.storage_url,
            "uploaded_at": item.upload.modified_at,
            "held": item.held,
            "updated_at": now(),
        }
        for item in same
        if item.place is not None
    ]
    if not rows:
        return
    documents = table_of(Document)
    columns = {name: bindparam(name) for name in rows[0] if name not in {"of_document", "held"}}
    is_waiting = documents.c.processing_status == ProcessingStatus.PENDING
    session.connection().execute(
        update(documents)
        .where(documents.c.document_id == bindparam("of_document"))
        .values(columns | {"hold": and_(is_waiting, bindparam("held", type_=Boolean()))}),
        rows,
    )
