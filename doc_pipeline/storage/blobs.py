"""What a blob store is, and the door that opens one by URL.

How each kind of store does it is in `obstore_blobs`; uploads have a door of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from doc_pipeline.domain.limits import MIB

if TYPE_CHECKING:
    import boto3.session

PIECE_BYTES = 8 * MIB
"""The largest piece that a stream hands out."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a blob store. `modified_at` is UTC, `etag` has no quotes.

    `metadata` is filled by `head` only, and empty on folders.
    """

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime
    metadata: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StoreCredentials:
    """How to reach an S3 store; without keys and session the machine's own role is used.

    `gs://` and `az://` take theirs from the environment, by the names their vendors gave.
    """

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    use_ssl: bool = True
    session: boto3.session.Session | None = field(default=None, repr=False)


class BlobStore(Protocol):
    """Objects by key. Every write is whole or not there at all.

    Errors of all methods: `StoreUnavailable`, `StoreRefused`, `NameInvalid` for a key that the
    store cannot hold; of writes also `DiskFull`.
    """

    @property
    def name(self) -> str:
        """What the store is called in errors: 'uploads' or 'artifacts'."""
        ...

    @property
    def url(self) -> str:
        """Where it is, without secrets."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write a small object, over the old one if there is one."""
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Write a file of any size, piece by piece. Raises `FileUnreadable` for the file."""
        ...

    def get(self, key: str) -> bytes:
        """Read a small object whole. Raises `ObjectGone`."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key; a folder is none."""
        ...

    def head(self, key: str) -> StoredObject:
        """Size, etag, time and metadata. Raises `ObjectGone`."""
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """Read in pieces of at most 8 MiB. Raises `ObjectGone`, at the first piece."""
        ...

    def local_copy(self, key: str, folder: Path) -> AbstractContextManager[Path]:
        """The object as a file, to read only. Raises `ObjectGone`.

        A folder store gives its own file; others download into `folder` and delete it after.
        """
        ...

    def list(self, prefix: str = "", after: str | None = None) -> Iterator[StoredObject]:
        """Objects below the folder `prefix` with a key past `after`, by the UTF-8 bytes of keys.

        A prefix counts in whole parts: `a` has `a/b`, not `ab`. Folder markers are left out.
        """
        ...

    def delete(self, key: str) -> None:
        """Delete an object; a missing one is no error."""
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Delete all below a folder; returns how many objects there were."""
        ...


def open_blob_store(
    url: str, name: str, credentials: StoreCredentials | None = None, create: bool = True
) -> BlobStore:
    """Open `file://`, `s3://`, `gs://` or `az://`. Sends nothing over the network.

    `create` makes the folder of a `file://` URL; a bucket is never made.

    Raises:
        SettingInvalid: the URL has another form.
        StorageNotConfigured: its credentials are missing.
        StoreUnavailable, StoreRefused: the folder is not there or cannot be made.
    """
    from doc_pipeline.storage.location import parse_location
    from doc_pipeline.storage.obstore_blobs import open_obstore_blobs

    return open_obstore_blobs(parse_location(url, name), name, credentials, create=create)
