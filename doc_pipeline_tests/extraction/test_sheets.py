"""Spreadsheets: sheets as pages, tables in searchable pieces, no sheet that fills the memory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import NoTextFound
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import ExtractRequest, extract_file


def _extract(path: Path, limits: Limits | None = None) -> ExtractedText:
    return extract_file(path, ExtractRequest("xlsx", "a.xlsx", limits=limits or Limits()))


def test_sheets_become_tables(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        prices = book.add_worksheet("Prices")
        prices.write_row(1, 1, ["Ware", "Price", "From"])
        prices.write_row(2, 1, ["Rope | <thin>", 12.5])
        prices.write_datetime(2, 3, datetime(2026, 5, 1), book.add_format({"num_format": "d.m.yy"}))
        prices.write_row(5, 0, ["Only a remark"])
        book.add_worksheet("Empty")
        hidden = book.add_worksheet("Secret")
        hidden.write(0, 0, "hidden")
        hidden.hide()
    found = _extract(tmp_path / "raw")
    assert [(e.type, e.page, e.text) for e in found.elements] == [
        ("Title", 1, "Prices"),
        ("Table", 1, "Ware | Price | From\nRope | <thin> | 12.5 | 2026-05-01"),
        ("UncategorizedText", 1, "Only a remark"),
        ("Title", 3, "Secret"),
        ("UncategorizedText", 3, "hidden"),
    ]
    assert "<td>Rope | &lt;thin&gt;</td>" in (found.elements[1].text_as_html or "")
    assert found.pages == 3
    assert found.warnings == ("1 hidden sheets were read too",)


def test_long_table_comes_in_pieces_with_its_head(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Ware", "Price"])
        for row in range(1, 251):
            sheet.write_row(row, 0, [f"ware {row}", row])
    tables = _extract(tmp_path / "raw").elements
    assert [table.text.split("\n")[0] for table in tables] == ["Ware | Price"] * 3
    assert tables[-1].text.endswith("ware 250 | 250")


def test_two_cells_far_apart_do_not_abort_the_process(tmp_path: Path) -> None:
    """Calamine would ask for a rectangle of 17 billion cells and abort, taking the batch along."""
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "near")
        sheet.write_row(1, 0, ["date", 12])
        sheet.write_datetime(1, 3, datetime(2026, 5, 1), book.add_format({"num_format": "d.m.yy"}))
        sheet.write(1_048_575, 16_383, "far")
    found = _extract(tmp_path / "raw")
    assert found.text == "near\ndate | 12 | 2026-05-01\n\nfar"
    assert found.warnings == ()


def test_rows_beyond_the_limit_are_left_out_and_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        for name in ("First", "Second", "Third"):
            sheet = book.add_worksheet(name)
            for row in range(12):
                sheet.write_row(row, 0, [f"ware {row}", row])
    found = _extract(tmp_path / "raw", Limits(table_rows=20))
    assert found.text.count("ware") == 20
    assert found.warnings == (
        "16 rows were left out; DOC_PIPELINE_MAX_TABLE_ROWS allows 20 in one workbook",
    )
    found = _extract(tmp_path / "raw", Limits(table_rows=5))
    assert found.text.count("ware") == 5
    assert found.warnings[0].startswith("31 rows were left out")


def test_empty_workbook_has_no_text(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        book.add_worksheet()
    with pytest.raises(NoTextFound):
        _extract(tmp_path / "raw")
