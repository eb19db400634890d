"""Presentations of PowerPoint 97 to 2003 from their records: slides in order, titles, notes.

The format is [MS-PPT]: a tree of records, found through a directory of offsets that grows with
every save. Knows bytes, not elements.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

_SLIDE_ATOM, _LIST, _PERSIST = 1007, 4080, 1011
_TEXT_HEADER, _TEXT_CHARS, _TEXT_BYTES, _TEXT_REFERENCE = 3999, 4000, 4008, 3998
_PLACEHOLDER, _SHAPE, _TEXTBOX = 3011, 0xF004, 0xF00D
_EDIT, _DIRECTORY = 4085, 6002
_TITLE_TEXTS = frozenset({0, 6})
_TITLE_PLACES = frozenset({1, 3, 13, 15, 17})
_BODY_TEXTS = frozenset({1, 5, 7, 8})
_MARGIN_PLACES = frozenset({7, 8, 9, 10})
_DEEPEST = 24
_MOST_EDITS = 10_000


@dataclass(frozen=True, slots=True)
class SlideText:
    """One text of a slide: a paragraph a line. `role` is "title", "body" or "other"."""

    text: str
    role: str = "other"


@dataclass(slots=True)
class Slide:
    """A slide's texts in the order of its shapes, and its speaker's notes."""

    texts: list[SlideText] = field(default_factory=list[SlideText])
    notes: str = ""


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    instance: int
    start: int
    end: int
    is_container: bool


def read_slides(file: BinaryIO) -> list[Slide]:
    """Slides of a presentation; none where the file has no such stream or is damaged.

    Raises what olefile raises on a file that is no OLE file.
    """
    import olefile

    with olefile.OleFileIO(file) as ole:
        if not ole.exists("PowerPoint Document"):
            return []
        data: bytes = ole.openstream("PowerPoint Document").read()
        user: bytes = ole.openstream("Current User").read() if ole.exists("Current User") else b""
    reader = _Reader(data)
    try:
        return reader.slides(user)
    except (struct.error, IndexError, KeyError):
        return []


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def slides(self, user: bytes) -> list[Slide]:
        places, document = self._places(user)
        lists = {
            record.instance: list(self._entries(record))
            for record in self._children(self._at(places[document]))
            if record.kind == _LIST
        }
        notes = {
            slide_id: places[persist]
            for persist, slide_id, _ in lists.get(2, [])
            if persist in places
        }
        return [
            self._slide(self._at(places[persist]), outline, notes)
            for persist, _, outline in lists.get(0, [])
            if persist in places
        ]

    def _places(self, user: bytes) -> tuple[dict[int, int], int]:
        """Offsets by persist id, the newest save first, and the document's id."""
        offset = int(struct.unpack_from("<I", user, 16)[0])
        places: dict[int, int] = {}
        document = 0
        for _ in range(_MOST_EDITS):
            edit = self._at(offset)
            if edit.kind != _EDIT:
                raise KeyError(_EDIT)
            before, directory, told = struct.unpack_from("<III", self._data, edit.start + 8)
            document = document or int(told)
            for persist, place in self._directory(self._at(int(directory))):
                places.setdefault(persist, place)
            if not 0 < before < offset:
                break
            offset = int(before)
        return places, document

    def _directory(self, record: _Record) -> Iterator[tuple[int, int]]:
        if record.kind != _DIRECTORY:
            raise KeyError(_DIRECTORY)
        at = record.start
        while at + 4 <= record.end:
            (head,) = struct.unpack_from("<I", self._data, at)
            first, count = head & 0xFFFFF, head >> 20
            for number, place in enumerate(struct.unpack_from(f"<{count}I", self._data, at + 4)):
                yield first + number, place
            at += 4 + 4 * count

    def _entries(self, record: _Record) -> Iterator[tuple[int, int, list[SlideText]]]:
        """Persist id, slide id and outline texts of each slide in a list."""
        entry: tuple[int, int, list[SlideText]] | None = None
        role = "other"
        for child in self._children(record):
            if child.kind == _PERSIST:
                if entry:
                    yield entry
                persist, _, _, slide_id = struct.unpack_from("<IIiI", self._data, child.start)
                entry = (persist, slide_id, [])
            elif child.kind == _TEXT_HEADER and entry:
                role = self._role(child)
                entry[2].append(SlideText("", role))
            elif child.kind in {_TEXT_CHARS, _TEXT_BYTES} and entry and entry[2]:
                entry[2][-1] = SlideText(self._text(child), role)
        if entry:
            yield entry

    def _slide(self, record: _Record, outline: list[SlideText], notes: dict[int, int]) -> Slide:
        slide = Slide(list(self._texts(record, outline)))
        for child in self._children(record):
            if child.kind == _SLIDE_ATOM:
                (notes_id,) = struct.unpack_from("<I", self._data, child.start + 16)
                if notes_id in notes:
                    texts = self._texts(self._at(notes[notes_id]), [])
                    slide.notes = "\n".join(text.text for text in texts)
        return slide

    def _texts(self, record: _Record, outline: list[SlideText]) -> Iterator[SlideText]:
        for shape in self._shapes(record, 0):
            place, found = self._shape_text(shape, outline)
            if place in _MARGIN_PLACES or not found.text.strip("\r\v\n *"):
                continue
            yield SlideText(found.text, "title") if place in _TITLE_PLACES else found

    def _shapes(self, record: _Record, depth: int) -> Iterator[_Record]:
        for child in self._children(record):
            if child.kind == _SHAPE:
                yield child
            elif child.is_container and depth < _DEEPEST:
                yield from self._shapes(child, depth + 1)

    def _shape_text(self, shape: _Record, outline: list[SlideText]) -> tuple[int, SlideText]:
        place, found, role = -1, SlideText(""), "other"
        for atom in self._atoms(shape, 0):
            if atom.kind == _PLACEHOLDER:
                place = self._data[atom.start + 4]
            elif atom.kind == _TEXT_HEADER:
                role = self._role(atom)
            elif atom.kind in {_TEXT_CHARS, _TEXT_BYTES}:
                found = SlideText(self._text(atom), role)
            elif atom.kind == _TEXT_REFERENCE:
                (index,) = struct.unpack_from("<I", self._data, atom.start)
                found = outline[index] if index < len(outline) else found
        return place, found

    def _atoms(self, record: _Record, depth: int) -> Iterator[_Record]:
        for child in self._children(record):
            if (child.is_container or child.kind == _TEXTBOX) and depth < _DEEPEST:
                yield from self._atoms(child, depth + 1)
            else:
                yield child

    def _role(self, header: _Record) -> str:
        (kind,) = struct.unpack_from("<I", self._data, header.start)
        return "title" if kind in _TITLE_TEXTS else "body" if kind in _BODY_TEXTS else "other"

    def _text(self, atom: _Record) -> str:
        coding = "utf-16-le" if atom.kind == _TEXT_CHARS else "latin-1"
        text = self._data[atom.start : atom.end].decode(coding, "replace")
        return text.replace("\r", "\n").replace("\v", " ").strip()

    def _at(self, offset: int) -> _Record:
        head, kind, length = struct.unpack_from("<HHI", self._data, offset)
        end = min(offset + 8 + length, len(self._data))
        return _Record(kind, head >> 4, offset + 8, end, head & 15 == 15)

    def _children(self, record: _Record) -> Iterator[_Record]:
        at = record.start
        while at + 8 <= record.end:
            child = self._at(at)
            # a child that reaches beyond its parent would have its siblings read again and again
            child = replace(child, end=min(child.end, record.end))
            yield child
            at = child.end
