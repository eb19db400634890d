"""The real type of files: from bytes, with the name only where text allows several kinds."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from doc_pipeline.intake.kinds import kind_of_name, mime_of_kind
from doc_pipeline.intake.sniffing import FileType, sniff_file, sniff_kind

MAIL = b"From: a@b.c\r\nTo: d@e.f\r\nSubject: Hi\r\nDate: today\r\n\r\nText\r\n"


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"", "a.pdf", "empty"),
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"\xef\xbb\xbf junk %PDF-1.4\n1 0 obj", "a.pdf", "pdf"),
        (b"{\\rtf1 x}", "a.doc", "rtf"),
        (b"\x89PNG\r\n\x1a\n", "a.jpg", "png"),
        (b"\xff\xd8\xff\xe0", "a.png", "jpg"),
        (b"MZ" + bytes(100) + b"PE\0\0", "invoice.pdf", "exe"),
        (bytes(range(256)), "a.txt", "unknown"),
        (b"Just words.", "note", "txt"),
        (b"Just words.", "note.pdf", "txt"),
        (b"# Head\n\n* one\n* two\n", "note", "md"),
        (b"Plain words", "note.md", "md"),
        (b"<!DOCTYPE html><html>", "a.txt", "html"),
        (b"<html><body>x</body></html>", "a.pdf", "html"),
        (b"<p>A fragment</p>", "part.html", "html"),
        (b'<?xml version="1.0"?><root/>', "a.xml", "xml"),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "a.svg", "svg"),
        (b'<?xml version="1.0"?><html/>', "a.xhtml", "html"),
        (MAIL, "message", "eml"),
        (b"From: the sea we came, he said.", "story.txt", "txt"),
        (b'{"a": 1}', "data", "json"),
        (b'{"a": 1}\n{"a": 2}\n', "data", "ndjson"),
        (b"[see the note below] and so on", "a.txt", "txt"),
        (b"a,b\n1,2\n3,4\n5,6\n", "data", "csv"),
        (b"a\tb\n1\t2\n3\t4\n5\t6\n", "data", "tsv"),
        ("naïve café\n".encode("cp1252"), "a.txt", "txt"),
        ("Größe;Wert\n".encode("utf-16"), "a.csv", "csv"),
        ("Größe;Wert\n".encode("utf-16-le"), "a.csv", "csv"),
    ],
)
def test_kind_comes_from_the_bytes(head: bytes, name: str, kind: str) -> None:
    assert sniff_kind(head, name) == kind


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("word/document.xml", "docx"),
        ("ppt/presentation.xml", "pptx"),
        ("xl/workbook.xml", "xlsx"),
        ("xl/workbook.bin", "xlsb"),
        ("letter.txt", "zip"),
    ],
)
def test_zip_packages_are_told_by_their_members(tmp_path: Path, member: str, kind: str) -> None:
    path = tmp_path / "raw"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(member, "x")
    assert sniff_file(path, "upload.zip").kind == kind


def test_truncated_package_keeps_its_kind() -> None:
    """Its list of names is lost; the members' own headers still tell, so the error names docx."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("[Content_Types].xml", "x" * 50)
        package.writestr("word/document.xml", "x" * 5000)
    assert sniff_kind(buffer.getvalue()[:300], "a.docx") == "docx"


def test_a_package_cut_before_its_parts_is_what_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("[Content_Types].xml", "x" * 5000)
        package.writestr("word/document.xml", "x")
    path.write_bytes(path.read_bytes()[:300])
    assert sniff_file(path, "a.docx").kind == "docx"
    assert sniff_file(path, "a").kind == "zip"


def test_a_package_whose_list_is_damaged_is_what_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("ppt/slides/slide1.xml", "x")
    data = path.read_bytes()
    at = data.rindex(b"ppt/slides")
    path.write_bytes(data[:at] + b"q" + data[at + 1 :])
    assert sniff_file(path, "a.pptx").kind == "pptx"
    assert sniff_file(path, "a.zip").kind == "zip"
    assert sniff_file(path, "a.docx").kind == "zip"


def test_text_with_a_part_of_a_zip_in_it_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"Some words.\0\0\1\2PK\x03\x04" + bytes(range(256)))
    assert sniff_file(path, "a.txt").kind == "unknown"


def test_claimed_type_is_kept_beside_the_real_one(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"%PDF-1.7\n")
    assert sniff_file(path, "folder.v1/Letter.DOCM") == FileType(
        "pdf", "application/pdf", "docx", mime_of_kind("docx")
    )
    assert sniff_file(path, "README") == FileType("pdf", "application/pdf", "", "")


def test_names_give_kinds() -> None:
    assert kind_of_name("a/b.c/report.JPEG") == "jpg"
    assert kind_of_name("a.b/report") == ""
    assert mime_of_kind("nobody-knows") == "application/octet-stream"


def test_corpus_kinds(corpus: Path) -> None:
    same = {"tif": "tiff"}
    wrong: list[str] = []
    with (corpus / "manifest.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            kind = sniff_file(corpus / row["path"], row["path"]).kind
            expected = "empty" if row["note"] == "empty" else same.get(row["type"], row["type"])
            if kind != expected:
                wrong.append(f"{row['path']}: {kind} for {expected}")
    assert wrong == []
