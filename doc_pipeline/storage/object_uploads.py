"""The upload store of a bucket: what people put there, whatever they called it.

obstore does the work; the keys that it cannot name go through `s3_keys`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from doc_pipeline.domain.document import UploadObject
from doc_pipeline.domain.errors import NameInvalid, PipelineError
from doc_pipeline.domain.identity import check_upload_key
from doc_pipeline.storage.blobs import StoreCredentials, StoredObject
from doc_pipeline.storage.location import StoreLocation
from doc_pipeline.storage.obstore_blobs import ObstoreBlobStore, open_obstore_blobs
from doc_pipeline.storage.opening import S3Access
from doc_pipeline.storage.s3_keys import S3Keys
from doc_pipeline.storage.uploads import SMALL_BYTES, join_small


class ObjectUploads:
    """One bucket or prefix. Only S3 has `any_keys`: on others a bad name stops the listing."""

    def __init__(
        self, blobs: ObstoreBlobStore, identity: str, any_keys: S3Keys | None = None
    ) -> None:
        self.url = blobs.url
        self.blobs = blobs
        self.problems: list[PipelineError] = []
        self._identity = identity
        self._any_keys = any_keys

    def list(self, after: str | None) -> Iterator[UploadObject]:
        """See `UploadStore.list`."""
        self.problems = []
        for item in self._listed(after):
            try:
                check_upload_key(item.key)
            except NameInvalid as invalid:
                self.problems.append(invalid)
            else:
                yield _upload(item)

    def _listed(self, after: str | None) -> Iterator[StoredObject]:
        keys = self._any_keys
        if keys is not None and (not _is_nameable(after or "a") or keys.has_rooted_keys()):
            yield from keys.list(after)
            return
        last = after
        try:
            for item in self.blobs.list("", after):
                yield item
                last = item.key
        except NameInvalid:
            # one name that obstore cannot hold ends its listing
            if keys is None:
                raise
            yield from keys.list(last)

    def stream(self, key: str) -> Iterator[bytes]:
        """See `UploadStore.stream`."""
        check_upload_key(key)
        return self._store_of(key).stream(key)

    def head(self, key: str) -> UploadObject:
        """See `UploadStore.head`."""
        check_upload_key(key)
        return _upload(self._store_of(key).head(key))

    def metadata(self, key: str) -> dict[str, str]:
        """See `UploadStore.metadata`."""
        check_upload_key(key)
        return self._store_of(key).head(key).metadata

    def read_small(self, key: str, limit: int = SMALL_BYTES) -> bytes:
        """See `UploadStore.read_small`."""
        return join_small(self.stream(key), key, limit)

    def root_identity(self) -> str:
        """The bucket and prefix."""
        self.blobs.check_there()
        return self._identity

    def path_of(self, key: str) -> Path | None:
        """None: an object is no file."""
        return None

    def put(self, key: str, path: Path) -> None:
        """See `UploadStore.put`."""
        check_upload_key(key)
        self._store_of(key).put_file(key, path)

    def delete(self, key: str) -> None:
        """See `UploadStore.delete`."""
        check_upload_key(key)
        self._store_of(key).delete(key)

    def _store_of(self, key: str) -> ObstoreBlobStore | S3Keys:
        return self.blobs if self._any_keys is None or _is_nameable(key) else self._any_keys


def _is_nameable(key: str) -> bool:
    # obstore takes no ASCII control characters
    return not any(letter < " " or letter == "\x7f" for letter in key)


def _upload(item: StoredObject) -> UploadObject:
    return UploadObject(item.key, item.size_bytes, item.etag, item.modified_at)


def open_object_uploads(
    location: StoreLocation, credentials: StoreCredentials | None
) -> ObjectUploads:
    """Open a bucket; errors as `open_blob_store` has them."""
    blobs = open_obstore_blobs(location, "uploads", credentials, create=False)
    any_keys = None
    if location.scheme == "s3":
        any_keys = S3Keys(S3Access(credentials or StoreCredentials()), location)
    return ObjectUploads(blobs, location.url, any_keys)
