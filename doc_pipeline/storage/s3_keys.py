"""S3 objects by any key, through boto3: newlines, double or leading slashes, control characters.

obstore cannot name these, and one of them ends its whole listing. Slower; only for such keys.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from doc_pipeline.domain.errors import FileUnreadable, ObjectGone, StoreRefused, StoreUnavailable
from doc_pipeline.domain.limits import MIB
from doc_pipeline.storage.blobs import StoredObject
from doc_pipeline.storage.location import StoreLocation
from doc_pipeline.storage.metadata import user_metadata
from doc_pipeline.storage.opening import S3Access

_STORE = "uploads"
_PIECE_BYTES = 4 * MIB
_LISTING = "its listing"
_UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)


class S3Keys:
    """The verbs of `BlobStore` that uploads need, for one bucket and prefix."""

    def __init__(self, access: S3Access, location: StoreLocation) -> None:
        self._access = access
        self._location = location
        self._bucket = location.bucket

    def has_rooted_keys(self) -> bool:
        """Whether keys begin with a slash, which obstore would silently take off.

        Below a prefix such keys end its listing, so there is no need to ask.
        """
        if self._location.prefix:
            return False
        with _named_failures(_LISTING):
            found = self._access.client.list_objects_v2(Bucket=self._bucket, Prefix="/", MaxKeys=1)
        return found["KeyCount"] > 0

    def list(self, after: str | None) -> Iterator[StoredObject]:
        """Every object past `after`; folder markers are left out."""
        start = len(self._location.key_in_bucket(""))
        pages = self._access.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket,
            Prefix=self._location.key_in_bucket(""),
            StartAfter=self._location.key_in_bucket(after or ""),
        )
        with _named_failures(_LISTING):
            for page in pages:
                for item in page.get("Contents", []):
                    key = item.get("Key", "")[start:]
                    size = item.get("Size", 0)
                    if not key or (key.endswith("/") and not size):
                        continue
                    changed = item.get("LastModified", _UNKNOWN_TIME)
                    yield StoredObject(key, size, item.get("ETag", "").strip('"'), changed)

    def stream(self, key: str) -> Iterator[bytes]:
        """See `BlobStore.stream`."""
        with _named_failures(key):
            found = self._access.client.get_object(Bucket=self._bucket, Key=self._whole(key))
            yield from found["Body"].iter_chunks(_PIECE_BYTES)

    def head(self, key: str) -> StoredObject:
        """See `BlobStore.head`."""
        with _named_failures(key):
            found = self._access.client.head_object(Bucket=self._bucket, Key=self._whole(key))
        return StoredObject(
            key,
            found["ContentLength"],
            found["ETag"].strip('"'),
            found["LastModified"],
            user_metadata(found["Metadata"]),
        )

    def put_file(self, key: str, path: Path) -> None:
        """See `BlobStore.put_file`."""
        try:
            with path.open("rb") as file, _named_failures(key):
                self._access.client.upload_fileobj(file, self._bucket, self._whole(key))
        except OSError as error:
            raise FileUnreadable(key=path.name) from error

    def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        with _named_failures(key):
            self._access.client.delete_object(Bucket=self._bucket, Key=self._whole(key))

    def _whole(self, key: str) -> str:
        return self._location.key_in_bucket(key)


@contextmanager
def _named_failures(key: str) -> Generator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in {"404", "NoSuchKey"}:
            raise ObjectGone(key=key) from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status in {401, 403}:
            raise StoreRefused(store=_STORE, key=key) from error
        raise StoreUnavailable(store=_STORE, key=key) from error
    except (BotoCoreError, Boto3Error) as error:
        raise StoreUnavailable(store=_STORE, key=key) from error
