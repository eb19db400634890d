"""The real type of a file, from its bytes; the name only decides between kinds of text.

Reads a few kilobytes, a zip's list of names or an OLE file's directory. Refuses nothing.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

from doc_pipeline.intake.kinds import can_be_called, kind_of_name, mime_of_kind
from doc_pipeline.intake.ole import OLE_MAGIC, kind_of_directory, ole_kind
from doc_pipeline.intake.packages import kind_of_members, names_in, package_kind
from doc_pipeline.intake.text_kinds import is_text, sniff_text_kind

HEAD_BYTES = 64 * 1024
_PDF_SEARCHED = 1024
_PDF = re.compile(rb"%PDF-\d|%!PS-Adobe-\d\.\d PDF-\d")
_PDF_INSIDE = re.compile(rb"\d\s+obj\b|stream|startxref")
_RTF = re.compile(rb"(?:\xef\xbb\xbf)?[\s\0]{0,64}\{\\u?rtf")
_MAGIC = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08PK", "zip"),
    (b"PK00PK\x03\x04", "zip"),
    (OLE_MAGIC, "ole"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"\0\0\0\x0cjP  ", "jp2"),
    (b"8BPS\0\x01", "psd"),
    (b"\0\0\x01\0", "ico"),
    (b"\xdb\xa5-\0", "doc"),  # Word 2
    (b"\x9b\xa5!\0", "doc"),  # Word 1
    (b"\x31\xbe\0\0", "doc"),  # Word for DOS, Write
    (b"\x09\0\x04\0", "xls"),  # Excel 2, 3, 4, and 5 without its container
    (b"\x09\x02\x06\0", "xls"),
    (b"\x09\x04\x06\0", "xls"),
    (b"\x09\x08\x08\0\0\x05", "xls"),
    (b"\xffWPC", "wpd"),
    (b"%!PS", "ps"),
    (b"%FDF-", "fdf"),
    (b"\x1f\x8b", "gz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"BZh91AY", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"ID3\x02", "mp3"),
    (b"ID3\x03", "mp3"),
    (b"ID3\x04", "mp3"),
    (b"OggS\0", "ogg"),
    (b"fLaC\0", "flac"),
    (b"\x1aE\xdf\xa3", "mkv"),
    (b"\x7fELF", "elf"),
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1\x15", "parquet"),
)
_RIFF = {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_BITMAP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})


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
        kind = _binary_kind(head) if head else "empty"
        if kind == "ole":
            kind = ole_kind(file, head, name)
    if kind == "zip":
        kind = package_kind(path, head, name)
    elif kind is None:
        kind = _text_kind(head, name)
    claimed = kind_of_name(name)
    claimed_mime = mime_of_kind(claimed) if claimed else ""
    return FileType(kind, mime_of_kind(kind), claimed, claimed_mime)


def sniff_kind(data: bytes, name: str) -> str:
    """Kind of a file of which only the first bytes are at hand, such as an attachment's.

    Text is told apart by its form, and by the name's ending where the form allows several.
    """
    if not data:
        return "empty"
    kind = _binary_kind(data)
    if kind == "zip":
        return kind_of_members(data, names_in(data), lambda _: b"")
    if kind == "ole":
        whole = ole_kind(io.BytesIO(data), data, name)
        return whole if whole != "ole" else kind_of_directory(data, name, is_whole=False)
    return kind or _text_kind(data, name)


def _text_kind(head: bytes, name: str) -> str:
    return sniff_text_kind(head, name) if is_text(head) else "unknown"


def _binary_kind(head: bytes) -> str | None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return "pdf" if kind == "ps" and _PDF.match(head) else kind
    if _RTF.match(head):
        return "rtf"
    if head[257:262] == b"ustar":
        return "tar"
    return _boxed_kind(head) or _shifted_kind(head)


def _boxed_kind(head: bytes) -> str | None:
    """Formats whose mark does not stand alone at the beginning."""
    if head.startswith(b"MZ") and b"PE\0\0" in head[:4096]:
        return "exe"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return "bmp"
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "unknown")
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in range(8, min(head[3], 64), 4)}
        if b"avif" in brands or b"avis" in brands:
            return "avif"
        return "heic" if _HEIF & brands else "mp4"
    return None


def _shifted_kind(head: bytes) -> str | None:
    """A PDF or zip behind some bytes that do not belong to it."""
    found = _PDF.search(head[:_PDF_SEARCHED])
    if found and (found.start() == 0 or _PDF_INSIDE.search(head)):
        return "pdf"
    if b"PK\x03\x04" in head[:_PDF_SEARCHED] and not is_text(head):
        return "zip"
    return None
