"""The contract of upload stores: a folder, memory and S3 behave alike."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileUnreadable, NameInvalid, ObjectGone, OptionsInvalid
from doc_pipeline_tests.storage.conftest import Dropped

NAMES = [
    "plain.txt",
    "a-b",
    "a.txt",
    "a/b",
    "a/b.txt",
    "a/c/d/e.pdf",
    "a0",
    "Straße/Größe.md",
    "Report.pdf",
    "report.pdf",
    "nfc-\u00e9.txt",
    "nfd-e\u0301.txt",
    "new\nline.txt",
    "tab\tand\x7f.txt",
    "comma, \"quote\" and 'quote'.txt",
    "emoji 😀/👩‍👩‍👧.txt",
    "100% #1 ?x=1&y=2 +~*[a]{b}\\.txt",
    "x/" + "/".join(["n" * 200] * 5)[:1022],
    "日本語.txt",
]


def names_for(uploads: Dropped) -> list[str]:
    """All of them; but moto routes no newline (others of the kind, tab and DEL, stay)."""
    return [name for name in NAMES if uploads.kind != "s3" or "\n" not in name]


def test_every_name_that_people_give_files_works(uploads: Dropped) -> None:
    """Names come from users: none may stop the listing or be lost on the way."""
    names = names_for(uploads)
    for name in names:
        uploads.drop(name, name.encode())
    expected = sorted(names, key=str.encode)
    found = list(uploads.store.list(None))
    assert [item.key for item in found] == expected
    assert uploads.store.problems == []
    for item in found:
        assert b"".join(uploads.store.stream(item.key)) == item.key.encode()
        head = uploads.store.head(item.key)
        assert (head.key, head.etag, head.size_bytes) == (item.key, item.etag, item.size_bytes)
        assert abs(head.modified_at - item.modified_at) < timedelta(seconds=1)
        assert head.modified_at.utcoffset() == timedelta(0)


def test_a_listing_goes_on_after_any_key(uploads: Dropped) -> None:
    """A cut tick goes on where it stopped: nothing twice, nothing left out."""
    names = names_for(uploads)
    for name in names:
        uploads.drop(name)
    expected = sorted(names, key=str.encode)
    for number, key in enumerate(expected):
        assert uploads.keys(key) == expected[number + 1 :]
    assert uploads.keys("a/") == uploads.keys("a.txt")
    assert uploads.keys("zzz") == ["日本語.txt"]


def test_an_overwritten_object_has_another_etag(uploads: Dropped) -> None:
    uploads.drop("a", b"one")
    before = uploads.store.head("a").etag
    uploads.drop("a", b"three")
    assert uploads.store.head("a").etag != before


def test_what_is_not_there_is_gone(uploads: Dropped) -> None:
    uploads.drop("a/b")
    for key in ("gone", "a", "a/b/c", "gone\t"):
        with pytest.raises(ObjectGone):
            uploads.store.head(key)
        with pytest.raises(ObjectGone):
            list(uploads.store.stream(key))
    with pytest.raises(ObjectGone):
        uploads.store.read_small("gone.meta.json")


def test_keys_cannot_lead_out(uploads: Dropped) -> None:
    for key in ("../x", "a/../../x", "/etc/passwd", ""):
        for verb in (uploads.store.head, uploads.store.read_small, uploads.store.delete):
            with pytest.raises(NameInvalid):
                verb(key)


def test_metadata_comes_as_the_user_wrote_it(uploads: Dropped) -> None:
    """On a folder there is none: sidecars say it there."""
    uploads.drop("a.pdf", b"1", {"owner": "ann", "language": "de"})
    uploads.drop("b.pdf", b"")
    said = {} if uploads.kind == "file" else {"owner": "ann", "language": "de"}
    assert uploads.store.metadata("a.pdf") == said
    assert uploads.store.metadata("b.pdf") == {}


def test_a_sidecar_is_read_up_to_its_limit(uploads: Dropped) -> None:
    uploads.drop("a.meta.json", b"{}" + b" " * (64 * 1024 - 2))
    assert len(uploads.store.read_small("a.meta.json")) == 64 * 1024
    uploads.drop("dir/a.meta.json", b" " * (64 * 1024 + 1))
    with pytest.raises(OptionsInvalid, match=r"a\.meta\.json.*larger than 64 KiB"):
        uploads.store.read_small("dir/a.meta.json")


def test_people_add_and_delete_files(uploads: Dropped, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"new")
    for key in ("sub/folder/new.txt", "new\tline"):
        uploads.store.put(key, source)
        assert uploads.store.read_small(key) == b"new"
    assert uploads.keys() == ["new\tline", "sub/folder/new.txt"]
    source.write_bytes(b"newer")
    uploads.store.put("sub/folder/new.txt", source)
    assert uploads.store.read_small("sub/folder/new.txt") == b"newer"
    for _ in range(2):
        uploads.store.delete("sub/folder/new.txt")
        uploads.store.delete("new\tline")
    assert uploads.keys() == []
    with pytest.raises(FileUnreadable):
        uploads.store.put("x", tmp_path / "missing")
    assert source.exists()


def test_the_root_stays_the_same(uploads: Dropped) -> None:
    before = uploads.store.root_identity()
    uploads.drop("a")
    assert uploads.store.root_identity() == before
