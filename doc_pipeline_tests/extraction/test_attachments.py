"""Files found in files: written under safe names, inside limits, and what is left out is said."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.attachments import FoundFiles, ending_of, safe_name, size_text
from doc_pipeline.extraction.request import ExtractRequest


def _found(folder: Path | None, depth: int = 0, **limits: int) -> FoundFiles:
    return FoundFiles(
        ExtractRequest("zip", "a.zip", limits=Limits(**limits), folder=folder, depth=depth)
    )


def test_bytes_hash_and_number(tmp_path: Path) -> None:
    found = _found(tmp_path)
    assert found.add("2024/report.pdf", [b"ab", b"c"])
    [report] = found.attachments
    assert (report.number, report.name, report.size_bytes) == (1, "2024/report.pdf", 3)
    assert report.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert (tmp_path / report.file).read_bytes() == b"abc"
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\ann\\plan.txt", "Users/ann/plan.txt"),
        ("a\x00b\x1b[31m\u202egnp.exe", "ab[31mgnp.exe"),
        ("  two \n lines.txt ", "two lines.txt"),
        ("./././x", "x"),
        ("lone\ud800.txt", "lone?.txt"),
        ("...", ""),
        ("", ""),
        ("Übersicht.pdf", "Übersicht.pdf"),
    ],
)
def test_names_for_people(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_endless_names_are_cut_with_their_ending() -> None:
    assert safe_name("ä" * 5000 + ".pdf").endswith("….pdf")
    assert len(safe_name("/".join(["folder" * 20] * 100)).encode()) <= 400


def test_no_two_files_share_a_name(tmp_path: Path) -> None:
    found = _found(tmp_path)
    for name in ("a.txt", "A.TXT", "a.txt", "", ""):
        found.add(name, [b"x"], "application/pdf")
    names = [each.name for each in found.attachments]
    assert names == ["a.txt", "A~2.TXT", "a~3.txt", "attachment-4.pdf", "attachment-5.pdf"]
    assert len(list((tmp_path / "attachments").iterdir())) == 5


def test_one_warning_names_five_files(tmp_path: Path) -> None:
    found = _found(tmp_path, attachments=1)
    for number in range(8):
        found.add(f"{number}.txt", [b"x"])
    assert found.is_full
    assert found.warnings == (
        "7 files were left out (DOC_PIPELINE_MAX_ATTACHMENTS allows 1): "
        "1.txt, 2.txt, 3.txt, 4.txt, 5.txt and 2 more",
    )


def test_too_deep_is_not_written(tmp_path: Path) -> None:
    found = _found(tmp_path, depth=2, attachment_depth=2)
    assert not found.writes
    assert not found.add("a.txt", [b"x"])
    assert found.warnings == (
        "1 file was left out (DOC_PIPELINE_ATTACHMENT_DEPTH allows 2): a.txt",
    )
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_files_are_only_counted() -> None:
    found = _found(None)
    assert not found.add("a.txt", [b"x"])
    assert found.attachments == []
    assert found.warnings[0].startswith("1 file was left out (only the document itself")


def test_too_large_empty_and_too_many_bytes(tmp_path: Path) -> None:
    found = _found(tmp_path, file_bytes=4, zip_expanded_bytes=12)
    found.add("large", [b"xxx", b"xxx", b"xxx"])
    found.add("empty", [])
    assert [warning.split(":")[0] for warning in found.warnings] == [
        "1 file was left out (DOC_PIPELINE_MAX_FILE_MB allows 4 bytes)",
        "1 file was left out (empty)",
    ]
    assert list((tmp_path / "attachments").iterdir()) == []
    found.add("fits", [b"xxxx"])
    with pytest.raises(OverLimit) as raised:
        found.add("more", [b"xxxx"])
    assert raised.value.fields["limit"] == "zip_expanded_bytes"
    assert [path.name for path in (tmp_path / "attachments").iterdir()] == ["00001"]


def test_endings_and_sizes_are_the_same_everywhere() -> None:
    assert [ending_of(t) for t in ("application/pdf", "Message/RFC822", "x/y")] == [
        ".pdf",
        ".eml",
        ".bin",
    ]
    assert [size_text(n) for n in (999, 12_345, 2_500_000, 3_000_000_000)] == [
        "999 bytes",
        "12.3 KB",
        "2.5 MB",
        "3.0 GB",
    ]
