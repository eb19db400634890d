"""What the sensor writes: uploads that are new, changed or gone, and the queue they wait in.

Compares names and checksums that it is given; looks into no store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from doc_pipeline.catalog.database import pages
from doc_pipeline.catalog.family import hide_documents, hold_descendants, lock_family
from doc_pipeline.catalog.models import Document, DocumentOptionsRow, PipelineState, now
from doc_pipeline.catalog.queue import Batch, QueueRepository
from doc_pipeline.catalog.registration import (
    SENSOR,
    Registration,
    document_uuid_of,
    register_documents,
)
from doc_pipeline.catalog.transitions import upsert
from doc_pipeline.domain.document import Lifecycle, Origin, ProcessingStatus, UploadObject

__all__ = [
    "Batch",
    "Comparison",
    "DiscoveryRepository",
    "Gone",
    "Registration",
    "document_uuid_of",
]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Objects against the catalog."""

    new: list[UploadObject]
    changed: list[UploadObject]
    unchanged: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Known uploads that are no longer there, as (key, document id), of `known` looked at."""

    keys: list[tuple[str, str]]
    known: int


class DiscoveryRepository(QueueRepository):
    """Registers uploads and remembers how far the sensor is."""

    def compare(self, objects: Sequence[UploadObject]) -> Comparison:
        """Sort objects into new, changed (or back after a deletion) and unchanged."""
        known: dict[str, tuple[str, Lifecycle]] = {}
        with self._database.read() as session:
            for page in pages([item.key for item in objects]):
                statement = select(Document.source_key, Document.etag, Document.lifecycle).where(
                    Document.origin == Origin.UPLOAD, Document.source_key.in_(page)
                )
                for key, etag, lifecycle in session.execute(statement):
                    known[key] = (etag, lifecycle)
        new: list[UploadObject] = []
        changed: list[UploadObject] = []
        for item in objects:
            row = known.get(item.key)
            if row is None:
                new.append(item)
            elif row[0] != item.etag or row[1] is Lifecycle.DELETED:
                changed.append(item)
        return Comparison(new, changed, len(objects) - len(new) - len(changed))

    def gone_between(self, after: str | None, last: str | None, present: Collection[str]) -> Gone:
        """Active uploads with after < key <= last (None: no bound) that are not in `present`."""
        statement = select(Document.source_key, Document.document_id).where(
            Document.origin == Origin.UPLOAD, Document.lifecycle == Lifecycle.ACTIVE
        )
        if after is not None:
            statement = statement.where(Document.source_key > after)
        if last is not None:
            statement = statement.where(Document.source_key <= last)
        present = present if isinstance(present, (set, frozenset)) else set(present)
        with self._database.read() as session:
            known = 0
            keys: list[tuple[str, str]] = []
            for key, document_id in session.execute(statement.order_by(Document.source_key)):
                known += 1
                if key not in present:
                    keys.append((key, document_id))
        return Gone(keys, known)

    def options_hashes(self, keys: Iterable[str]) -> dict[str, str]:
        """The known state of each upload's sidecar, by upload key."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for page in pages(list(keys)):
                statement = (
                    select(Document.source_key, DocumentOptionsRow.options_hash)
                    .join(
                        DocumentOptionsRow,
                        DocumentOptionsRow.document_id == Document.document_id,
                    )
                    .where(Document.origin == Origin.UPLOAD, Document.source_key.in_(page))
                )
                found.update({key: known for key, known in session.execute(statement)})
        return found

    def register(self, uploads: Sequence[Registration]) -> None:
        """Insert or update documents so that they wait, active, with no attempt and no error.

        One that a run holds stays with it and waits again when that run is done.
        """
        if uploads:
            with self._database.write() as session:
                register_documents(session, uploads)
                hold_descendants(session, [item.document_id for item in uploads if item.held])

    def mark_deleted(self, document_ids: Collection[str]) -> int:
        """Hide documents whose upload is gone, and all that was found inside them.

        `removals_waiting` names them from now on. A run that holds one may finish it; it stays
        hidden. Returns how many were hidden, attachments included.
        """
        with self._database.write() as session:
            family = lock_family(session, document_ids)
            return hide_documents(session, family, actor=SENSOR)

    def removals_waiting(self, limit: int) -> list[str]:
        """Deleted documents that may still be in the index and that no run holds."""
        statement = (
            select(Document.document_id)
            .where(
                Document.lifecycle == Lifecycle.DELETED,
                Document.is_removal_due,
                Document.processing_status != ProcessingStatus.PROCESSING,
            )
            .order_by(Document.seq)
            .limit(limit)
        )
        with self._database.read() as session:
            return list(session.scalars(statement))

    def ids_after(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Number and id of documents registered after number `after`, in order."""
        statement = (
            select(Document.seq, Document.document_id)
            .where(Document.seq > after)
            .order_by(Document.seq)
            .limit(limit)
        )
        with self._database.read() as session:
            return [(seq, document_id) for seq, document_id in session.execute(statement)]

    def get_state(self, name: str) -> Any | None:
        """A fact kept under this name, None when there is none."""
        with self._database.read() as session:
            return session.scalar(select(PipelineState.value).where(PipelineState.name == name))

    def set_state(self, name: str, value: Any) -> None:
        """Keep a small fact (anything JSON can hold) under a name."""
        row = {"name": name, "value": value, "updated_at": now()}
        with self._database.write() as session:
            upsert(session, PipelineState, [row], ["name"])
