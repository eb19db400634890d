"""Spreadsheets (xlsx, xls, ods, xlsb) to tables through calamine. A sheet counts as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted
from doc_pipeline.extraction.office_package import is_package, member_names, opened
from doc_pipeline.extraction.office_properties import read_properties
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.sheet_second_way import XML_EXTRACTOR, sheet_parts
from doc_pipeline.extraction.sheet_trimming import trimmed
from doc_pipeline.extraction.tables import table_elements

_MACROS = "xl/macrosheets/"
"""Sheets of Excel 4 macros: calamine refuses the whole workbook, which is well."""
_DEFAULT_NAMES = re.compile(r"(?:sheet|tabelle|feuil|hoja|foglio|blad|лист)\s*\d*", re.IGNORECASE)


@dataclass(slots=True)
class _Workbook:
    """What was read so far."""

    rows_left: int
    elements: list[Element] = field(default_factory=list[Element])
    rows_left_out: int = 0
    hidden: int = 0
    unread: list[int] = field(default_factory=list[int])
    damage: Exception | None = None


def extract_workbook(path: Path, request: ExtractRequest) -> Draft:
    """Tables of all sheets, hidden ones too; rows beyond the limit are told in a warning.

    Raises `FileEncrypted`, `PasswordWrong`, `FileCorrupt`.
    """
    with opened(path, request) as file:
        properties = read_properties(file)
        kept = trimmed(file, request.limits.table_rows)
        book = _Workbook(request.limits.table_rows, rows_left_out=kept.rows_left_out)
        sheets = _read(kept.file, request, book)
        draft = Draft(book.elements, pages=sheets, warnings=_warnings(book, request))
        if not book.elements:
            draft = _second(kept.file, request, book.damage) or draft
        if book.damage is not None and _has_macros(kept.file):
            book.damage = None
    if book.damage is not None and not draft.elements:
        raise FileCorrupt(kind=request.kind) from book.damage
    return properties.put_into(draft)


def _has_macros(file: BinaryIO) -> bool:
    try:
        return is_package(file) and any(name.startswith(_MACROS) for name in member_names(file))
    except BadZipFile:
        return False


def _second(file: BinaryIO, request: ExtractRequest, damage: Exception | None) -> Draft | None:
    elements, sheets = sheet_parts(file, request.limits.table_rows)
    if not elements:
        return None
    why = f"failed ({type(damage).__name__})" if damage else "found no text"
    return Draft(elements, pages=sheets, extractor=XML_EXTRACTOR, fallback=f"calamine {why}")


def _read(file: BinaryIO, request: ExtractRequest, book: _Workbook) -> int:
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        workbook = CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise FileEncrypted(kind=request.kind) from error
    except CalamineError as error:
        book.damage = error
        return 0
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    for number, told in enumerate(sheets, start=1):
        book.hidden += told.visible != SheetVisibleEnum.Visible
        try:
            _add_sheet(workbook.get_sheet_by_name(told.name), number, len(sheets), book)
        except CalamineError as error:
            book.damage = error
            book.unread.append(number)
        request.report(number, len(sheets))
    return len(sheets)


def _add_sheet(sheet: Any, number: int, sheets: int, book: _Workbook) -> None:
    height = int(sheet.height)
    taken = min(height, book.rows_left)
    book.rows_left -= taken
    book.rows_left_out += height - taken
    if not taken:
        return
    if sheets > 1 or not _DEFAULT_NAMES.fullmatch(sheet.name):
        book.elements.append(Element("Title", sheet.name, page=number, depth=0))
    book.elements.extend(table_elements(_rows(sheet, taken), page=number))


def _rows(sheet: Any, taken: int) -> Iterator[list[str]]:
    """The first rows; calamine's height leaves out the empty rows above, its rows do not."""
    taken += sheet.start[0] if sheet.start else 0
    return ([_shown(cell) for cell in row] for row in islice(sheet.iter_rows(), taken))


def _shown(cell: object) -> str:
    """A cell as people read it: whole numbers without '.0', midnight without a time."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        is_midnight = cell.time() == time()
        return str(cell.date() if is_midnight else cell.replace(microsecond=0))
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def _warnings(book: _Workbook, request: ExtractRequest) -> tuple[str, ...]:
    said: list[str] = []
    if book.rows_left_out:
        limit = request.limits.table_rows
        said.append(
            f"{book.rows_left_out:,} rows were left out; DOC_PIPELINE_MAX_TABLE_ROWS allows"
            f" {limit:,} in one workbook"
        )
    if book.hidden:
        said.append(f"{book.hidden} hidden sheets were read too")
    if book.unread:
        numbers = ", ".join(map(str, book.unread))
        said.append(f"damaged sheets could not be read: {numbers}")
    return tuple(said)
