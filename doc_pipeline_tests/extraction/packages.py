"""Word packages written by hand: what no library would write, and what attackers do."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
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
