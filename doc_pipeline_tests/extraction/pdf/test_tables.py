"""Tables with rules become Table elements where they stand; other pages never see pdfplumber."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.extraction.pdf import tables
from doc_pipeline_tests.extraction.pdf.making import PROSE, extract, save, sheet

pytest.importorskip("pdfplumber", reason="system: the extra 'tables' is not installed")

ROWS = (("Ware", "Count", "Price"), ("Rope", "12", "3.50"), ("Anchor & chain", "1", "240.00"))


def _with_table(folder: Path, pages: int = 1) -> Path:
    pdf = sheet()
    for number in range(pages):
        if number:
            pdf.add_page()
        pdf.set_xy(40, 60)
        pdf.multi_cell(500, 14, f"Before. {PROSE}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_y(200)
        with pdf.table(width=400) as table:
            for cells in ROWS:
                row = table.row()
                for cell in cells:
                    row.cell(cell)
        pdf.set_xy(40, 400)
        pdf.multi_cell(500, 14, f"After. {PROSE}")
    return save(pdf, folder)


def _shape(found: ExtractedText) -> list[tuple[str, str]]:
    return [(element.type, element.text[:6]) for element in found.elements]


def test_table_stands_in_reading_order(tmp_path: Path) -> None:
    found = extract(_with_table(tmp_path))
    assert _shape(found) == [
        ("NarrativeText", "Before"),
        ("Table", "Ware |"),
        ("NarrativeText", "After."),
    ]
    table = found.elements[1]
    assert table.text == "Ware | Count | Price\nRope | 12 | 3.50\nAnchor & chain | 1 | 240.00"
    assert "<tr><td>Anchor &amp; chain</td><td>1</td><td>240.00</td></tr>" in (
        table.text_as_html or ""
    )
    assert table.page == 1
    assert found.text.count("Anchor") == 1
    assert table.box is not None
    assert 190 < table.box.top < 210 < table.box.bottom < 290


def test_without_pdfplumber_rows_stay_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doc_pipeline.extraction.pdf.document.can_read_tables", lambda: False)
    found = extract(_with_table(tmp_path))
    assert "Table" not in [element.type for element in found.elements]
    assert "Anchor & chain 1 240.00" in found.text
    assert found.warnings == ()


def test_failure_of_pdfplumber_costs_the_table_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("pdfplumber.open", fail)
    found = extract(_with_table(tmp_path))
    assert "Anchor & chain 1 240.00" in found.text


def test_pages_without_rules_do_not_import_pdfplumber(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pdfplumber", None)
    pdf = sheet()
    pdf.set_xy(40, 60)
    pdf.multi_cell(500, 14, PROSE)
    pdf.line(40, 300, 500, 300)
    monkeypatch.setattr(
        "doc_pipeline.extraction.pdf.document.put_tables", lambda *_: pytest.fail("was asked")
    )
    assert extract(save(pdf, tmp_path)).text == PROSE.strip()


def test_more_ruled_pages_than_allowed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_PAGES", 2)
    found = extract(_with_table(tmp_path, pages=4))
    assert [e.page for e in found.elements if e.type == "Table"] == [1, 2]
    assert found.warnings == (
        "Tables were looked for on 2 ruled pages only; left as lines: pages 3-4",
    )


def test_a_frame_around_text_is_no_table(tmp_path: Path) -> None:
    pdf = sheet()
    for edge in (0, 4, 8):
        pdf.rect(30 - edge, 50 - edge, 520 + 2 * edge, 120 + 2 * edge)
    pdf.set_xy(40, 60)
    pdf.multi_cell(500, 14, PROSE)
    assert _shape(extract(save(pdf, tmp_path))) == [("NarrativeText", "The ol")]


def test_table_in_a_document_with_password(tmp_path: Path) -> None:
    pdf = sheet()
    pdf.set_encryption(owner_password="owner", user_password="harbour")
    with pdf.table(width=400) as table:
        for cells in ROWS:
            row = table.row()
            for cell in cells:
                row.cell(cell)
    found = extract(save(pdf, tmp_path), password="harbour")
    assert [element.type for element in found.elements] == ["Table"]


def test_table_of_the_corpus(corpus: Path) -> None:
    found = extract(corpus / "eu-001.pdf")
    assert any(element.type == "Table" for element in found.elements)


@pytest.mark.parametrize("kind", ["rows only", "one frame", "nested frames", "underlines"])
def test_lines_that_are_no_grid_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(
        "doc_pipeline.extraction.pdf.document.put_tables", lambda *_: pytest.fail("was asked")
    )
    pdf = sheet()
    pdf.set_xy(40, 60)
    pdf.multi_cell(500, 14, PROSE)
    for row in range(4):
        if kind == "rows only":
            pdf.line(40, 300 + 20 * row, 500, 300 + 20 * row)
        elif kind == "underlines":
            pdf.line(40 + 90 * row, 300, 100 + 90 * row, 300)
    if kind == "one frame":
        pdf.rect(40, 300, 400, 100)
    elif kind == "nested frames":
        pdf.rect(40, 300, 400, 100)
        pdf.rect(42, 302, 396, 96)
    assert extract(save(pdf, tmp_path)).text == PROSE.strip()
