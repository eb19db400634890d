"""Stage receive: copy an upload into the artifact store, under the version its bytes make.

Decides the file's real type and refuses what no extractor should see. Does not read its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from doc_pipeline.catalog.claims import ClaimedDocument
from doc_pipeline.catalog.work import FinishedStage
from doc_pipeline.domain.document import Origin
from doc_pipeline.domain.errors import (
    ArtifactMissing,
    AttachmentMissing,
    DiskFull,
    ObjectGone,
    StoreUnavailable,
    UploadChanging,
)
from doc_pipeline.domain.identity import artifact_prefix, fingerprint_of
from doc_pipeline.domain.stage import CODE_VERSION, Stage
from doc_pipeline.intake.gate import admit_file, check_size
from doc_pipeline.stages.adapters import Adapters
from doc_pipeline.stages.folders import STORE, is_nearly_full, temporary_folder


class UploadGone(Exception):
    """The upload is not there any more; the sensor will see it and decide."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """The raw copy of one version. `path` is set while a local copy of this run exists.

    `claimed_mime` is what the name says, where that is something else than the content.
    """

    version: int
    fingerprint: str
    artifact_key: str
    sha256: str
    size_bytes: int
    etag: str
    kind: str
    mime: str
    is_reused: bool
    path: Path | None = None
    claimed_mime: str = ""


def receive_document(
    document: ClaimedDocument, before: FinishedStage | None, adapters: Adapters, folder: Path
) -> ReceivedFile:
    """Copy the upload, or take the copy that is there when the upload did not change.

    `folder` takes the local copy; the caller deletes it. Raises `UploadGone`, and the errors of
    the upload store and of the gate.
    """
    known = _known_copy(document, before, adapters)
    if known is not None:
        return known
    path = folder / "raw"
    source = _fetch(document, path, adapters)
    sha256, size_bytes = source.sha256, source.size_bytes
    file_type = admit_file(
        path,
        document.original_name,
        adapters.settings.limits,
        password=document.options.password,
        rules=adapters.settings.admission,
    )
    fingerprint = _fingerprint(sha256)
    version = adapters.catalog.work.next_version(document.document_id, sha256)
    key = artifact_prefix(Stage.RECEIVE, document.document_id, version, fingerprint) + "/raw"
    is_reused = adapters.artifacts.exists(key)
    if not is_reused:
        adapters.artifacts.put_file(key, path)
    version = adapters.catalog.work.record_version(
        document.document_id,
        sha256=sha256,
        size_bytes=size_bytes,
        etag=source.etag,
        uploaded_at=source.modified_at,
        kind=file_type.kind,
        mime=file_type.mime,
        claimed_mime=file_type.claimed_mime,
        raw_key=key,
    )
    return ReceivedFile(
        version=version,
        fingerprint=fingerprint,
        artifact_key=key,
        sha256=sha256,
        size_bytes=size_bytes,
        etag=source.etag,
        kind=file_type.kind,
        mime=file_type.mime,
        is_reused=is_reused,
        path=path,
        claimed_mime="" if file_type.claimed_mime == file_type.mime else file_type.claimed_mime,
    )


def received_before(
    document: ClaimedDocument, before: FinishedStage | None, adapters: Adapters
) -> ReceivedFile:
    """The raw copy of the upload as it is now, made by an earlier run.

    Raises `ArtifactMissing` when there is none, or only one of an older version.
    """
    if before is not None and before.figures.get("etag") != document.etag:
        raise ArtifactMissing(stage=Stage.RECEIVE.value)
    if before is None or not adapters.artifacts.exists(before.artifact_key or ""):
        raise ArtifactMissing(stage=Stage.RECEIVE.value)
    figures = before.figures
    if before.fingerprint != _fingerprint(str(figures["sha256"])):
        # An older version of the code may have taken the file for another type.
        raise ArtifactMissing(stage=Stage.RECEIVE.value)
    return ReceivedFile(
        version=before.version,
        fingerprint=before.fingerprint,
        artifact_key=before.artifact_key or "",
        sha256=str(figures["sha256"]),
        size_bytes=int(figures["bytes"]),
        etag=str(figures["etag"]),
        kind=str(figures["type"]),
        mime=str(figures["mime"]),
        is_reused=True,
        claimed_mime=str(figures.get("claimed_mime", "")),
    )


@contextmanager
def raw_file(received: ReceivedFile, adapters: Adapters) -> Generator[Path]:
    """The raw file as a local path: this run's download, or a copy from the artifact store."""
    if received.path is not None and received.path.exists():
        yield received.path
        return
    with temporary_folder() as folder:
        try:
            copy = adapters.artifacts.local_copy(received.artifact_key, folder)
            with copy as path:
                yield path
        except ObjectGone as gone:
            raise ArtifactMissing(stage=Stage.RECEIVE.value) from gone


def _fingerprint(sha256: str) -> str:
    return fingerprint_of(Stage.RECEIVE, CODE_VERSION[Stage.RECEIVE], {}, [sha256])


def _known_copy(
    document: ClaimedDocument, before: FinishedStage | None, adapters: Adapters
) -> ReceivedFile | None:
    try:
        return received_before(document, before, adapters)
    except ArtifactMissing:
        return None


@dataclass(frozen=True, slots=True)
class _Source:
    """The bytes as they were found."""

    sha256: str
    size_bytes: int
    etag: str
    modified_at: datetime


def _fetch(document: ClaimedDocument, path: Path, adapters: Adapters) -> _Source:
    """Copy the bytes to `path`; too large a file is refused before a byte of it is read."""
    if document.origin is Origin.ATTACHMENT:
        return _fetch_attachment(document, path, adapters)
    key = document.source_key
    try:
        before = adapters.uploads.head(key)
        check_size(before.size_bytes, adapters.settings.limits)
        sha256, size_bytes = _download(adapters.uploads.stream(key), key, path)
        after = adapters.uploads.head(key)
    except ObjectGone as gone:
        raise UploadGone(document.document_id) from gone
    if after.etag != before.etag or after.size_bytes != size_bytes:
        raise UploadChanging(key=key)
    return _Source(sha256, size_bytes, before.etag, after.modified_at)


def _fetch_attachment(document: ClaimedDocument, path: Path, adapters: Adapters) -> _Source:
    """An attachment lies with the extracted text of its parent; its etag is its checksum."""
    key = document.attachment_key or ""
    check_size(document.size_bytes, adapters.settings.limits)
    try:
        sha256, size_bytes = _download(adapters.artifacts.stream(key), key, path)
    except ObjectGone as gone:
        raise AttachmentMissing from gone
    return _Source(sha256, size_bytes, document.etag, document.uploaded_at)


def _download(pieces: Iterator[bytes], key: str, path: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    size_bytes = 0
    try:
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size_bytes += len(piece)
    except OSError as error:
        path.unlink(missing_ok=True)
        if is_nearly_full():
            raise DiskFull(store=STORE) from error
        # There is room again without this file: it is too large for the disk, others are not.
        raise StoreUnavailable(store=STORE, key=key) from error
    return digest.hexdigest(), size_bytes
