"""Stores in memory that keep the contracts of `BlobStore` and `UploadStore`, with faults.

Held to the same tests as the real ones. Needs no pytest.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from doc_pipeline.domain.document import UploadObject
from doc_pipeline.domain.errors import FileUnreadable, NameInvalid, ObjectGone, PipelineError
from doc_pipeline.domain.identity import check_upload_key
from doc_pipeline.storage.blobs import PIECE_BYTES, StoredObject
from doc_pipeline.storage.uploads import SMALL_BYTES, join_small
from doc_pipeline.testing.faults import FaultPlan


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryBlobStore:
    """A `BlobStore` in a dictionary. `faults` says what fails, by operation."""

    def __init__(
        self,
        name: str = "artifacts",
        faults: FaultPlan | Mapping[str, BaseException] | None = None,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.name = name
        self.url = f"memory://{name}"
        self.faults = FaultPlan.of(faults)
        self.data: dict[str, bytes] = {}
        self._about: dict[str, StoredObject] = {}
        self._clock = clock

    def put(self, key: str, data: bytes) -> None:
        """See `BlobStore.put`."""
        self.faults.check("put", key)
        self.write(key, data)

    def write(self, key: str, data: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Put an object there with metadata, whatever fails: for the set-up of a test."""
        check_upload_key(key)
        etag = hashlib.sha256(data).hexdigest()[:32]
        about = StoredObject(key, len(data), etag, self._clock(), dict(metadata or {}))
        self.data[key], self._about[key] = bytes(data), about

    def put_file(self, key: str, path: Path) -> None:
        """See `BlobStore.put_file`."""
        self.faults.check("put_file", key)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise FileUnreadable(key=path.name) from error
        self.write(key, data)

    def get(self, key: str) -> bytes:
        """See `BlobStore.get`."""
        self.faults.check("get", key)
        self._known(key)
        return self.data[key]

    def exists(self, key: str) -> bool:
        """See `BlobStore.exists`."""
        self.faults.check("exists", key)
        return check_upload_key(key) in self.data

    def head(self, key: str) -> StoredObject:
        """See `BlobStore.head`."""
        self.faults.check("head", key)
        return self._known(key)

    def stream(self, key: str) -> Iterator[bytes]:
        """See `BlobStore.stream`."""
        self.faults.check("stream", key)
        self._known(key)
        data = self.data[key]
        for start in range(0, len(data), PIECE_BYTES):
            self.faults.check("stream.piece", key)
            yield data[start : start + PIECE_BYTES]

    @contextmanager
    def local_copy(self, key: str, folder: Path) -> Generator[Path]:
        """See `BlobStore.local_copy`."""
        self.faults.check("local_copy", key)
        self._known(key)
        with tempfile.TemporaryDirectory(dir=folder) as own:
            path = Path(own) / key.rsplit("/", 1)[-1]
            path.write_bytes(self.data[key])
            yield path

    def list(self, prefix: str = "", after: str | None = None) -> Iterator[StoredObject]:
        """See `BlobStore.list`."""
        self.faults.check("list", prefix)
        start = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        for key in sorted(self.data, key=str.encode):
            if key.startswith(start) and key.encode() > (after or "").encode():
                self.faults.check("list.item", key)
                known = self._known(key)
                yield StoredObject(key, known.size_bytes, known.etag, known.modified_at)

    def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        self.faults.check("delete", key)
        self.data.pop(check_upload_key(key), None)
        self._about.pop(key, None)

    def delete_prefix(self, prefix: str) -> int:
        """See `BlobStore.delete_prefix`."""
        self.faults.check("delete_prefix", prefix)
        start = check_upload_key(prefix.strip("/")) + "/"
        doomed = [key for key in self.data if key.startswith(start)]
        for key in doomed:
            self.delete(key)
        return len(doomed)

    def _known(self, key: str) -> StoredObject:
        if check_upload_key(key) not in self._about:
            raise ObjectGone(key=key)
        return self._about[key]


class MemoryUploadStore:
    """An `UploadStore` in a dictionary. `root` may be changed, as another disk would change it."""

    def __init__(
        self,
        faults: FaultPlan | Mapping[str, BaseException] | None = None,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.faults = FaultPlan.of(faults)
        self.blobs = MemoryBlobStore("uploads", clock=clock)
        self.url = self.blobs.url
        self.problems: list[PipelineError] = []
        self.invalid_names: list[str] = []
        """Names that a listing comes upon and cannot use."""
        self.root = "memory:1"

    def write(self, key: str, data: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Drop an object there, whatever fails: for the set-up of a test."""
        self.blobs.write(key, data, metadata)

    def list(self, after: str | None) -> Iterator[UploadObject]:
        """See `UploadStore.list`."""
        self.faults.check("list", after or "")
        self.problems = [NameInvalid(key=ascii(name)) for name in self.invalid_names]
        for item in self.blobs.list("", after):
            self.faults.check("list.item", item.key)
            yield _upload(item)

    def stream(self, key: str) -> Iterator[bytes]:
        """See `UploadStore.stream`."""
        self.faults.check("stream", key)
        for piece in self.blobs.stream(key):
            self.faults.check("stream.piece", key)
            yield piece

    def head(self, key: str) -> UploadObject:
        """See `UploadStore.head`."""
        self.faults.check("head", key)
        return _upload(self.blobs.head(key))

    def metadata(self, key: str) -> dict[str, str]:
        """See `UploadStore.metadata`."""
        self.faults.check("metadata", key)
        return self.blobs.head(key).metadata

    def read_small(self, key: str, limit: int = SMALL_BYTES) -> bytes:
        """See `UploadStore.read_small`."""
        return join_small(self.stream(key), key, limit)

    def root_identity(self) -> str:
        """See `UploadStore.root_identity`."""
        self.faults.check("root_identity", "")
        return self.root

    def path_of(self, key: str) -> Path | None:
        """None: there is no file."""
        return None

    def put(self, key: str, path: Path) -> None:
        """See `UploadStore.put`."""
        self.faults.check("put", key)
        self.blobs.put_file(key, path)

    def delete(self, key: str) -> None:
        """See `UploadStore.delete`."""
        self.faults.check("delete", key)
        self.blobs.delete(key)


def _upload(item: StoredObject) -> UploadObject:
    return UploadObject(item.key, item.size_bytes, item.etag, item.modified_at)
