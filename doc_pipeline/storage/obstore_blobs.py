"""The blob store over obstore: a folder, S3, Google or Azure, by the same verbs.

What obstore leaves different between them is made equal here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore as obs

from doc_pipeline.domain.errors import FileUnreadable, ObjectGone, StoreUnavailable
from doc_pipeline.domain.identity import check_upload_key
from doc_pipeline.storage.blobs import PIECE_BYTES, StoreCredentials, StoredObject
from doc_pipeline.storage.failures import named_failures, os_failure
from doc_pipeline.storage.location import StoreLocation
from doc_pipeline.storage.metadata import user_metadata
from doc_pipeline.storage.opening import open_object_store

if TYPE_CHECKING:
    from obstore import ObjectMeta

    from doc_pipeline.storage.opening import ObjectStore

_PARALLEL_PARTS = 3
_LIST_CHUNK = 1000


class ObstoreBlobStore:
    """One store; safe to share between threads."""

    def __init__(self, store: ObjectStore, name: str, location: StoreLocation) -> None:
        self.name = name
        self.url = location.url
        self.store = store
        self._folder = location.folder

    # -- writing ------------------------------------------------------------------------------

    def put(self, key: str, data: bytes) -> None:
        """See `BlobStore.put`."""
        self._write(key, data)

    def put_file(self, key: str, path: Path) -> None:
        """See `BlobStore.put_file`."""
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise FileUnreadable(key=path.name) from error
        self._write(key, path)

    def _write(self, key: str, source: bytes | Path) -> None:
        check_upload_key(key)
        self._check_folder(key)
        with named_failures(self.name, key, is_write=True):
            obs.put(
                self.store,
                key,
                source,
                chunk_size=PIECE_BYTES,
                max_concurrency=_PARALLEL_PARTS,
            )

    def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        check_upload_key(key)
        try:
            with named_failures(self.name, key):
                obs.delete(self.store, key)
        except ObjectGone:
            self._check_folder(key)

    def delete_prefix(self, prefix: str) -> int:
        """See `BlobStore.delete_prefix`."""
        prefix = check_upload_key(prefix.strip("/"))
        count = 0
        for item in self.list(prefix):
            self.delete(item.key)
            count += 1
        if self._folder is not None:
            # what a killed write left behind is in no listing
            shutil.rmtree(self._folder / prefix, ignore_errors=True)
        return count

    # -- reading ------------------------------------------------------------------------------

    def get(self, key: str) -> bytes:
        """See `BlobStore.get`."""
        with self._reading(key):
            return bytes(obs.get(self.store, key).bytes())

    def stream(self, key: str) -> Iterator[bytes]:
        """See `BlobStore.stream`."""
        with self._reading(key):
            for chunk in obs.get(self.store, key).stream(min_chunk_size=PIECE_BYTES // 2):
                view = memoryview(chunk)
                for start in range(0, len(view), PIECE_BYTES):
                    yield bytes(view[start : start + PIECE_BYTES])

    def exists(self, key: str) -> bool:
        """See `BlobStore.exists`."""
        check_upload_key(key)
        try:
            with named_failures(self.name, key):
                obs.head(self.store, key)
        except ObjectGone:
            self._check_folder(key)
            return False
        return True

    def head(self, key: str) -> StoredObject:
        """See `BlobStore.head`."""
        with self._reading(key):
            # the answer to HEAD as obstore's own `head` reads it has no metadata
            found = obs.get(self.store, key, options={"head": True})
            attributes: dict[Any, Any] = dict(found.attributes)
            return _stored(found.meta, user_metadata(attributes))

    @contextmanager
    def local_copy(self, key: str, folder: Path) -> Generator[Path]:
        """See `BlobStore.local_copy`."""
        if self._folder is not None:
            self.head(key)
            yield self._folder / key
            return
        with tempfile.TemporaryDirectory(dir=folder) as own:
            path = Path(own) / key.rsplit("/", 1)[-1]
            self._download(key, path)
            yield path

    def _download(self, key: str, path: Path) -> None:
        try:
            with path.open("wb") as file:
                file.writelines(self.stream(key))
        except OSError as error:
            raise os_failure(error, "temporary", key) from error

    def list(self, prefix: str = "", after: str | None = None) -> Iterator[StoredObject]:
        """See `BlobStore.list`."""
        self._check_folder(prefix or self.url)
        found = self._listed(prefix.strip("/"), after)
        if self._folder is not None:
            return iter(sorted(found, key=lambda item: item.key.encode("utf-8")))
        return found

    def _listed(self, prefix: str, after: str | None) -> Iterator[StoredObject]:
        # a folder store does not take an offset that is not there
        offset = None if self._folder is not None else after
        last = (after or "").encode("utf-8")
        with named_failures(self.name, ""):
            pages = obs.list(self.store, prefix or None, offset=offset, chunk_size=_LIST_CHUNK)
            for page in pages:
                for meta in page:
                    key = meta["path"].encode("utf-8")
                    if key > last and not self._is_marker(meta):
                        yield _stored(meta)

    def _is_marker(self, meta: ObjectMeta) -> bool:
        # obstore lists the marker 'folder/' as an empty object 'folder', which is not there
        if meta["size"] or self._folder is not None:
            return False
        return not meta["path"] or not self.exists(meta["path"])

    # -- what is not there ----------------------------------------------------------------------

    @contextmanager
    def _reading(self, key: str) -> Generator[None]:
        check_upload_key(key)
        try:
            with named_failures(self.name, key):
                yield
        except ObjectGone:
            self.check_there(key)
            raise

    def check_there(self, key: str = "") -> None:
        """Raise `StoreUnavailable` or `StoreRefused` when folder or bucket is not to be had."""
        if self._folder is not None:
            self._check_folder(key)
            return
        try:
            with named_failures(self.name, key or self.url):
                # a listing tells a missing bucket from a missing key; HEAD does not
                next(iter(obs.list(self.store, key or None, chunk_size=1)), None)
        except ObjectGone as error:
            raise StoreUnavailable(store=self.name, key=key or self.url) from error

    def _check_folder(self, key: str) -> None:
        # obstore lists a missing folder as empty, and writing would make it anew
        if self._folder is not None and not self._folder.is_dir():
            raise StoreUnavailable(store=self.name, key=key or self.url)


def _stored(meta: ObjectMeta, metadata: dict[str, str] | None = None) -> StoredObject:
    return StoredObject(
        key=meta["path"],
        size_bytes=meta["size"],
        etag=(meta["e_tag"] or "").strip('"'),
        modified_at=meta["last_modified"],
        metadata=metadata or {},
    )


def open_obstore_blobs(
    location: StoreLocation, name: str, credentials: StoreCredentials | None, *, create: bool
) -> ObstoreBlobStore:
    """Open the store of a location; errors as `open_blob_store` has them."""
    store = open_object_store(location, name, credentials, create=create)
    return ObstoreBlobStore(store, name, location)
