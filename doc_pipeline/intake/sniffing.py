"""The real type of a file, from its bytes; the name only decides between kinds of text.

Reads a few kilobytes and a zip's list of names. Refuses nothing: that is the gate's.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from doc_pipeline.intake.kinds import can_be_called, kind_of_name, mime_of_kind
from doc_pipeline.intake.text_kinds import is_text, sniff_text_kind

HEAD_BYTES = 64 * 1024
_DIRECTORY_BYTES = 16 * 1024
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (OLE_MAGIC, "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"%!PS", "ps"),
    (b"\x1f\x8b", "gz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"\x7fELF", "elf"),
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1", "parquet"),
)
_ZIP_PARTS = (
    ("word/", "docx"),
    ("ppt/", "pptx"),
    ("xl/workbook.bin", "xlsb"),
    ("xl/", "xlsx"),
)
_OPEN_DOCUMENT = re.compile(
    rb"mimetypeapplication/(?:vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)"
    rb"|(epub)\+zip)"
)
_OPEN_KINDS = {b"text": "odt", b"spreadsheet": "ods", b"presentation": "odp", b"epub": "epub"}
_OLE_STREAMS = (
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("__properties_version1.0", "msg"),
)
_OLE_CLAIMS = frozenset({"docx", "pptx", "xlsx", "doc", "ppt", "xls", "msg"})
_LOCAL_NAME = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileType:
    """What a file is and what its name claims. `claimed_*` are '' without an ending."""

    kind: str
    mime: str
    claimed_kind: str
    claimed_mime: str

    @property
    def is_mismatch(self) -> bool:
        """Whether the name claims a type that the bytes cannot be; no or a strange ending: no."""
        return not can_be_called(self.kind, self.claimed_kind)


def sniff_file(path: Path, name: str) -> FileType:
    """Real and claimed type of a file. `name` is the upload's; the path may have no ending."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        tail = _ole_directory(file, head)
    names = zip_names(path) if head.startswith(b"PK") else None
    kind = sniff_kind(head, name, tail, names)
    claimed = kind_of_name(name)
    claimed_mime = mime_of_kind(claimed) if claimed else ""
    return FileType(kind, mime_of_kind(kind), claimed, claimed_mime)


def sniff_kind(
    head: bytes, name: str, tail: bytes = b"", zip_names: Sequence[str] | None = None
) -> str:
    """Kind of a file by its first bytes, for zips also by the names inside.

    `tail` is any other part of the file worth looking at: for OLE the list of its streams.
    Text is told apart by its form, and by the name's ending where the form allows several.
    """
    if not head:
        return "empty"
    kind = _binary_kind(head)
    if kind == "zip":
        return _zip_kind(head, zip_names)
    if kind == "ole":
        return _ole_kind(head + tail, name)
    if kind is not None:
        return kind
    return sniff_text_kind(head, name) if is_text(head) else "unknown"


def zip_names(path: Path) -> list[str] | None:
    """Names in a zip; None when its list is damaged or too large to read here."""
    try:
        with zipfile.ZipFile(path) as package:
            return package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None


def _binary_kind(head: bytes) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"MZ") and b"PE\0\0" in head[:4096]:
        return "exe"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12], "unknown")
    if head[4:8] == b"ftyp":
        return "heic" if head[8:11] in {b"hei", b"mif"} else "mp4"
    return "tar" if head[257:262] == b"ustar" else None


def _zip_kind(head: bytes, names: Sequence[str] | None) -> str:
    opened = _OPEN_DOCUMENT.search(head[:200])
    if opened:
        return _OPEN_KINDS[opened[1] or opened[2]]
    if names is None:
        names = _names_in(head)
    if "META-INF/container.xml" in names and "mimetype" in names:
        return "epub"
    for part, kind in _ZIP_PARTS:
        if any(each.startswith(part) for each in names):
            return kind
    return "zip"


def _names_in(head: bytes) -> list[str]:
    """Names as the members' own headers give them: all that a truncated zip still has."""
    found: list[str] = []
    for match in _LOCAL_NAME.finditer(head):
        length = int.from_bytes(match[1], "little")
        found.append(head[match.end() : match.end() + length].decode("utf-8", "replace"))
    return found


def _ole_kind(data: bytes, name: str) -> str:
    """Kind by the streams' names (UTF-16 in the directory), else by the name's ending."""
    claimed = kind_of_name(name)
    if "EncryptedPackage".encode("utf-16-le") in data:
        return claimed if claimed in {"docx", "pptx", "xlsx"} else "ole"
    found = [kind for stream, kind in _OLE_STREAMS if stream.encode("utf-16-le") in data]
    if claimed in found:
        return claimed  # a sheet embedded in a letter lists both
    if found:
        return found[0]
    return claimed if claimed in _OLE_CLAIMS else "ole"


def _ole_directory(file: BinaryIO, head: bytes) -> bytes:
    """The list of streams, which stands anywhere in the file."""
    if not head.startswith(OLE_MAGIC) or len(head) < 52:
        return b""
    shift = int.from_bytes(head[30:32], "little")
    sector = int.from_bytes(head[48:52], "little")
    if shift not in {9, 12}:
        return b""
    file.seek((sector + 1) << shift)
    return file.read(_DIRECTORY_BYTES)
