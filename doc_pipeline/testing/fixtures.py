"""pytest fixtures for users of the package: `pytest_plugins = ["doc_pipeline.testing.fixtures"]`.

Needs the extra `testing`. Every fixture is new for each test and leaves nothing behind.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline.storage.blobs import BlobStore, open_blob_store
from doc_pipeline.storage.uploads import UploadStore, open_upload_store
from doc_pipeline.testing.stores import MemoryBlobStore, MemoryUploadStore


@pytest.fixture
def memory_blobs() -> MemoryBlobStore:
    """An artifact store in memory; let it fail with `memory_blobs.faults.fail(…)`."""
    return MemoryBlobStore()


@pytest.fixture
def memory_uploads() -> MemoryUploadStore:
    """An upload store in memory; fill it with `memory_uploads.write(key, data)`."""
    return MemoryUploadStore()


@pytest.fixture
def upload_folder(tmp_path: Path) -> Path:
    """A folder to drop files into; `folder_uploads` reads it."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def folder_uploads(upload_folder: Path) -> UploadStore:
    """The upload store over `upload_folder`."""
    return open_upload_store(upload_folder.as_uri())


@pytest.fixture
def folder_blobs(tmp_path: Path) -> BlobStore:
    """An artifact store in a folder of its own."""
    return open_blob_store((tmp_path / "artifacts").as_uri(), "artifacts")
