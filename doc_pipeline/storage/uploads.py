"""What an upload store is, and the door that opens one by URL.

The pipeline only reads uploads; `put` and `delete` are for people, through the command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from doc_pipeline.domain.document import UploadObject
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.storage.blobs import StoreCredentials

SMALL_BYTES = 64 * 1024
"""The most that `read_small` reads: a sidecar."""


class UploadStore(Protocol):
    """What users put there, by key.

    Errors of all methods: `StoreUnavailable` when folder or bucket are away, `StoreRefused`.
    """

    problems: list[PipelineError]
    """What the last `list` could not use: `NameInvalid` for names that are no upload key,
    `FileUnreadable` for folders that cannot be opened. Then `fields["key"]` ends with a slash,
    and what is below is **unknown, not gone**."""

    @property
    def url(self) -> str:
        """Where it is, without secrets."""
        ...

    def list(self, after: str | None) -> Iterator[UploadObject]:
        """Objects with a key past `after`, by the UTF-8 bytes of their keys.

        Symlinks are not followed, folder markers are left out, and what cannot be used is put
        into `problems`. Any error means that the listing is not whole.
        """
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """Read in pieces of at most 8 MiB. Raises `ObjectGone`, `FileUnreadable`."""
        ...

    def head(self, key: str) -> UploadObject:
        """The object as it is now. Raises `ObjectGone`."""
        ...

    def metadata(self, key: str) -> dict[str, str]:
        """What the user said of the object in its metadata; a folder knows nothing."""
        ...

    def read_small(self, key: str, limit: int = SMALL_BYTES) -> bytes:
        """A sidecar, whole. Raises `OptionsInvalid` above the limit, and what `stream` raises."""
        ...

    def root_identity(self) -> str:
        """Changes when another disk or bucket is there. Raises `StoreUnavailable` for none."""
        ...

    def path_of(self, key: str) -> Path | None:
        """The user's own file, to look at; None when the store is no folder."""
        ...

    def put(self, key: str, path: Path) -> None:
        """Add a file for a user. Raises `NameInvalid`, `DiskFull`, `FileUnreadable`."""
        ...

    def delete(self, key: str) -> None:
        """Take a file away for a user; a missing one is no error."""
        ...


def open_upload_store(
    url: str, credentials: StoreCredentials | None = None, create: bool = True
) -> UploadStore:
    """Open `file://`, `s3://`, `gs://` or `az://`; errors as `open_blob_store` has them."""
    from doc_pipeline.storage.location import parse_location

    location = parse_location(url, "uploads")
    if location.folder is not None:
        from doc_pipeline.storage.folder_uploads import open_folder_uploads

        return open_folder_uploads(location.folder, create=create)
    from doc_pipeline.storage.object_uploads import open_object_uploads

    return open_object_uploads(location, credentials)


def join_small(pieces: Iterator[bytes], key: str, limit: int) -> bytes:
    """Join pieces of a sidecar. Raises `OptionsInvalid` above the limit."""
    from doc_pipeline.domain.errors import OptionsInvalid

    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > limit:
            name = key.rsplit("/", 1)[-1]
            raise OptionsInvalid(source=name, problem=f"it is larger than {limit // 1024} KiB")
    return bytes(data)
