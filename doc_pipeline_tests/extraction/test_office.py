"""Word documents and presentations, also behind a password."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document
from pptx import Presentation

from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, PasswordWrong
from doc_pipeline.extraction.registry import ExtractRequest, extract_file


def test_docx(tmp_path: Path) -> None:
    document = Document()
    document.core_properties.title = "Lease"
    document.add_heading("Lease of the quay", level=1)
    document.add_heading("Rent", level=2)
    document.add_paragraph("The rent is paid every month in advance.")
    document.add_paragraph("crane", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Year", "Rent", "2026", "1,200"), strict=True):
        cell.text = text
    document.sections[0].header.paragraphs[0].text = "Harbour office"
    document.save(str(tmp_path / "raw"))
    found = extract_file(tmp_path / "raw", ExtractRequest("docx", "a.docx"))
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Header", None, "Harbour office"),
        ("Title", 0, "Lease of the quay"),
        ("Title", 1, "Rent"),
        ("NarrativeText", None, "The rent is paid every month in advance."),
        ("ListItem", None, "crane"),
        ("Table", None, "Year | Rent\n2026 | 1,200"),
    ]
    assert "<td>1,200</td>" in (found.elements[-1].text_as_html or "")
    assert (found.title, found.language, found.pages) == ("Lease", "en", None)


def test_pptx(tmp_path: Path) -> None:
    slides = Presentation()
    for number in (1, 2, 3):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = f"Topic {number}"
        slide.placeholders[1].text = "The harbour is growing."
        slide.notes_slide.notes_text_frame.text = f"Speak slowly about {number}"
    slides.save(str(tmp_path / "raw"))
    found = extract_file(tmp_path / "raw", ExtractRequest("pptx", "a.pptx"))
    titles = [(e.text, e.page) for e in found.elements if e.type == "Title"]
    assert titles[0] == ("Topic 1", 1)
    assert found.pages == 3
    assert "Speak slowly about 3" in found.text
    assert found.title == "Topic 1", "python-pptx's own 'PowerPoint Presentation' is no title"


def test_password_opens_an_encrypted_docx(corpus: Path) -> None:
    path = corpus / "testWORD_protected_passtika.docx"
    for password, error in ((None, FileEncrypted), ("wrong", PasswordWrong)):
        with pytest.raises(error):
            extract_file(path, ExtractRequest("docx", path.name, password=password))
    found = extract_file(path, ExtractRequest("docx", path.name, password="tika"))
    assert found.words > 5


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx"])
@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 cut off", b"no zip at all", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1cut"]
)
def test_what_is_no_package_is_corrupt(tmp_path: Path, kind: str, data: bytes) -> None:
    (tmp_path / "raw").write_bytes(data)
    with pytest.raises(FileCorrupt):
        extract_file(tmp_path / "raw", ExtractRequest(kind, f"a.{kind}"))
