"""An xlsx that calamine can hold: sheets with too many rows are cut, far-apart cells moved closer.

calamine keeps a sheet as a full rectangle: two cells in opposite corners would need 500 GB and
abort the process. Works on the XML as a stream, never on a whole sheet.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, BinaryIO

from doc_pipeline.extraction.office_package import is_package

MAX_CELLS = 10_000_000
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_ROW = re.compile(rb"<(\w{1,20}:)?row(?=[\s>/])")
_ROW_NUMBER = re.compile(rb'(<(?:\w{1,20}:)?row\s[^>]{0,400}?)\br="\d{1,7}"')
_CELL = re.compile(rb'(<(?:\w{1,20}:)?c\s[^>]{0,200}?\br=")([A-Z]{1,3})(\d{1,7})"')
_PIECE = 4 * 1024 * 1024
_TAG_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A workbook's file and how many rows of it were left out."""

    file: BinaryIO
    rows_left_out: int


@dataclass(slots=True)
class _Extent:
    """What a sheet spans: rows it has, columns in use, first and last row number kept."""

    rows: int
    columns: set[bytes]
    first: int
    last: int

    @property
    def width(self) -> int:
        numbers = [_column_number(column) for column in self.columns]
        return max(numbers) - min(numbers) + 1 if numbers else 0

    @property
    def cells(self) -> int:
        return self.width * (self.last - self.first + 1)


def trimmed(file: BinaryIO, table_rows: int) -> Trimmed:
    """The file itself where nothing is too large, else a copy in memory. Raises `BadZipFile`."""
    if not is_package(file):
        return Trimmed(file, 0)
    with zipfile.ZipFile(file) as package:
        extents = {
            name: _extent(package, name, table_rows)
            for name in package.namelist()
            if _SHEET.fullmatch(name)
        }
        too_large = {
            name: extent
            for name, extent in extents.items()
            if extent.rows > table_rows or extent.cells > MAX_CELLS
        }
        if not too_large:
            file.seek(0)
            return Trimmed(file, 0)
        return _copy(package, too_large, table_rows)


def _copy(package: zipfile.ZipFile, too_large: dict[str, _Extent], table_rows: int) -> Trimmed:
    copy = BytesIO()
    left_out = 0
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        for name in dict.fromkeys(package.namelist()):
            extent = too_large.get(name)
            if extent is None:
                if not name.startswith("xl/media/"):
                    target.writestr(name, package.read(name))
                continue
            is_sparse = extent.cells > MAX_CELLS
            keep = min(table_rows, max(1, MAX_CELLS // (2 * max(1, len(extent.columns)))))
            left_out += max(0, extent.rows - keep)
            with package.open(name) as part, target.open(name, "w") as kept:
                pieces = _first_rows(_tags_whole(part), keep)
                move = _closer(extent.columns) if is_sparse else None
                for piece in pieces:
                    kept.write(move(piece) if move else piece)
    copy.seek(0)
    return Trimmed(copy, left_out)


def _extent(package: zipfile.ZipFile, name: str, table_rows: int) -> _Extent:
    """Extent of the rows that will be kept, and the count of all."""
    extent = _Extent(0, set(), 0, 0)
    with package.open(name) as part:
        for piece in _tags_whole(part):
            if extent.rows <= table_rows:
                found = _CELL.findall(piece)
                extent.columns.update(column for _, column, _ in found)
                if found:
                    rows = [int(row) for _, _, row in found]
                    extent.first = min(extent.first or rows[0], *rows)
                    extent.last = max(extent.last, *rows)
            extent.rows += len(_ROW.findall(piece))
    return extent


def _tags_whole(part: IO[bytes]) -> Iterator[bytes]:
    """Pieces of a part that never end within a tag."""
    rest = b""
    while data := part.read(_PIECE):
        piece = rest + data
        cut = piece.rfind(b"<", max(0, len(piece) - _TAG_BYTES))
        if cut <= 0 or piece.find(b">", cut) >= 0:
            cut = len(piece)
        yield piece[:cut]
        rest = piece[cut:]
    if rest:
        yield rest


def _first_rows(pieces: Iterator[bytes], keep: int) -> Iterator[bytes]:
    """A sheet's XML up to so many rows, closed again."""
    for piece in pieces:
        starts = list(_ROW.finditer(piece))
        if len(starts) > keep:
            end = starts[keep]
            prefix = end[1] or b""
            yield piece[: end.start()]
            yield b"</%ssheetData></%sworksheet>" % (prefix, prefix)
            return
        keep -= len(starts)
        yield piece


def _closer(columns: set[bytes]) -> Callable[[bytes], bytes]:
    """Renumbers cells: columns without cells vanish, of rows without cells one stays of a gap."""
    ordered = sorted(columns, key=_column_number)
    new_columns = {column: _column_name(number) for number, column in enumerate(ordered, start=1)}
    last = [0, 0]

    def new_row(number: bytes) -> int:
        row = int(number)
        if row != last[0]:
            last[1] += 1 if row == last[0] + 1 else 2
            last[0] = row
        return last[1]

    def move_cell(found: re.Match[bytes]) -> bytes:
        return b'%s%s%d"' % (found[1], new_columns[found[2]], new_row(found[3]))

    def move(piece: bytes) -> bytes:
        return _CELL.sub(move_cell, _ROW_NUMBER.sub(rb"\1", piece))

    return move


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _column_name(number: int) -> bytes:
    letters = b""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = bytes([65 + rest]) + letters
    return letters
