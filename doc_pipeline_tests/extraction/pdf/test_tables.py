"""Tables with rules become Table elements where they stand; other pages never see pdfplumber."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.extraction.pdf import reading, tables
from doc_pipeline.extraction.pdf.place import Frame
from doc_pipeline_tests.extraction.pdf.making import PROSE, RawPdf, extract, save, sheet

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
    monkeypatch.setattr("doc_pipeline.extraction.pdf.reading.can_read_tables", lambda: False)
    found = extract(_with_table(tmp_path))
    assert "Table" not in [element.type for element in found.elements]
    assert "Anchor & chain 1 240.00" in found.text
    assert found.warnings == ()


def test_failure_of_pdfplumber_costs_the_table_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("pdfplumber.table.merge_edges", fail)
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
    asked: list[object] = []
    monkeypatch.setattr(tables, "_find_tables", lambda rules: asked.append(rules) or [])
    assert extract(save(pdf, tmp_path)).text == PROSE.strip()
    assert not asked


def test_pages_beyond_the_time_for_tables_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_SECONDS_FOR_TABLES", -1.0)
    found = extract(_with_table(tmp_path, pages=3))
    assert "Anchor & chain 1 240.00" in found.text
    assert found.warnings == ("Tables were not looked for on pages 1-3",)


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
    asked: list[object] = []
    monkeypatch.setattr(tables, "_find_tables", lambda rules: asked.append(rules) or [])
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
    assert not asked


RULES = {
    "one path": b"100 700 m 300 700 l 100 680 m 300 680 l 100 660 m 300 660 l "
    b"100 660 m 100 700 l 200 660 m 200 700 l 300 660 m 300 700 l S",
    "thin rectangles": b"".join(b"100 %d 200 0.5 re f " % y for y in (660, 680, 700))
    + b"".join(b"%d 660 0.5 40 re f " % x for x in (100, 200, 300)),
    "cells": b"".join(b"%d %d 100 20 re S " % (x, y) for x in (100, 200) for y in (660, 680)),
    "scaled": b"2 0 0 2 0 0 cm 50 350 m 150 350 l 50 340 m 150 340 l 50 330 m 150 330 l "
    b"50 330 m 50 350 l 100 330 m 100 350 l 150 330 m 150 350 l S",
}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("kind", RULES)
def test_ways_of_drawing_a_grid(tmp_path: Path, kind: str, rotation: int) -> None:
    """On turned pages the text is turned against them, as in landscape tables."""
    raw = RawPdf()
    turned = {0: b"1 0 0 1 0 0", 90: b"0 1 -1 0 980 450", 180: b"-1 0 0 -1 400 1360",
              270: b"0 -1 1 0 -480 880"}[rotation]  # fmt: skip
    cells = (("110", "685", "Rope"), ("210", "685", "12"), ("110", "665", "Anchor"),
             ("210", "665", "1"))  # fmt: skip
    words = "".join(f"BT /F1 9 Tf {x} {y} Td ({word}) Tj ET\n" for x, y, word in cells)
    content = turned + b" cm q " + RULES[kind] + b" Q " + words.encode()
    raw.add_page(content, {"F1": raw.add_helvetica()}, more=b"/Rotate %d" % rotation)
    found = extract(raw.save(tmp_path / "raw"))
    assert [(e.type, e.text) for e in found.elements] == [("Table", "Rope | 12\nAnchor | 1")]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_places_are_turned_there_and_back(rotation: int) -> None:
    frame = Frame(600, 800, 10, 20, rotation)
    assert frame.drawn(frame.seen((30, 50, 90, 140))) == (30, 50, 90, 140)
