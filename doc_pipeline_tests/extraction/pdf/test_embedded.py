"""Files inside a PDF become attachments."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline_tests.extraction.pdf.making import extract, save, sheet


def _with_files(folder: Path, files: dict[str, bytes], *, has_text: bool = True) -> Path:
    pdf = sheet()
    if has_text:
        pdf.text(40, 60, "The drawings are attached.")
    for name, content in files.items():
        pdf.embed_file(bytes=content, basename=name)
    return save(pdf, folder)


def test_files_are_written(tmp_path: Path) -> None:
    files = {"prices.csv": b"rope;3.50\n", "Größe.txt": "zwölf".encode()}
    found = extract(_with_files(tmp_path, files), folder=tmp_path / "work")
    assert {a.name: (tmp_path / "work" / a.file).read_bytes() for a in found.attachments} == files
    assert found.warnings == ()


def test_a_pdf_that_is_only_a_folder_lists_its_files(tmp_path: Path) -> None:
    path = _with_files(tmp_path, {"prices.csv": b"rope;3.50\n"}, has_text=False)
    found = extract(path, folder=tmp_path / "work")
    assert found.text == "prices.csv (10 bytes)"
    assert len(found.attachments) == 1


def test_only_told_of_without_a_folder(tmp_path: Path) -> None:
    found = extract(_with_files(tmp_path, {"prices.csv": b"rope"}))
    assert found.attachments == ()
    assert "prices.csv" in found.warnings[0]


def test_limits_of_attachments_hold(tmp_path: Path) -> None:
    path = _with_files(tmp_path, {f"{n}.txt": b"x" * 100 for n in range(5)})
    found = extract(path, folder=tmp_path / "work", limits=Limits(attachments=2))
    assert len(found.attachments) == 2
    assert found.warnings[0].startswith("3 files were left out")
    with pytest.raises(OverLimit):
        extract(path, folder=tmp_path / "more", limits=Limits(zip_expanded_bytes=250))
