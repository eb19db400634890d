"""Spreadsheets: sheets as pages, tables in searchable pieces, no sheet that fills the memory."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import FileEncrypted, NoTextFound, PasswordWrong
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
from doc_pipeline_tests.extraction.outlook_files import write_ole
from doc_pipeline_tests.extraction.packages import lock, rewrite, write_xlsb


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


def _small(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Fees")
        sheet.write_row(0, 0, ["Ware", "Fee", "Due"])
        sheet.write_row(1, 0, ["Rope", 12.0, True])
        sheet.write_row(2, 0, ["Tar", 0.1 + 0.2])
    return path


TABLE = "Ware | Fee | Due\nRope | 12 | TRUE\nTar | 0.3"


def test_numbers_as_people_see_them_and_properties(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        book.set_properties({"title": "Fees of 2026", "author": "Ines Vogt"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [3.0, 1e20, 0.1 + 0.2, False])
        sheet.write_datetime(0, 4, datetime(2026, 5, 1, 7, 30), book.add_format({"num_format": 22}))
    found = _extract(tmp_path / "raw")
    assert found.text == "3 | 1e+20 | 0.3 | FALSE | 2026-05-01 07:30:00"
    assert (found.title, found.author) == ("Fees of 2026", "Ines Vogt")
    assert (found.created_at or "").endswith("+00:00")


def test_binary_workbook(tmp_path: Path) -> None:
    path = write_xlsb(tmp_path / "raw", [["Ware", "Fee"], ["Rope", 12.0], ["Tar", 0.5]])
    found = extract_file(path, ExtractRequest("xlsb", "a.xlsb"))
    assert [(e.type, e.page, e.text) for e in found.elements] == [
        ("Title", 1, "Fees"),
        ("Table", 1, "Ware | Fee\nRope | 12\nTar | 0.5"),
    ]


def test_locked_workbook(tmp_path: Path) -> None:
    path = lock(_small(tmp_path / "raw"), "key")
    for password, error in ((None, FileEncrypted), ("wrong", PasswordWrong)):
        with pytest.raises(error):
            extract_file(path, ExtractRequest("xlsx", "a.xlsx", password=password))
    found = extract_file(path, ExtractRequest("xlsx", "a.xlsx", password="key"))
    assert found.text.endswith(TABLE)


def test_strict_workbook(tmp_path: Path) -> None:
    spaces = {
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": (
            b"http://purl.oclc.org/ooxml/spreadsheetml/main"
        )
    }
    assert _extract(rewrite(_small(tmp_path / "raw"), {"*": spaces})).text.endswith(TABLE)


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def test_workbook_of_excel_5(tmp_path: Path) -> None:
    """The library that looks for passwords does not know the format."""
    sheet = (
        _record(0x0809, struct.pack("<HHHH", 0x0500, 0x0010, 0, 0))
        + _record(0x0200, struct.pack("<HHHHH", 0, 1, 0, 1, 0))
        + _record(0x0204, struct.pack("<HHHH", 0, 0, 0, 7) + b"Harbour")
        + _record(0x000A)
    )
    globes = _record(0x0809, struct.pack("<HHHH", 0x0500, 0x0005, 0, 0))
    name = struct.pack("<IBBB", len(globes) + 4 + 11 + 4, 0, 0, 4) + b"Fees"
    book = globes + _record(0x0085, name) + _record(0x000A) + sheet
    (tmp_path / "raw").write_bytes(write_ole({"Book": book}))
    found = extract_file(tmp_path / "raw", ExtractRequest("xls", "a.xls"))
    assert [element.text for element in found.elements] == ["Fees", "Harbour"]


def test_workbook_of_macros_alone_is_not_damaged(tmp_path: Path) -> None:
    """Calamine raises on macro sheets of Excel 4."""
    with xlsxwriter.Workbook(tmp_path / "raw") as book:
        book.add_worksheet()
    kinds = {b"/relationships/worksheet": b"/relationships/xlMacrosheet"}
    path = rewrite(tmp_path / "raw", {"xl/_rels/workbook.xml.rels": kinds})
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/macrosheets/sheet1.xml", "<macrosheet/>")
    with pytest.raises(NoTextFound):
        _extract(path)


def test_workbook_without_its_list_of_sheets_takes_the_second_way(tmp_path: Path) -> None:
    path = rewrite(_small(tmp_path / "raw"), {"xl/workbook.xml": {b"<sheet ": b"<lost "}})
    found = _extract(path)
    assert (found.extractor, found.fallback) == ("sheet-xml@1", "calamine found no text")
    assert found.elements[0].text == TABLE.replace("TRUE", "1")
    assert found.pages == 1


def test_far_apart_rows_of_an_ods(tmp_path: Path) -> None:
    """Calamine refuses them by a wrong name; the XML holds both cells."""
    urn = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = " ".join(f'xmlns:{name}="{urn}{name}:1.0"' for name in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = (
        f"<table:table-row>{cell.format('near')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/>'
        "</table:table-row><table:table-row>"
        '<table:table-cell table:number-columns-repeated="16383"/>'
        f"{cell.format('far')}</table:table-row>"
    )
    with zipfile.ZipFile(tmp_path / "raw", "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="Fees">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )
    found = extract_file(tmp_path / "raw", ExtractRequest("ods", "a.ods"))
    assert found.extractor == "sheet-xml@1"
    assert found.text.split() == ["near", "far"]


@pytest.mark.heavy
def test_a_million_rows_in_a_child_of_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row in range(1_000_000):
            sheet.write_row(row, 0, [row, "text", row / 3])
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from pathlib import Path
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
found = extract_file(Path({str(path)!r}), ExtractRequest("xlsx", "a.xlsx"))
assert found.text.count("text") == 200_000, found.text[:200]
assert found.warnings[0].startswith("800,000 rows were left out"), found.warnings
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
