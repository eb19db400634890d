"""The upload folder: everything that people and disks do to it."""

from __future__ import annotations

import errno
import io
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doc_pipeline.domain.errors import (
    DiskFull,
    FileUnreadable,
    NameInvalid,
    ObjectGone,
    StoreRefused,
    StoreUnavailable,
)
from doc_pipeline.storage.folder_uploads import FolderUploads
from doc_pipeline.storage.uploads import open_upload_store


def opened(folder: Path) -> FolderUploads:
    return FolderUploads(folder)


def keys_of(store: FolderUploads, after: str | None = None) -> list[str]:
    return [item.key for item in store.list(after)]


def test_symlinks_and_odd_files_are_not_followed(tmp_path: Path) -> None:
    """A link could lead to any file of the machine, or round in a circle."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "passwords.txt").write_text("x")
    root = tmp_path / "uploads"
    root.mkdir()
    (root / "real.txt").write_text("x")
    (root / "file-link").symlink_to(root / "real.txt")
    (root / "folder-link").symlink_to(tmp_path / "secret")
    (root / "circle").symlink_to(root)
    os.mkfifo(root / "pipe")
    store = opened(root)
    assert keys_of(store) == ["real.txt"]
    assert store.problems == []
    for key in ("file-link", "folder-link/passwords.txt", "circle/real.txt", "pipe"):
        with pytest.raises(ObjectGone):
            store.head(key)
        with pytest.raises(ObjectGone):
            next(iter(store.stream(key)))
    store.delete("folder-link/passwords.txt")
    assert (tmp_path / "secret" / "passwords.txt").exists()
    with pytest.raises(ObjectGone):
        store.put("folder-link/new", root / "real.txt")


def test_the_root_itself_may_be_a_symlink(tmp_path: Path) -> None:
    """The administrator chose it, and shares are often mounted so."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("x")
    (tmp_path / "uploads").symlink_to(tmp_path / "real")
    store = opened(tmp_path / "uploads")
    assert keys_of(store) == ["a"]
    assert store.read_small("a") == b"x"


def test_names_that_no_key_can_hold_are_told_and_the_others_go_on(tmp_path: Path) -> None:
    """One file of an old archive with Latin-1 names must not stop everybody's uploads."""
    for name in (b"caf\xe9.txt", b"good.txt", b"d\xff/inner.txt", b"d/good.txt"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    deep = tmp_path.joinpath(*["n" * 250] * 4)
    deep.mkdir(parents=True)
    (deep / ("f" * 20)).write_text("x")
    (deep / ("f" * 21)).write_text("x")
    store = opened(tmp_path)
    assert keys_of(store) == ["d/good.txt", "good.txt", "/".join(["n" * 250] * 4 + ["f" * 20])]
    assert [type(problem) for problem in store.problems] == [NameInvalid] * 3
    assert r"caf\udce9.txt" in store.problems[0].sentence
    assert r"d\udcff" in store.problems[1].sentence
    assert all(problem.sentence.isprintable() for problem in store.problems)
    assert len(keys_of(store)) == 3
    assert len(store.problems) == 3, "each listing begins anew"


def test_an_unreadable_file_is_listed_and_told_when_read(
    open_folder: Path, request: pytest.FixtureRequest
) -> None:
    (open_folder / "closed.txt").write_text("x")
    (open_folder / "closed.txt").chmod(0)
    (open_folder / "open.txt").write_text("x")
    request.getfixturevalue("other_user")
    store = opened(open_folder)
    assert keys_of(store) == ["closed.txt", "open.txt"]
    with pytest.raises(FileUnreadable, match=r"closed\.txt"):
        next(iter(store.stream("closed.txt")))
    assert store.read_small("open.txt") == b"x"


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o100])
def test_an_unreadable_folder_is_told_once_and_the_others_go_on(
    open_folder: Path, request: pytest.FixtureRequest, mode: int
) -> None:
    """Its key ends with a slash: what is below is unknown, not gone."""
    closed = open_folder / "closed"
    closed.mkdir()
    for number in range(3):
        (closed / f"{number}.txt").write_text("x")
    (open_folder / "open.txt").write_text("x")
    closed.chmod(mode)
    request.getfixturevalue("other_user")
    store = opened(open_folder)
    assert keys_of(store) == ["open.txt"]
    assert [problem.fields["key"] for problem in store.problems] == ["closed/"]
    assert isinstance(store.problems[0], FileUnreadable)
    if mode == 0:
        with pytest.raises(FileUnreadable):
            store.head("closed/0.txt")


def test_a_closed_root_is_refused(open_folder: Path, request: pytest.FixtureRequest) -> None:
    root = open_folder / "uploads"
    root.mkdir(mode=0o000)
    request.getfixturevalue("other_user")
    with pytest.raises(StoreRefused):
        keys_of(opened(root))
    with pytest.raises(StoreRefused):
        open_upload_store((open_folder / "new").as_uri())
    with pytest.raises(StoreRefused):
        open_upload_store((root / "below").as_uri())


# -- folders that vanish ---------------------------------------------------------------------------


def test_a_root_that_vanishes_is_the_stores_fault(tmp_path: Path) -> None:
    """An error, never an empty listing: an empty listing deletes documents."""
    root = tmp_path / "uploads"
    root.mkdir()
    (root / "a").write_text("x")
    store = opened(root)
    shutil.rmtree(root)
    for call in (
        lambda: keys_of(store),
        lambda: store.head("a"),
        lambda: store.read_small("a"),
        store.root_identity,
        lambda: store.put("a", Path(__file__)),
        lambda: open_upload_store(root.as_uri(), create=False),
    ):
        with pytest.raises(StoreUnavailable, match="uploads"):
            call()
    assert not root.exists()
    root.touch()
    with pytest.raises(StoreUnavailable):
        store.root_identity()
    with pytest.raises(StoreUnavailable):
        open_upload_store(root.as_uri())


