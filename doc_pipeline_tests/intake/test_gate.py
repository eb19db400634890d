"""Admission: empty, oversized, encrypted and exploding files never reach a parser."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileEmpty, FileEncrypted, FileTooLarge, OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline.intake.gate import admit_file, check_size

LIMITS = Limits()


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return path


def test_good_file_is_admitted(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_text("Hello there.")
    assert admit_file(path, "note.txt", LIMITS).mime == "text/plain"


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.touch()
    with pytest.raises(FileEmpty):
        admit_file(path, "a.pdf", LIMITS)


def test_too_large_file_names_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"x" * 101)
    with pytest.raises(FileTooLarge) as refused:
        admit_file(path, "a.txt", Limits(file_bytes=100))
    assert refused.value.fields == {"allowed": 100, "found": 101}
    with pytest.raises(FileTooLarge):
        check_size(101, Limits(file_bytes=100))


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(zip_ratio=200.0), "zip_ratio"),
        (Limits(zip_expanded_bytes=1024 * 1024), "zip_expanded_bytes"),
        (Limits(zip_members=1), "zip_members"),
    ],
)
def test_bombs_are_refused(tmp_path: Path, limits: Limits, limit: str) -> None:
    path = _zip(tmp_path / "raw", {"word/document.xml": bytes(20 * 1024 * 1024), "b": b"x"})
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.docx", limits)
    assert refused.value.fields["limit"] == limit


def test_small_blank_picture_is_no_bomb(tmp_path: Path) -> None:
    """Blank bitmaps in letters compress 1:1000; below 16 MiB the ratio is nobody's business."""
    path = _zip(tmp_path / "raw", {"word/document.xml": b"x", "word/blank.bmp": bytes(4_000_000)})
    assert admit_file(path, "a.docx", LIMITS).kind == "docx"


def test_huge_member_list_is_refused_unread(tmp_path: Path) -> None:
    """A list of millions of names would fill the memory before anyone could count it."""
    path = tmp_path / "raw"
    listed = 40_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 7, 7, listed, 0, 0)
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(listed)
        file.seek(0, 2)
        file.write(end)
    with pytest.raises(OverLimit) as refused:
        admit_file(path, "a.zip", LIMITS)
    assert refused.value.fields["limit"] == "zip_members"


def test_damaged_zip_passes_so_that_it_becomes_a_version(tmp_path: Path) -> None:
    """The extractor calls it corrupt; a mended upload is then version 2 of the document."""
    path = _zip(tmp_path / "raw", {"word/document.xml": b"x" * 9000})
    path.write_bytes(path.read_bytes()[:60])
    assert admit_file(path, "a.docx", LIMITS).kind == "docx"


def test_billion_laughs_is_refused(corpus: Path) -> None:
    with pytest.raises(OverLimit) as refused:
        admit_file(corpus / "gen_billion_laughs.xml", "laughs.xml", LIMITS)
    assert refused.value.fields["limit"] == "xml_nested_entities"


def test_plain_entities_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_text('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY who "A &amp; B">]><a>&who;</a>')
    assert admit_file(path, "a.xml", LIMITS).kind == "xml"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("testWORD_protected_passtika.docx", "docx"),
        ("password_protected.xlsx", "xlsx"),
        ("testZipEncrypted.zip", "zip"),
    ],
)
def test_encrypted_files_need_a_password(corpus: Path, name: str, kind: str) -> None:
    with pytest.raises(FileEncrypted) as refused:
        admit_file(corpus / name, name, LIMITS)
    assert refused.value.fields == {"kind": kind}
    assert admit_file(corpus / name, name, LIMITS, password="any").kind == kind
