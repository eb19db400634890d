"""Office packages written by hand: what no library would write, and what attackers do."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

_SPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "v": "urn:schemas-microsoft-com:vml",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
}
SPACES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _SPACES.items())
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_RELATION = _SPACES["r"]
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def paragraph(text: str) -> str:
    """A paragraph of one run."""
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def relation(number: int, kind: str, target: str) -> str:
    """A line of document.xml.rels."""
    return f'<Relationship Id="rId{number}" Type="{_RELATION}/{kind}" Target="{target}"/>'


def write_docx(
    path: Path,
    body: str,
    parts: Mapping[str, str] | None = None,
    *,
    relations: str = "",
    prolog: str = "",
    main_type: str = MAIN_TYPE,
) -> Path:
    """A package of a document with this body and these other parts."""
    types = (
        f'<Types xmlns="{_PACKAGE}content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main_type}"/></Types>'
    )
    root = relation(1, "officeDocument", "word/document.xml")
    rels = f'<Relationships xmlns="{_PACKAGE}relationships">'
    members = {
        "[Content_Types].xml": types,
        "_rels/.rels": f"{rels}{root}</Relationships>",
        "word/_rels/document.xml.rels": f"{rels}{relations}</Relationships>",
        "word/document.xml": (
            f'<?xml version="1.0" encoding="UTF-8"?>{prolog}'
            f"<w:document {SPACES}><w:body>{body}</w:body></w:document>"
        ),
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in members.items():
            package.writestr(name, text)
    return path


def rewrite(path: Path, changes: Mapping[str, Mapping[bytes, bytes]]) -> Path:
    """The same package with bytes of some parts replaced; of all parts under the name "*"."""
    with zipfile.ZipFile(path) as package:
        members = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            for old, new in {**changes.get("*", {}), **changes.get(name, {})}.items():
                data = data.replace(old, new)
            package.writestr(name, data)
    return path


def write_xlsb(path: Path, rows: Sequence[Sequence[str | float]], name: str = "Fees") -> Path:
    """A binary workbook of one sheet: records of a number, a length and a body."""

    def record(number: int, body: bytes = b"") -> bytes:
        head = bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])
        length, size = b"", len(body)
        while True:
            length += bytes([size & 127 | (128 if size > 127 else 0)])
            size >>= 7
            if not size:
                return head + length + body

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def cell(column: int, value: str | float) -> bytes:
        place = struct.pack("<II", column, 0)
        if isinstance(value, str):
            return record(6, place + wide(value))
        return record(5, place + struct.pack("<d", value))

    sheet = b"".join(
        record(0, struct.pack("<IIHBBI", number, 0, 300, 0, 0, 0))
        + b"".join(cell(column, value) for column, value in enumerate(row))
        for number, row in enumerate(rows)
    )
    extent = struct.pack("<4I", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    shown = struct.pack("<II", 0, 1) + wide("rId1") + wide(name)
    relations = (
        f'<Relationships xmlns="{_PACKAGE}relationships">'
        f"{relation(1, 'worksheet', 'worksheets/sheet1.bin')}</Relationships>"
    )
    members = {
        "[Content_Types].xml": b"<Types/>",
        "xl/_rels/workbook.bin.rels": relations.encode(),
        "xl/workbook.bin": record(131)
        + record(153, struct.pack("<III", 0, 0, 0))
        + record(143)
        + record(156, shown)
        + record(144)
        + record(132),
        "xl/worksheets/sheet1.bin": record(129)
        + record(148, extent)
        + record(145)
        + sheet
        + record(146)
        + record(130),
    }
    with zipfile.ZipFile(path, "w") as package:
        for part, data in members.items():
            package.writestr(part, data)
    return path


def lock(path: Path, password: str) -> Path:
    """The same file behind a password. msoffcrypto needs at least 4 KB for that."""
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = BytesIO()
    with path.open("rb") as file:
        OOXMLFile(file).encrypt(password, locked)
    path.write_bytes(locked.getvalue())
    return path