def test_a_root_that_vanishes_in_the_middle_of_a_listing(tmp_path: Path) -> None:
    root = tmp_path / "uploads"
    for name in ("a/1", "b/1", "c/1"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("x")
    listing = opened(root).list(None)
    assert next(listing).key == "a/1"
    shutil.rmtree(root)
    with pytest.raises(StoreUnavailable):
        list(listing)


def test_another_disk_in_the_middle_of_a_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unmounted while we look, the mount point is a folder like any other, only empty."""
    (tmp_path / "a").write_text("x")
    store = opened(tmp_path)
    identities = iter(["dev:1", "dev:2"])
    monkeypatch.setattr(store, "root_identity", lambda: next(identities))
    with pytest.raises(StoreUnavailable):
        keys_of(store)


def test_what_is_deleted_in_the_middle_of_a_listing_is_left_out(tmp_path: Path) -> None:
    for name in ("a", "b", "c/1", "d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    store = opened(tmp_path)
    listing = store.list(None)
    assert next(listing).key == "a"
    (tmp_path / "b").unlink()
    shutil.rmtree(tmp_path / "c")
    assert [item.key for item in listing] == ["d"]
    assert store.problems == []


def test_a_failing_disk_is_the_stores_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the device or the network share is no fault of the file."""
    (tmp_path / "a").write_text("x")
    store = opened(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", fail)
        with pytest.raises(StoreUnavailable):
            keys_of(store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", fail)
        with pytest.raises(StoreUnavailable):
            keys_of(store)
        with pytest.raises(StoreUnavailable):
            store.head("a")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(StoreUnavailable):
            store.read_small("a")


def test_an_error_in_the_middle_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel fails this read for real: process memory has no page at address 0."""
    (tmp_path / "a").write_text("x")
    store = opened(tmp_path)
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    store._open = lambda key: memory  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        list(store.stream("a"))


# -- adding files ----------------------------------------------------------------------------------


def test_a_full_disk_when_adding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half written stays, and the old file is whole."""
    root, source = tmp_path / "uploads", tmp_path / "source"
    root.mkdir()
    source.write_text("new")
    store = opened(root)
    (root / "a").write_text("old")

    def fail(_source: io.BufferedReader, file: io.BufferedWriter, _size: int) -> None:
        file.write(b"ne")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fail)
    with pytest.raises(DiskFull):
        store.put("a", source)
    assert [(path.name, path.read_text()) for path in root.iterdir()] == [("a", "old")]


def test_an_added_file_is_listed_only_when_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, source = tmp_path / "uploads", tmp_path / "source"
    root.mkdir()
    source.write_text("new")
    store = opened(root)
    seen: list[list[str]] = []

    def look(_source: io.BufferedReader, file: io.BufferedWriter, _size: int) -> None:
        seen.append(keys_of(store))
        file.write(b"new")

    monkeypatch.setattr(shutil, "copyfileobj", look)
    store.put("a", source)
    assert seen == [[]]
    assert keys_of(store) == ["a"]
    umask = os.umask(0)
    os.umask(umask)
    assert (root / "a").stat().st_mode & 0o777 == 0o666 & ~umask, "others may need to read it"


def test_names_that_the_folder_cannot_hold(tmp_path: Path) -> None:
    root, source = tmp_path / "uploads", tmp_path / "source"
    (root / "folder").mkdir(parents=True)
    (root / "file").write_text("old")
    source.write_text("new")
    store = opened(root)
    for key in ("folder", "file/below", "x" * 256, "\udce9"):
        with pytest.raises(NameInvalid):
            store.put(key, source)
    assert sorted(path.name for path in root.iterdir()) == ["file", "folder"]


def test_the_identity_is_the_device_not_the_folder(tmp_path: Path) -> None:
    """A folder that was made anew on the same disk is the same store."""
    root = tmp_path / "uploads"
    root.mkdir()
    before = opened(root).root_identity()
    root.rmdir()
    root.mkdir()
    assert opened(root).root_identity() == before == f"dev:{tmp_path.stat().st_dev}"


# -- order -----------------------------------------------------------------------------------------

PARTS = st.text(st.sampled_from("ab.-0é\U0001f600 \n"), min_size=1, max_size=3).filter(
    lambda part: part not in {".", ".."}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.lists(PARTS, min_size=1, max_size=3).map("/".join), max_size=12))
def test_any_tree_is_listed_by_the_bytes_of_its_keys(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    """The cut of a tick and the search for what is gone both stand on this order."""
    root = tmp_path_factory.mktemp("tree")
    made: list[str] = []
    for name in sorted(names):
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
        except OSError:
            continue
        made.append(name)
    store = opened(root)
    expected = sorted(made, key=str.encode)
    assert keys_of(store) == expected
    for number, key in enumerate(expected):
        assert keys_of(store, key) == expected[number + 1 :]


def test_percent_signs_in_the_url_are_read(tmp_path: Path) -> None:
    root = tmp_path / "up loads #1?ü%41"
    store = open_upload_store(root.as_uri())
    assert root.is_dir()
    assert store.url == root.as_uri()
    (root / "a").write_text("x")
    assert store.path_of("a") == root / "a"
