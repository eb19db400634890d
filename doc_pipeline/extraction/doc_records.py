"""Word documents of 1993 to 2003 from their records: paragraphs with style, cell and place.

The format is [MS-DOC]: text in pieces, paragraph properties on pages of 512 bytes beside it.
Knows bytes, not elements.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import BinaryIO

_WORD97, _WORD6 = 0xA5EC, 0xA5DC
_COMPLEX, _SECOND_TABLE = 0x0004, 0x0200
_SHEET_AT, _HEADERS_AT, _PARAGRAPHS_AT, _PIECES_AT = 0xA2, 0xF2, 0x102, 0x1A2
_COUNTS_AT = 0x4C
_PAGE = 512
_IN_TABLE, _ROW_END, _LIST, _OUTLINE = 0x2416, 0x2417, 0x460B, 0x2640
_TITLE_STYLE, _NO_BASE, _LONGEST_CHAIN = 62, 0xFFF, 12
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_STORIES = ("body", "footnote", "margins", "macro", "comment", "endnote", "box", "margins")
_MARGINS = ("Header", "Header", "Footer", "Footer", "Header", "Footer")
_SEPARATORS = 6
_FIELD_MARKS = re.compile("[\x13\x14\x15]|[^\x13\x14\x15]+")
_ENDS = re.compile("[^\r\x07\x0c]*[\r\x07\x0c]?")
_CODINGS = {
    0x401: "cp1256", 0x402: "cp1251", 0x404: "cp950", 0x405: "cp1250", 0x408: "cp1253",
    0x40D: "cp1255", 0x40E: "cp1250", 0x411: "cp932", 0x412: "cp949", 0x415: "cp1250",
    0x419: "cp1251", 0x41F: "cp1254", 0x422: "cp1251", 0x804: "cp936",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """What is known of a paragraph. `level` is a heading's, 0 for the topmost."""

    level: int | None = None
    is_item: bool = False
    is_in_table: bool = False
    is_row_end: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph and the sign that ended it: a return, a bell (cell or row), a form feed (page).

    `story` is where it stands: "body", "footnote", "endnote", "comment", "box", "Header", "Footer".
    """

    text: str
    end: str
    story: str
    style: Style


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    text: str
    place: int
    width: int

    def place_of(self, position: int) -> int:
        return self.place + (position - self.start) * self.width


@dataclass(slots=True)
class _Styles:
    """Styles of paragraphs by the place of their text in the stream."""

    starts: list[int] = field(default_factory=list[int])
    ends: list[int] = field(default_factory=list[int])
    styles: list[Style] = field(default_factory=list[Style])

    def at(self, place: int) -> Style | None:
        index = bisect_right(self.starts, place) - 1
        return self.styles[index] if index >= 0 and place < self.ends[index] else None


def read_paragraphs(file: BinaryIO) -> list[Paragraph]:
    """Paragraphs of all stories, the body first; none where the records are damaged or locked.

    Raises what olefile raises on a file that is no OLE file.
    """
    import olefile

    with olefile.OleFileIO(file) as ole:
        if not ole.exists("WordDocument"):
            return []
        data: bytes = ole.openstream("WordDocument").read()
        flags = int.from_bytes(data[0x0A:0x0C], "little")
        name = "1Table" if flags & _SECOND_TABLE else "0Table"
        table: bytes = ole.openstream(name).read() if ole.exists(name) else b""
    try:
        kind = int.from_bytes(data[:2], "little")
        if kind == _WORD97:
            return list(_word97(data, table))
        if kind == _WORD6 and not flags & _COMPLEX:
            return list(word6_paragraphs(data))
    except (struct.error, IndexError, ValueError):
        return []
    return []


def word6_paragraphs(data: bytes) -> Iterator[Paragraph]:
    """Paragraphs of the stream of a file of Word 6 or 95 that was saved whole."""
    (language,) = struct.unpack_from("<H", data, 6)
    first, last = struct.unpack_from("<II", data, 0x18)
    text = data[first:last].decode(_CODINGS.get(language, "cp1252"), "replace")
    yield from _paragraphs([_Piece(0, text, 0, 1)], 0, len(text), "body", _Styles())


def _word97(data: bytes, table: bytes) -> Iterator[Paragraph]:
    pieces = list(_pieces(data, table))
    styles = _styles(data, table)
    counts = struct.unpack_from("<8i", data, _COUNTS_AT)
    start = 0
    for story, count in zip(_STORIES, counts, strict=True):
        end = start + max(count, 0)
        if story == "margins":
            yield from _margins(data, table, pieces, start)
        elif story != "macro" and count > 0:
            yield from _paragraphs(pieces, start, end, story, styles)
        start = end


def _pieces(data: bytes, table: bytes) -> Iterator[_Piece]:
    offset, length = struct.unpack_from("<II", data, _PIECES_AT)
    told = table[offset : offset + length]
    at = 0
    while at < len(told) and told[at] == 1:  # properties of pieces
        at += 3 + int.from_bytes(told[at + 1 : at + 3], "little")
    if at >= len(told) or told[at] != 2:
        raise ValueError("no pieces")
    (size,) = struct.unpack_from("<I", told, at + 1)
    at += 5
    count = (min(size, len(told) - at) - 4) // 12
    positions = struct.unpack_from(f"<{count + 1}I", told, at)
    if positions[-1] > len(data):
        raise ValueError("more text than bytes")
    at += 4 * (count + 1)
    for number in range(count):
        (place,) = struct.unpack_from("<I", told, at + 8 * number + 2)
        start, chars = positions[number], positions[number + 1] - positions[number]
        if place & 0x40000000:
            place = (place & 0x3FFFFFFF) // 2
            text = data[place : place + chars].decode("cp1252", "replace")
            yield _Piece(start, text, place, 1)
        else:
            # two units of a character beyond the basic plane would shift all positions after it
            units = data[place : place + 2 * chars].decode("utf-16-le", "surrogatepass")
            yield _Piece(start, _units(units), place, 2)


def _units(text: str) -> str:
    """One character for each unit of UTF-16."""
    if not any(char > "\uffff" for char in text):
        return text
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw)))


def _styles(data: bytes, table: bytes) -> _Styles:
    offset, length = struct.unpack_from("<II", data, _PARAGRAPHS_AT)
    count = max(0, (min(length, len(table) - offset) - 4) // 8)
    pages = struct.unpack_from(f"<{count}I", table, offset + 4 * (count + 1))
    levels = _levels(data, table)
    found: list[tuple[int, int, Style]] = []
    for page in dict.fromkeys(pages):
        at = (page & 0x3FFFFF) * _PAGE
        found.extend(_page_styles(data[at : at + _PAGE], levels))
    found.sort(key=lambda each: each[0])
    return _Styles(
        [start for start, _, _ in found], [end for _, end, _ in found], [s for _, _, s in found]
    )


def _levels(data: bytes, table: bytes) -> dict[int, int]:
    """Levels of the styles that are headings, or made after one."""
    offset, length = struct.unpack_from("<II", data, _SHEET_AT)
    sheet = table[offset : offset + length]
    at = 2 + int.from_bytes(sheet[:2], "little")
    known: list[tuple[int, int]] = []
    while at + 2 <= len(sheet):
        size = int.from_bytes(sheet[at : at + 2], "little")
        first, second = (int.from_bytes(sheet[at + n : at + n + 2], "little") for n in (2, 4))
        known.append((first & 0xFFF, second >> 4) if size else (0, _NO_BASE))
        at += 2 + size + size % 2
    levels = {number: number - 1 for number in range(1, 10)}
    for number in range(len(known)):
        base = number
        for _ in range(_LONGEST_CHAIN):
            if base >= len(known):
                break
            told, following = known[base]
            if 1 <= told <= 9 or told == _TITLE_STYLE:
                levels[number] = 0 if told == _TITLE_STYLE else told - 1
                break
            base = following
    return levels


def _page_styles(page: bytes, levels: Mapping[int, int]) -> Iterator[tuple[int, int, Style]]:
    if len(page) < _PAGE:
        return
    count = page[-1]
    places = struct.unpack_from(f"<{count + 1}I", page, 0)
    for number in range(count):
        at = 2 * page[4 * (count + 1) + 13 * number]
        style = Style()
        if at:
            words = page[at]
            size, at = (2 * page[at + 1], at + 2) if words == 0 else (2 * words - 1, at + 1)
            style = _style(page[at : at + size], levels)
        yield places[number], places[number + 1], style


def _style(told: bytes, levels: Mapping[int, int]) -> Style:
    style = Style(level=levels.get(int.from_bytes(told[:2], "little")))
    at = 2
    while at + 2 <= len(told):
        code = int.from_bytes(told[at : at + 2], "little")
        at += 2
        size = _SIZES[code >> 13] or 1 + told[at]
        value = int.from_bytes(told[at : at + size], "little")
        at += size
        if code == _LIST:
            style = replace(style, is_item=value != 0)
        elif code == _OUTLINE and value < 9:
            style = replace(style, level=value)
        elif code == _IN_TABLE:
            style = replace(style, is_in_table=value != 0)
        elif code == _ROW_END:
            style = replace(style, is_row_end=value != 0)
    return style


def _margins(data: bytes, table: bytes, pieces: list[_Piece], start: int) -> Iterator[Paragraph]:
    """Headers and footers; the first stories are the rules above notes."""
    offset, length = struct.unpack_from("<II", data, _HEADERS_AT)
    count = min(length, max(0, len(table) - offset)) // 4
    if count <= _SEPARATORS + 1:
        return
    positions = struct.unpack_from(f"<{count}I", table, offset)[_SEPARATORS:-1]
    for number, (first, last) in enumerate(pairwise(positions)):
        story = _MARGINS[number % len(_MARGINS)]
        yield from _paragraphs(pieces, start + first, start + last, story, _Styles())


def _paragraphs(
    pieces: list[_Piece], start: int, end: int, story: str, styles: _Styles
) -> Iterator[Paragraph]:
    """Paragraphs between two positions, without the codes of fields."""
    parts: list[str] = []
    is_code: list[bool] = []
    for piece in pieces:
        first, last = max(start - piece.start, 0), end - piece.start
        if last <= 0 or first >= len(piece.text):
            continue
        for found in _FIELD_MARKS.finditer(piece.text[first:last]):
            run = found[0]
            if run == "\x13":
                is_code.append(True)
            elif run == "\x14" and is_code:
                is_code[-1] = False
            elif run == "\x15" and is_code:
                is_code.pop()
            elif not any(is_code) and run not in {"\x14", "\x15"}:
                position = piece.start + first + found.start()
                yield from _ended(run, position, piece, parts, story, styles)
    if parts:
        yield Paragraph(_shown("".join(parts)), "\r", story, Style())


def _ended(
    run: str, position: int, piece: _Piece, parts: list[str], story: str, styles: _Styles
) -> Iterator[Paragraph]:
    """The paragraphs that end within a run; what is left over stays in `parts`."""
    for found in _ENDS.finditer(run):
        text = found[0]
        if not text:
            continue
        if text[-1] not in "\r\x07\x0c":
            parts.append(text)
            continue
        place = piece.place_of(position + found.end() - 1)
        style = styles.at(place) or Style()
        yield Paragraph(_shown("".join([*parts, text[:-1]])), text[-1], story, style)
        parts.clear()


_SIGNS = {
    0x0B: "\n", 0x1E: "-", 0x1F: None, 0xA0: " ", 0x0E: "\n",
    **dict.fromkeys([*range(0x09), *range(0x0F, 0x13), *range(0x16, 0x1E)], None),
}  # fmt: skip


def _shown(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.translate(_SIGNS).strip()
