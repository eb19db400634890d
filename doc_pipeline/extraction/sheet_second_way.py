"""Workbooks from the bare XML of their sheets, where calamine refuses them or finds nothing.

Knows no formats of numbers: dates come as the days that the file holds.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, BinaryIO

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.office_package import is_package, lxml_etree
from doc_pipeline.extraction.office_xml import block_elements, read_blocks
from doc_pipeline.extraction.tables import table_elements

XML_EXTRACTOR = "sheet-xml@1"
_SHEET = re.compile(r"xl/worksheets/[^/]*?(\d*)\.xml", re.IGNORECASE)
_STRINGS = "xl/sharedStrings.xml"
_COLUMN = re.compile(r"[A-Z]{1,3}")
_WIDEST = 1_000


def sheet_parts(file: BinaryIO, table_rows: int) -> tuple[list[Element], int]:
    """Elements of an xlsx or ods and how many sheets gave some; nothing for other formats."""
    if not is_package(file):
        return [], 0
    try:
        with zipfile.ZipFile(file) as package:
            if "content.xml" in package.namelist():
                return _open_document(package)
            return _workbook(package, table_rows)
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, NotImplementedError):
        return [], 0


def _open_document(package: zipfile.ZipFile) -> tuple[list[Element], int]:
    with package.open("content.xml") as part:
        blocks, _ = read_blocks(part)
    elements = list(block_elements(blocks, page=1))
    return elements, 1 if elements else 0


def _workbook(package: zipfile.ZipFile, table_rows: int) -> tuple[list[Element], int]:
    found = [each for each in map(_SHEET.fullmatch, package.namelist()) if each]
    names = [each[0] for each in sorted(found, key=lambda each: int(each[1] or 0))]
    strings: list[str] = []
    if names and _STRINGS in package.namelist():
        with package.open(_STRINGS) as part:
            strings = [_text(item) for item in _each(part, "si")]
    elements: list[Element] = []
    sheets = 0
    for number, name in enumerate(names, start=1):
        with package.open(name) as part:
            rows = list(islice(_rows(part, strings), table_rows))
        table_rows -= len(rows)
        found_here = list(table_elements(rows, page=number))
        sheets += bool(found_here)
        elements += found_here
    return elements, sheets


def _rows(part: IO[bytes], strings: list[str]) -> Iterator[list[str]]:
    for row in _each(part, "row"):
        cells: dict[int, str] = {}
        for place, cell in enumerate(row.iterchildren("{*}c")):
            column = _column(cell.get("r"), place)
            if column < _WIDEST:
                cells[column] = _cell(cell, strings)
        yield [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def _cell(cell: Any, strings: list[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return _text(cell)
    value = next((child.text or "" for child in cell.iterchildren("{*}v")), "")
    if kind == "s":
        number = int(value) if value.isdigit() and len(value) < 10 else -1
        return strings[number] if 0 <= number < len(strings) else ""
    return value


def _column(reference: str | None, place: int) -> int:
    letters = _COLUMN.match(reference or "")
    if not letters:
        return place
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _text(element: Any) -> str:
    return "".join(part.text or "" for part in element.iter("{*}t"))


def _each(part: IO[bytes], name: str) -> Iterator[Any]:
    """Elements of that name one after the other, each thrown away before the next."""
    etree = lxml_etree()
    events = etree.iterparse(
        part,
        events=("end",),
        tag="{*}" + name,
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
    )
    try:
        for _, element in events:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError:
        return
