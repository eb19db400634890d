"""The contract of blob stores: a folder, memory and S3 behave alike."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import (
    DiskFull,
    FileUnreadable,
    NameInvalid,
    ObjectGone,
    StoreRefused,
    StoreUnavailable,
)
from doc_pipeline.storage.blobs import PIECE_BYTES, BlobStore, open_blob_store

KEYS = ["receive/b-1/1/f/raw", "a", "a-b/x", "a.b", "b/é", "b/e\u0301", "b/😀 ,'\"%20.txt", "b/Z"]


def test_what_is_written_is_read_back(blobs: BlobStore) -> None:
    blobs.put("extract/doc/1/f/text.txt", b"one")
    blobs.put("extract/doc/1/f/text.txt", b"two")
    assert blobs.get("extract/doc/1/f/text.txt") == b"two"
    assert blobs.exists("extract/doc/1/f/text.txt")
    assert not blobs.exists("extract/doc/1/f")
    assert not blobs.exists("extract/doc/2")


def test_head_says_size_time_and_etag_without_quotes(blobs: BlobStore) -> None:
    """Quotes in an etag have made every object look changed before."""
    blobs.put("a/b", b"12345")
    found = blobs.head("a/b")
    assert (found.key, found.size_bytes) == ("a/b", 5)
    assert found.etag
    assert '"' not in found.etag
    assert found.modified_at.utcoffset() == timedelta(0)
    assert abs(found.modified_at - datetime.now(UTC)) < timedelta(days=1)
    assert next(iter(blobs.list())).etag == found.etag


def test_a_missing_object_is_gone_by_every_verb(blobs: BlobStore, tmp_path: Path) -> None:
    blobs.put("there/x", b"1")
    for key in ("gone", "there", "there/x/y"):
        with pytest.raises(ObjectGone):
            blobs.get(key)
        with pytest.raises(ObjectGone):
            blobs.head(key)
        with pytest.raises(ObjectGone):
            next(iter(blobs.stream(key)))
        with pytest.raises(ObjectGone), blobs.local_copy(key, tmp_path):
            pass
        assert not blobs.exists(key)


def test_a_name_that_cannot_be_is_refused(blobs: BlobStore) -> None:
    for key in ("", "../x", "a/../b", "a//b", "/a", "a/", "x" * 1025, "a\0b"):
        with pytest.raises(NameInvalid):
            blobs.put(key, b"1")
        for verb in (blobs.get, blobs.head, blobs.exists, blobs.delete):
            with pytest.raises(NameInvalid):
                verb(key)
    assert list(blobs.list()) == []


def test_delete_is_idempotent(blobs: BlobStore) -> None:
    """A removal that was cut must be able to run again."""
    blobs.put("a/b", b"1")
    for _ in range(2):
        blobs.delete("a/b")
    assert not blobs.exists("a/b")


def test_list_is_sorted_by_bytes_and_goes_on_after_any_key(blobs: BlobStore) -> None:
    shuffled = list(KEYS)
    random.Random(1).shuffle(shuffled)
    for key in shuffled:
        blobs.put(key, key.encode())
    expected = sorted(KEYS, key=str.encode)
    listed = list(blobs.list())
    assert [item.key for item in listed] == expected
    assert [item.size_bytes for item in listed] == [len(key.encode()) for key in expected]
    for number, key in enumerate(expected):
        assert [item.key for item in blobs.list(after=key)] == expected[number + 1 :]


def test_a_prefix_counts_in_whole_parts(blobs: BlobStore) -> None:
    """Deleting the artifacts of `report-1` must not touch those of `report-12`."""
    for key in ("x/report-1/a", "x/report-1/b/c", "x/report-12/a", "y"):
        blobs.put(key, b"1")
    assert [item.key for item in blobs.list("x/report-1")] == ["x/report-1/a", "x/report-1/b/c"]
    assert [item.key for item in blobs.list("x/report-1/")] == ["x/report-1/a", "x/report-1/b/c"]
    assert [item.key for item in blobs.list("x/report-1", after="x/report-1/a")] == [
        "x/report-1/b/c"
    ]
    assert list(blobs.list("nowhere")) == []
    assert blobs.delete_prefix("x/report-1") == 2
    assert blobs.delete_prefix("x/report-1") == 0
    assert [item.key for item in blobs.list()] == ["x/report-12/a", "y"]
    with pytest.raises(NameInvalid):
        blobs.delete_prefix("")


def test_large_objects_come_in_pieces(blobs: BlobStore, tmp_path: Path) -> None:
    """Nothing above 16 MiB is ever in memory whole."""
    source = tmp_path / "big"
    data = random.Random(2).randbytes(20 * 1024 * 1024 + 3)
    source.write_bytes(data)
    blobs.put_file("big/raw", source)
    pieces = list(blobs.stream("big/raw"))
    assert max(map(len, pieces)) <= PIECE_BYTES
    assert b"".join(pieces) == data
    folder = tmp_path / "copies"
    folder.mkdir()
    with blobs.local_copy("big/raw", folder) as path:
        assert path.read_bytes() == data
    assert list(folder.iterdir()) == []
    assert blobs.exists("big/raw")


def test_empty_and_missing_files(blobs: BlobStore, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    blobs.put_file("empty", empty)
    assert b"".join(blobs.stream("empty")) == b""
    assert blobs.head("empty").size_bytes == 0
    assert [item.key for item in blobs.list()] == ["empty"]
    with pytest.raises(FileUnreadable, match="missing"):
        blobs.put_file("x", tmp_path / "missing")
    with pytest.raises(FileUnreadable):
        blobs.put_file("x", tmp_path)
    assert not blobs.exists("x")


# -- folders -------------------------------------------------------------------------------------


def test_a_folder_gives_its_own_file(tmp_path: Path) -> None:
    """Copying every raw file once more would double the work on the disk."""
    blobs = open_blob_store((tmp_path / "b").as_uri(), "artifacts")
    blobs.put("receive/x/raw", b"1")
    with blobs.local_copy("receive/x/raw", tmp_path) as path:
        assert path == tmp_path / "b" / "receive/x/raw"


def test_a_folder_that_vanishes_is_the_stores_fault(tmp_path: Path) -> None:
    """Obstore would list it as empty, and make it anew when writing: documents would be lost."""
    folder = tmp_path / "b"
    blobs = open_blob_store(folder.as_uri(), "artifacts")
    folder.rmdir()
    with pytest.raises(StoreUnavailable):
        blobs.put("x", b"1")
    with pytest.raises(StoreUnavailable):
        blobs.get("x")
    with pytest.raises(StoreUnavailable):
        blobs.exists("x")
    with pytest.raises(StoreUnavailable):
        list(blobs.list())
    with pytest.raises(StoreUnavailable):
        blobs.delete("x")
    assert not folder.exists()
    with pytest.raises(StoreUnavailable):
        open_blob_store(folder.as_uri(), "artifacts", create=False)
    folder.touch()
    with pytest.raises(StoreUnavailable):
        open_blob_store(folder.as_uri(), "artifacts")


def test_a_key_below_a_file_cannot_be(tmp_path: Path) -> None:
    """Folders cannot hold both `a` and `a/b`; the second is told so, the first stays."""
    blobs = open_blob_store(tmp_path.as_uri(), "artifacts")
    blobs.put("a", b"1")
    blobs.put("d/e", b"1")
    for key in ("a/b", "d", "left#1", "x" * 300):
        with pytest.raises(NameInvalid):
            blobs.put(key, b"2")
    assert [item.key for item in blobs.list()] == ["a", "d/e"]


def test_permissions_are_refusals(open_folder: Path, request: pytest.FixtureRequest) -> None:
    folder = open_folder / "b"
    blobs = open_blob_store(folder.as_uri(), "artifacts")
    blobs.put("secret", b"1")
    (folder / "secret").chmod(0)
    folder.chmod(0o555)
    request.getfixturevalue("other_user")
    with pytest.raises(StoreRefused):
        blobs.get("secret")
    with pytest.raises(StoreRefused):
        blobs.put("x", b"1")
    with pytest.raises(StoreRefused):
        open_blob_store((folder / "new").as_uri(), "artifacts")


def test_a_full_disk_has_its_own_name(tiny_disk: Path, tmp_path: Path) -> None:
    blobs = open_blob_store((tiny_disk / "b").as_uri(), "artifacts")
    source = tmp_path / "big"
    source.write_bytes(b"x" * 20_000_000)
    with pytest.raises(DiskFull):
        blobs.put("small", b"x" * 200_000)
    with pytest.raises(DiskFull):
        blobs.put_file("big", source)
    assert list(blobs.list()) == []
    blobs.put("fits", b"x")
    assert [path.name for path in (tiny_disk / "b").iterdir()] == ["fits"]


@pytest.fixture
def tiny_disk(tmp_path: Path):
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


KILLED = """
import resource, signal, sys
from pathlib import Path
from doc_pipeline.storage.blobs import open_blob_store
blobs = open_blob_store(sys.argv[1], "artifacts")
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
if sys.argv[2] == "file":
    blobs.put_file("a/raw", Path(sys.argv[3]))
else:
    blobs.put("a/raw", Path(sys.argv[3]).read_bytes())
"""


@pytest.mark.parametrize("way", ["file", "bytes"])
def test_a_killed_write_leaves_nothing_under_the_key(tmp_path: Path, way: str) -> None:
    """The kernel kills the writer in the middle, by a limit on the size of files."""
    folder, source = tmp_path / "b", tmp_path / "source"
    blobs = open_blob_store(folder.as_uri(), "artifacts")
    blobs.put("a/other", b"1")
    source.write_bytes(b"x" * 20_000_000)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, folder.as_uri(), way, str(source)],
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGXFSZ, killed.stderr
    assert not blobs.exists("a/raw")
    assert [item.key for item in blobs.list()] == ["a/other"]
    blobs.put_file("a/raw", source)
    assert blobs.head("a/raw").size_bytes == 20_000_000
    blobs.delete_prefix("a")
    assert not (folder / "a").exists(), "a purge takes what the killed write left"
