"""Which kind of file a zip is, by the names inside and, where these leave it open, a small member.

Reads the list of members, never a document's content.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from doc_pipeline.intake.kinds import kind_of_name

ReadMember = Callable[[str], bytes]

ZIPPED = frozenset({"zip", "docx", "pptx", "xlsx", "xlsb", "odt", "ods", "odp", "epub"})
"""Kinds of file that are zips and have an extractor."""
_MOST_READ = 64 * 1024
_LOCAL_NAME = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
_MIME_MEMBER = re.compile(rb"mimetype(application/[\w.+-]+?)(?=PK|\s|$)")
_BY_MIME = (
    ("vnd.oasis.opendocument.text", "odt"),
    ("vnd.oasis.opendocument.spreadsheet", "ods"),
    ("vnd.oasis.opendocument.presentation", "odp"),
    ("vnd.oasis.opendocument", "odg"),
    ("vnd.sun.xml", "sxw"),
    ("epub+zip", "epub"),
)
_PARTS = (
    ("word/", "docx"),
    ("ppt/", "pptx"),
    ("xl/workbook.bin", "xlsb"),
    ("xl/", "xlsx"),
    ("visio/", "vsdx"),
)
_FOLDERS = {"docx": "word/", "pptx": "ppt/", "xlsx": "xl/", "xlsb": "xl/", "epub": "META-INF/"}
_MAIN_PARTS = re.compile(
    rb"wordprocessingml\.(?:document|template)\.main|ms-word\.(?:document|template)\."
    rb"|presentationml\.(?:presentation|slideshow|template)\.main|ms-powerpoint\.\w+\."
    rb"|ms-excel\.sheet\.binary|spreadsheetml\.(?:sheet|template)\.main|ms-excel\.\w+\."
)
_KIND_OF_PART = (
    (b"word", "docx"),
    (b"presentationml", "pptx"),
    (b"powerpoint", "pptx"),
    (b"binary", "xlsb"),
)
_OTHER_MARKS = (
    ("META-INF/MANIFEST.MF", "jar"),
    ("AndroidManifest.xml", "apk"),
    ("Index/Document.iwa", "iwork"),
    ("FixedDocumentSequence.fdseq", "xps"),
)


def package_kind(path: Path, head: bytes, name: str) -> str:
    """Kind of a zip file; 'zip' for a plain archive.

    A damaged list is made up for by `head`, and where that does not tell by the name.
    """
    try:
        with zipfile.ZipFile(path) as package:
            listed = package.namelist()
            kind = kind_of_members(head, listed, lambda member: _read(package, member))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        if not head.startswith(b"PK"):
            return "unknown"
        listed, kind = [], kind_of_members(head, names_in(head), lambda _: b"")
    claimed = kind_of_name(name)
    if kind == "zip" and claimed in ZIPPED and _is_damaged([*listed, *names_in(head)], claimed):
        return claimed
    return kind


def _is_damaged(names: Sequence[str], claimed: str) -> bool:
    """Whether what is left of a zip may have been a file of the kind that its name claims."""
    start = _FOLDERS.get(claimed, "content.xml")
    return not names or any(_is_types(name) or name.startswith(start) for name in names)


def _is_types(member: str) -> bool:
    return member.lower() == "[content_types].xml"


def kind_of_members(head: bytes, names: Sequence[str], read: ReadMember) -> str:
    """Kind by the members' names; `read` gives the beginning of one, empty when it cannot."""
    stored = _MIME_MEMBER.search(head[:200])
    found = _kind_of_mime(stored[1]) if stored else None
    if found is None and "mimetype" in names:
        found = _kind_of_mime(read("mimetype"))
    return found or _office_kind(names, read) or _book_kind(names, read) or _other_kind(names)


def names_in(head: bytes) -> list[str]:
    """Names as the members' own headers give them: all that a truncated zip still has."""
    found: list[str] = []
    for match in _LOCAL_NAME.finditer(head):
        length = int.from_bytes(match[1], "little")
        found.append(head[match.end() : match.end() + length].decode("utf-8", "replace"))
    return found


def _kind_of_mime(mime: bytes) -> str | None:
    text = mime[:100].decode("ascii", "replace").strip().removeprefix("application/")
    return next((kind for start, kind in _BY_MIME if text.startswith(start)), None)


def _office_kind(names: Sequence[str], read: ReadMember) -> str | None:
    """Microsoft's packages: by the folder of their parts, else by the type of the main part."""
    lower = [name.lower().replace("\\", "/").removeprefix("/") for name in names]
    types = next(filter(_is_types, names), None)
    kinds = {kind for part, kind in _PARTS if any(each.startswith(part) for each in lower)}
    if "xlsb" in kinds:
        kinds.discard("xlsx")
    if len(kinds) == 1 and (types is not None or _is_office_part(lower)):
        return kinds.pop()
    main = _MAIN_PARTS.search(read(types)) if types is not None else None
    if main is not None:
        return next((kind for sign, kind in _KIND_OF_PART if sign in main[0]), "xlsx")
    ordered = [kind for _, kind in _PARTS if kind in kinds]
    return ordered[0] if types is not None and ordered else None


def _is_office_part(lower: Sequence[str]) -> bool:
    """Packages that lost their list of types are damaged, not archives."""
    known = {"word/document.xml", "ppt/presentation.xml", "xl/workbook.xml", "xl/workbook.bin"}
    return not known.isdisjoint(lower)


def _book_kind(names: Sequence[str], read: ReadMember) -> str | None:
    """E-books and OpenDocument files whose 'mimetype' is missing."""
    if "META-INF/container.xml" in names and any(name.endswith(".opf") for name in names):
        return "epub"
    if "content.xml" in names and "META-INF/manifest.xml" in names:
        named = re.search(
            rb'"application/(vnd\.(?:oasis|sun)[\w.]+)', read("META-INF/manifest.xml")
        )
        return _kind_of_mime(named[1]) if named else None
    return None


def _other_kind(names: Sequence[str]) -> str:
    return next((kind for mark, kind in _OTHER_MARKS if mark in names), "zip")


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        with package.open(name) as member:
            return member.read(_MOST_READ)
    except Exception:  # noqa: BLE001 - damaged or encrypted: the names have to do
        return b""
