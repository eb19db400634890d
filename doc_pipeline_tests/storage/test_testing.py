"""What `doc_pipeline.testing` promises to those who test with it: faults when they say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline.domain.errors import DiskFull, ObjectGone, StoreRefused, StoreUnavailable
from doc_pipeline.storage.blobs import BlobStore
from doc_pipeline.storage.uploads import UploadStore
from doc_pipeline.testing import FaultPlan, MemoryBlobStore, MemoryUploadStore
from doc_pipeline.testing.fixtures import (
    folder_blobs,
    folder_uploads,
    memory_blobs,
    memory_uploads,
    upload_folder,
)

__all__ = ["folder_blobs", "folder_uploads", "memory_blobs", "memory_uploads", "upload_folder"]


def test_a_store_that_refuses_one_document_until_it_answers_again() -> None:
    """The story of the stack test: nine go well, one fails, then all is mended."""
    blobs = MemoryBlobStore()
    blobs.faults.fail("put", StoreRefused(store="artifacts", key="x"), keys="*/bad-*")
    blobs.put("extract/good-1/text", b"1")
    with pytest.raises(StoreRefused):
        blobs.put("extract/bad-2/text", b"1")
    assert list(blobs.data) == ["extract/good-1/text"]
    blobs.faults.clear()
    blobs.put("extract/bad-2/text", b"1")
    assert blobs.faults.count("put") == 3
    assert blobs.faults.calls[0] == ("put", "extract/good-1/text")


def test_faults_by_number_of_calls() -> None:
    away = StoreUnavailable(store="artifacts", key="x")
    blobs = MemoryBlobStore(faults=FaultPlan().fail("get", away, after_calls=1, times=2))
    blobs.put("x", b"1")
    assert blobs.get("x") == b"1"
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            blobs.get("x")
    assert blobs.get("x") == b"1"


def test_faults_as_a_mapping_and_for_every_operation(tmp_path: Path) -> None:
    blobs = MemoryBlobStore(faults={"put_file": DiskFull(store="artifacts")})
    with pytest.raises(DiskFull):
        blobs.put_file("x", tmp_path)
    away = MemoryBlobStore(faults={"*": StoreUnavailable(store="artifacts", key="x")})
    for call in (away.list("").__next__, lambda: away.exists("x"), lambda: away.head("x")):
        with pytest.raises(StoreUnavailable):
            call()


def test_faults_in_the_middle_of_a_stream_and_a_listing() -> None:
    away = StoreUnavailable(store="uploads", key="x")
    uploads = MemoryUploadStore(FaultPlan().fail("stream.piece", away, after_calls=1))
    uploads.write("big", b"x" * 20_000_000)
    pieces = uploads.stream("big")
    assert next(pieces)
    with pytest.raises(StoreUnavailable):
        next(pieces)
    uploads.faults.fail("list.item", away, keys="c")
    for key in "cab":
        uploads.write(key, b"1")
    listing = uploads.list(None)
    assert [next(listing).key for _ in range(3)] == ["a", "b", "big"]
    with pytest.raises(StoreUnavailable):
        next(listing)


def test_uploads_in_memory_can_change_disk_and_hold_bad_names() -> None:
    uploads = MemoryUploadStore()
    before = uploads.root_identity()
    uploads.root = "memory:2"
    assert uploads.root_identity() != before
    uploads.invalid_names.append("caf\udce9")
    assert list(uploads.list(None)) == []
    assert [problem.code for problem in uploads.problems] == ["NAME_INVALID"]
    assert uploads.problems[0].sentence.isprintable()


def test_the_fixtures(
    memory_blobs: BlobStore,
    memory_uploads: UploadStore,
    folder_blobs: BlobStore,
    folder_uploads: UploadStore,
    upload_folder: Path,
) -> None:
    (upload_folder / "a").write_text("x")
    assert [item.key for item in folder_uploads.list(None)] == ["a"]
    assert list(memory_uploads.list(None)) == []
    for blobs in (memory_blobs, folder_blobs):
        with pytest.raises(ObjectGone):
            blobs.get("a")
