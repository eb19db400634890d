"""Opening: another model, a newer schema, a missing folder, races, and what errors become."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from doc_pipeline.domain.errors import DiskFull, IndexUnavailable, ModelMismatch, SchemaNewer
from doc_pipeline.index import tables
from doc_pipeline.index.chunk_index import ChunkIndex, open_index
from doc_pipeline.index.tables import chunk_schema, commit, name_error
from doc_pipeline_tests.index.conftest import DIMENSIONS, MODEL, find, open_test_index, put, rows_of


def files_of(folder: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("wanted", [{"model_id": "openai/other"}, {"dimensions": 32}])
def test_another_model_is_refused_and_nothing_is_touched(
    tmp_path: Path, wanted: dict[str, object]
) -> None:
    put(open_test_index(tmp_path), rows_of("a", ["one"]))
    before = files_of(tmp_path)
    with pytest.raises(ModelMismatch, match="hashing@1 \\(64 dimensions\\)"):
        open_test_index(tmp_path, **wanted)
    assert files_of(tmp_path) == before


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    put(open_test_index(tmp_path), rows_of("a", ["one"]))
    before = files_of(tmp_path)
    assert find(open_test_index(tmp_path), "one") == ["one"]
    assert find(open_test_index(tmp_path, create=False), "one") == ["one"]
    assert files_of(tmp_path) == before


def test_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SCHEMA_VERSION", 2)
    open_test_index(tmp_path)
    monkeypatch.undo()
    with pytest.raises(SchemaNewer):
        open_test_index(tmp_path)


def test_the_tables_say_their_model_through_commits_and_upkeep(index: ChunkIndex) -> None:
    put(index, rows_of("a", ["one"]))
    index.upkeep()
    assert index._chunks.schema.metadata[b"doc_pipeline.model"] == MODEL.encode()


def test_the_key_is_declared_and_has_no_index(index: ChunkIndex) -> None:
    """Either of the two missing lets racing writers insert silent duplicates."""
    metadata = index._chunks.schema.field("chunk_id").metadata
    assert metadata[b"lance-schema:unenforced-primary-key:position"] == b"1"
    indexed = {column for each in index._chunks.list_indices() for column in each.columns}
    assert indexed == {"document_id", "ranked_text"}


def test_missing_is_not_created_when_not_asked(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable):
        open_test_index(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "lancedb").mkdir()
    with pytest.raises(IndexUnavailable):
        open_test_index(tmp_path, create=False)


def test_a_table_without_its_indexes_gets_them(tmp_path: Path) -> None:
    """A process that died between creating the table and its indexes leaves this behind."""
    database = tables.connect((tmp_path / "lancedb").as_uri(), None, create=True)
    database.create_table("chunks", schema=chunk_schema(MODEL, DIMENSIONS))
    index = open_test_index(tmp_path)
    put(index, rows_of("a", ["walrus"]))
    assert find(index, "walrus", "text") == ["walrus"]


@pytest.mark.parametrize("name", ["with space", "100%", "naïve-文"])
def test_folders_with_odd_names(tmp_path: Path, name: str) -> None:
    """A file URL is percent-encoded; the folder on disk is not."""
    folder = tmp_path / name
    put(open_test_index(folder), rows_of("a", ["one"]))
    assert (folder / "lancedb" / "chunks.lance").is_dir()


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "lancedb").write_text("not a folder")
    with pytest.raises(IndexUnavailable):
        open_test_index(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "lancedb").mkdir(mode=0o500)
    with pytest.raises(IndexUnavailable):
        open_test_index(tmp_path)


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    index = open_test_index(tmp_path)
    put(index, rows_of("a", ["one"]))
    for manifest in (tmp_path / "lancedb" / "chunks.lance" / "_versions").iterdir():
        manifest.write_bytes(b"garbage")
    with pytest.raises(IndexUnavailable):
        open_test_index(tmp_path)


def test_a_folder_that_vanishes_is_named(tmp_path: Path) -> None:
    import shutil

    index = open_test_index(tmp_path)
    shutil.rmtree(tmp_path / "lancedb")
    with pytest.raises(IndexUnavailable):
        index.count_rows()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull),
        (RuntimeError("lance error: IO: No space left on device (os error 28)"), DiskFull),
        (RuntimeError("lance error: something else"), IndexUnavailable),
        (ValueError("Not found"), IndexUnavailable),
    ],
)
def test_errors_get_their_names(error: Exception, expected: type) -> None:
    assert type(name_error(error)) is expected


def test_a_commit_is_tried_again_after_a_conflict_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables.time, "sleep", lambda _: None)
    tries: list[int] = []

    def lose(times: int) -> Any:
        tries.append(1)
        if len(tries) <= times:
            raise RuntimeError("lance error: Retryable commit conflict for version 7")
        return "done"

    assert commit(lambda: lose(3)) == "done"
    tries.clear()
    with pytest.raises(IndexUnavailable):
        commit(lambda: lose(1000))
    assert len(tries) < 20
    tries.clear()

    def fail() -> None:
        tries.append(1)
        raise RuntimeError("lance error: disk on fire")

    with pytest.raises(IndexUnavailable):
        commit(fail)
    assert len(tries) == 1


@pytest.mark.heavy
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """A file system of 1 MiB, where this user may mount one."""
    import subprocess

    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if mount.returncode != 0:
        pytest.skip("this user may not mount a small file system")
    try:
        index = open_index((tmp_path / "lancedb").as_uri(), model_id=MODEL, dimensions=DIMENSIONS)
        with pytest.raises(DiskFull):
            for i in range(100):
                put(index, rows_of(f"d{i}", [f"{os.urandom(2000).hex()} {k}" for k in range(10)]))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
