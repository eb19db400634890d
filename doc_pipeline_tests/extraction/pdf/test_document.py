"""PDF with a text layer: headings and paragraphs from layout, margins marked, errors typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    FileCorrupt,
    FileEncrypted,
    OverLimit,
    PasswordWrong,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline_tests.extraction.pdf.making import PROSE, extract, texts


class _Report(FPDF):
    """Three pages with running head, page number, headings, prose and a list."""

    def header(self) -> None:
        self.set_font("Helvetica", size=8)
        self.cell(0, 5, "Annual report of the harbour office")
        self.ln(15)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Helvetica", size=8)
        self.cell(0, 5, f"Page {self.page_no()} of 3", align="C")


def _report(path: Path, password: str | None = None) -> Path:
    pdf = _Report()
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password)
    pdf.set_title("Bridges of the harbour")
    for number in range(1, 4):
        pdf.add_page()
        pdf.set_font("Helvetica", "B", 18)
        pdf.multi_cell(0, 9, f"Chapter {number}: The bridge", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
        pdf.set_font("Helvetica", "B", 11)
        pdf.multi_cell(0, 6, "State of the piers", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2)
        pdf.set_font("Helvetica", size=11)
        for _ in range(2):
            pdf.multi_cell(0, 5.5, PROSE, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
        for item in ("inspect the cables", "paint the railing"):
            pdf.multi_cell(0, 5.5, f"- {item}", new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ExtractedText:
    return extract(_report(tmp_path_factory.mktemp("pdf") / "raw"))


def test_headings_have_depth_and_page(report: ExtractedText) -> None:
    titles = [(e.text, e.depth, e.page) for e in report.elements if e.type == "Title"]
    assert titles[:2] == [("Chapter 1: The bridge", 0, 1), ("State of the piers", 1, 1)]
    assert len(titles) == 6


def test_paragraphs_are_joined(report: ExtractedText) -> None:
    assert texts(report.elements, "NarrativeText") == [PROSE.strip()] * 6


def test_list_items_stand_alone(report: ExtractedText) -> None:
    assert texts(report.elements, "ListItem")[:2] == ["inspect the cables", "paint the railing"]


def test_running_head_and_page_numbers_are_marked(report: ExtractedText) -> None:
    assert texts(report.elements, "Header") == ["Annual report of the harbour office"] * 3
    assert texts(report.elements, "PageNumber") == [f"Page {n} of 3" for n in (1, 2, 3)]


def test_document_facts(report: ExtractedText) -> None:
    assert (report.pages, report.language, report.title) == (3, "en", "Bridges of the harbour")
    assert (report.extractor, report.warnings) == ("pdf-lines@2", ())


def test_progress_goes_page_by_page(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    extract(_report(tmp_path / "raw"), on_progress=lambda done, pages: told.append((done, pages)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_password(tmp_path: Path) -> None:
    path = _report(tmp_path / "raw", password="harbour")
    with pytest.raises(FileEncrypted):
        extract(path)
    with pytest.raises(PasswordWrong):
        extract(path, password="wrong")
    assert extract(path, password="harbour").pages == 3


def test_too_many_pages(tmp_path: Path) -> None:
    with pytest.raises(OverLimit) as refused:
        extract(_report(tmp_path / "raw"), limits=Limits(pages=2))
    assert refused.value.fields == {"limit": "pages", "allowed": 2, "found": 3}


def test_truncated_file_is_corrupt(tmp_path: Path) -> None:
    path = _report(tmp_path / "raw")
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(FileCorrupt):
        extract(path)


def test_table_rows_stay_lines(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    for row in ("Rope, 10 mm 12.50", "Anchor, steel 240.00", "Paint, white 18.75"):
        pdf.multi_cell(0, 5.5, row, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(tmp_path / "raw"))
    assert extract(tmp_path / "raw").text.split("\n") == [
        "Rope, 10 mm 12.50",
        "Anchor, steel 240.00",
        "Paint, white 18.75",
    ]
