"""Archives: a list that is found by search, files for documents, and every way a zip can lie."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import (
    FileCorrupt,
    FileEncrypted,
    NoTextFound,
    OverLimit,
    PasswordWrong,
    PipelineError,
)
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.archives import extract_zip
from doc_pipeline.extraction.registry import extract_file
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline_tests.extraction.zip_files import aes_zip, locked_zip, plain_zip


def _extract(
    folder: Path, data: bytes, password: str | None = None, depth: int = 0, **limits: int
) -> Draft:
    path = folder / "raw"
    path.write_bytes(data)
    request = ExtractRequest(
        "zip", "in/all.zip", password=password, folder=folder, depth=depth, limits=Limits(**limits)
    )
    return extract_zip(path, request)


def test_list_and_files(tmp_path: Path) -> None:
    draft = _extract(tmp_path, plain_zip({"2024/a.txt": b"words", "b.exe": b"MZ" * 1000}))
    assert [(e.type, e.text) for e in draft.elements] == [
        ("Title", "all.zip"),
        ("ListItem", "2024/a.txt, 5 bytes"),
        ("ListItem", "b.exe, 2.0 KB"),
    ]
    assert [(a.name, a.size_bytes) for a in draft.attachments] == [
        ("2024/a.txt", 5),
        ("b.exe", 2000),
    ]
    assert (tmp_path / draft.attachments[0].file).read_bytes() == b"words"
    assert draft.warnings == ()


def test_what_systems_put_in_is_left_aside(tmp_path: Path) -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.mkdir("folder")
        for name in ("__MACOSX/._a.txt", "x/.DS_Store", "Thumbs.db", "folder/a.txt"):
            archive.writestr(name, b"x")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
    draft = _extract(tmp_path, memory.getvalue())
    assert [a.name for a in draft.attachments] == ["folder/a.txt"]


def test_names_never_leave_the_folder(tmp_path: Path) -> None:
    files = {"../../up.txt": b"1", "/root.txt": b"2", "C:\\win.txt": b"3", "up.txt": b"4"}
    draft = _extract(tmp_path, plain_zip(files))
    assert [a.name for a in draft.attachments] == ["up.txt", "root.txt", "win.txt", "up~2.txt"]
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "attachments"}


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        ("Größe.txt", "cp437"),
        ("Größe.txt", "cp1252"),
        ("Größe.txt", "utf-8"),
        ("Список документов.txt", "cp866"),
        ("Список документов.txt", "utf-8"),
        ("文件清单目录.txt", "gb18030"),
        ("書類の一覧です.txt", "cp932"),
    ],
)
def test_names_without_the_flag_of_unicode(tmp_path: Path, name: str, charset: str) -> None:
    raw = name.encode(charset)
    marker = "n" * len(raw)
    data = plain_zip({marker: b"x"}).replace(marker.encode(), raw)
    assert [a.name for a in _extract(tmp_path, data).attachments] == [name]


def test_names_in_unicode(tmp_path: Path) -> None:
    names = ["Größe.txt", "文件.txt", "a\u202egnp.exe"]
    draft = _extract(tmp_path, plain_zip(dict.fromkeys(names, b"x")))
    assert [a.name for a in draft.attachments] == ["Größe.txt", "文件.txt", "agnp.exe"]


@pytest.mark.parametrize("write", [locked_zip, aes_zip])
def test_locked_members(tmp_path: Path, write: object) -> None:
    data = write("a.txt", b"secret words" * 500, "pä55".encode())  # pyright: ignore
    with pytest.raises(FileEncrypted):
        _extract(tmp_path, data)
    with pytest.raises(PasswordWrong):
        _extract(tmp_path, data, "wrong")
    draft = _extract(tmp_path, data, "pä55")
    assert (tmp_path / draft.attachments[0].file).read_bytes() == b"secret words" * 500


def test_a_password_that_is_not_needed_is_ignored(tmp_path: Path) -> None:
    assert len(_extract(tmp_path, plain_zip({"a": b"x"}), "secret").attachments) == 1


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_one_damaged_member_costs_that_member(tmp_path: Path, method: int) -> None:
    content = random.Random(1).randbytes(4000)
    data = bytearray(plain_zip({"good.txt": b"words", "bad.bin": content}, method))
    at = data.find(b"bad.bin") + 2000
    data[at] ^= 0xFF
    draft = _extract(tmp_path, bytes(data))
    assert [a.name for a in draft.attachments] == ["good.txt"]
    assert draft.warnings == ("1 file was left out (damaged): bad.bin",)


def test_unknown_packing_costs_that_member(tmp_path: Path) -> None:
    data = bytearray(plain_zip({"good.txt": b"words", "odd.bin": b"odd" * 50}))
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.find(mark, data.find(b"good.txt", data.find(mark)))
        data[place + at : place + at + 2] = struct.pack("<H", 98)
    draft = _extract(tmp_path, bytes(data))
    assert draft.warnings == ("1 file was left out (packed in a way that is not known): odd.bin",)


def test_nothing_readable_is_corrupt(tmp_path: Path) -> None:
    data = bytearray(plain_zip({"a": b"x" * 100}, zipfile.ZIP_STORED))
    data[50] ^= 1
    for broken in (bytes(data), b"PK\x03\x04 cut off", b""):
        with pytest.raises(FileCorrupt):
            _extract(tmp_path, broken)


def test_an_empty_archive_has_no_text(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(plain_zip({}))
    with pytest.raises(NoTextFound):
        extract_file(path, ExtractRequest("zip", "a.zip"))


def test_files_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    data = plain_zip({"a": bytes(9 * MIB), "b": bytes(9 * MIB)})
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    bomb = bytearray(data)
    bomb[second + 42 : second + 46] = data[first + 42 : first + 46]
    with pytest.raises(OverLimit) as raised:
        _extract(tmp_path, bytes(bomb))
    assert raised.value.fields["limit"] == "zip_overlaps"


def test_declared_sizes_are_not_believed(tmp_path: Path) -> None:
    data = bytearray(plain_zip({"a": bytes(3 * MIB)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(mark)
        data[place + at : place + at + 4] = struct.pack("<I", 10)
    with pytest.raises(FileCorrupt):
        _extract(tmp_path, bytes(data))
    with pytest.raises(OverLimit):
        _extract(tmp_path, plain_zip({"a": bytes(3 * MIB)}), zip_expanded_bytes=MIB)


def test_counts_and_depth(tmp_path: Path) -> None:
    data = plain_zip({f"{number}.txt": b"x" for number in range(20)})
    with pytest.raises(OverLimit):
        _extract(tmp_path, data, zip_members=10)
    draft = _extract(tmp_path, data, attachments=5)
    assert (len(draft.attachments), len(draft.elements)) == (5, 21)
    assert draft.warnings[0].startswith("15 files were left out (DOC_PIPELINE_MAX_ATTACHMENTS")
    assert _extract(tmp_path, data, depth=2).attachments == ()


def test_zip64(tmp_path: Path) -> None:
    memory = io.BytesIO()
    with (
        zipfile.ZipFile(memory, "w") as archive,
        archive.open("a.txt", "w", force_zip64=True) as file,
    ):
        file.write(b"words")
    assert _extract(tmp_path, memory.getvalue()).attachments[0].size_bytes == 5


@pytest.mark.heavy
def test_damaged_archives_give_a_list_or_a_typed_error(tmp_path: Path) -> None:
    files = {f"{n}/ä{n}.txt": b"words " * 50 * n for n in range(1, 6)}
    whole = plain_zip(files)
    source = random.Random(4)
    path = tmp_path / "raw"
    for number in range(300):
        data = bytearray(whole)
        for _ in range(source.randint(1, 20)):
            data[source.randrange(4, len(data))] = source.randrange(256)
        path.write_bytes(bytes(data if number % 2 else data[: source.randint(30, len(data))]))
        try:
            extract_file(path, ExtractRequest("zip", "a.zip", folder=tmp_path, password="x"))
        except PipelineError as error:
            assert error.code != "EXTRACTION_FAILED", (number, error.fields)
