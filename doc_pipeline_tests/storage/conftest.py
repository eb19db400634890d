"""Every kind of store, so that one test holds them all to the same contract."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from doc_pipeline.storage.blobs import BlobStore, open_blob_store
from doc_pipeline.storage.uploads import UploadStore, open_upload_store
from doc_pipeline.testing import MemoryBlobStore, MemoryUploadStore
from doc_pipeline_tests.servers.s3 import S3Server, s3_bucket, s3_server

__all__ = ["s3_bucket", "s3_server"]

KINDS = ["file", "memory", pytest.param("s3", marks=pytest.mark.heavy)]


@pytest.fixture(params=KINDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty blob store of each kind."""
    if request.param == "memory":
        return MemoryBlobStore()
    if request.param == "file":
        return open_blob_store((tmp_path / "blobs %41").as_uri(), "artifacts")
    server: S3Server = request.getfixturevalue("s3_server")
    url = f"s3://{server.make_bucket()}/some/prefix"
    return open_blob_store(url, "artifacts", server.credentials)


@dataclass
class Dropped:
    """An upload store, and a way for users to drop files into it behind its back."""

    store: UploadStore
    kind: str
    folder: Path
    server: S3Server | None = None
    bucket: str = ""

    def drop(self, key: str, data: bytes = b"x", metadata: Mapping[str, str] | None = None) -> None:
        if isinstance(self.store, MemoryUploadStore):
            self.store.write(key, data, metadata)
        elif self.server is not None:
            self.server.client.put_object(
                Bucket=self.bucket, Key=f"in/{key}", Body=data, Metadata=metadata or {}
            )
        else:
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def keys(self, after: str | None = None) -> list[str]:
        return [item.key for item in self.store.list(after)]


@pytest.fixture(params=KINDS)
def uploads(request: pytest.FixtureRequest, tmp_path: Path) -> Dropped:
    """An empty upload store of each kind."""
    if request.param == "memory":
        return Dropped(MemoryUploadStore(), "memory", tmp_path)
    if request.param == "file":
        folder = tmp_path / "uploads"
        return Dropped(open_upload_store(folder.as_uri()), "file", folder)
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.make_bucket()
    store = open_upload_store(f"s3://{bucket}/in", server.credentials)
    return Dropped(store, "s3", tmp_path, server, bucket)


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that another user may enter: pytest's own is closed to all but its owner."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def other_user() -> Generator[None]:
    """Without the powers of root, which no permission stops. To be asked for last."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
