"""Spreadsheets (xlsx, xls, ods) to tables through calamine. A sheet counts as a page."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileEncrypted, OverLimit
from doc_pipeline.extraction.office_package import decrypted, property_title
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.tables import table_elements

MAX_CELLS = 10_000_000
"""calamine keeps a sheet as a full rectangle: two cells in opposite corners would need 500 GB
and abort the process."""
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_PIECE = 4 * 1024 * 1024
_DEFAULT_NAMES = re.compile(r"(?:sheet|tabelle|feuil|hoja|foglio|blad|лист)\s*\d*", re.IGNORECASE)


def extract_workbook(path: Path, request: ExtractRequest) -> Draft:
    """Tables of all visible sheets. Raises `FileEncrypted`, `OverLimit`."""
    with decrypted(path, request) as plain:
        _check_extent(plain)
        elements, sheets = _read(plain, request)
        title = property_title(plain)
    return Draft(elements, pages=sheets, title=title)


def _read(path: Path, request: ExtractRequest) -> tuple[list[Element], int]:
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    elements: list[Element] = []
    with path.open("rb") as file:
        try:
            workbook = CalamineWorkbook.from_filelike(file)
        except PasswordError as error:
            raise FileEncrypted(kind=request.kind) from error
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        rows_left = request.limits.table_rows
        for number, name in enumerate(names, start=1):
            sheet = workbook.get_sheet_by_name(name)
            rows_left -= sheet.height
            if rows_left < 0:
                allowed = request.limits.table_rows
                raise OverLimit(limit="table_rows", allowed=allowed, found=allowed - rows_left)
            if sheet.height:
                elements.extend(_sheet_elements(sheet, name, number, len(names)))
            request.report(number, len(names))
    return elements, len(names)


def _sheet_elements(sheet: Any, name: str, number: int, sheets: int) -> Iterator[Element]:
    if sheets > 1 or not _DEFAULT_NAMES.fullmatch(name):
        yield Element("Title", name, page=number, depth=0)
    rows = ([_shown(cell) for cell in row] for row in sheet.iter_rows())
    yield from table_elements(rows, page=number)


def _shown(cell: object) -> str:
    """A cell as people read it: whole numbers without '.0', midnight without a time."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time() == time() else cell)
    if isinstance(cell, date | time):
        return str(cell)
    return str(cell)


def _check_extent(path: Path) -> None:
    """Refuse an xlsx whose cells span more than calamine can hold."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with package.open(name) as part:
                    cells = _spanned_cells(part)
                if cells > MAX_CELLS:
                    raise OverLimit(limit="sheet_cells", allowed=MAX_CELLS, found=cells)


def _spanned_cells(part: Any) -> int:
    columns: set[bytes] = set()
    first = last = 0
    tail = b""
    while piece := part.read(_PIECE):
        data = tail + piece
        found = _CELL.findall(data)
        columns.update(column for column, _ in found)
        if found:
            rows = [int(row) for _, row in found]
            first = min(first or rows[0], *rows)
            last = max(last, *rows)
        tail = data[-100:]
    numbers = [_column_number(column) for column in columns]
    width = max(numbers) - min(numbers) + 1 if numbers else 0
    return width * (last - first + 1)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
