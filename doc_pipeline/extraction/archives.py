"""Archives (zip): the list of what is inside as text, and the files inside as files.

Nothing inside is read here. The sizes a zip declares are not believed: bytes are counted.
"""

from __future__ import annotations

import errno
import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, OverLimit, PasswordWrong
from doc_pipeline.domain.limits import MIB
from doc_pipeline.extraction.archive_aes import AES_METHOD, read_aes_member
from doc_pipeline.extraction.attachments import FoundFiles, safe_name, size_text
from doc_pipeline.extraction.charset import decode_text
from doc_pipeline.extraction.request import Draft, ExtractRequest

_PIECE = MIB
_HEADER_BYTES = 30
_HARMLESS_BYTES = 16 * MIB
"""Files that share bytes are a bomb, or below this a damaged list, which reading them tells."""
_LOCKED = 1
_UTF8 = 0x800
_DOS = ("cp437", "cp850")
"""Tried where a few bytes only say 'Western Europe': this is what zip programs write."""
_UNICODE_PATH = 0x7075
_JUNK_FOLDERS = frozenset({"__MACOSX", ".Trashes", ".fseventsd", ".Spotlight-V100"})
_JUNK_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "Icon\r"})
_DAMAGED = (EOFError, OSError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


def extract_zip(path: Path, request: ExtractRequest) -> Draft:
    """A title, and one line for each file inside; the files become attachments.

    Raises `FileEncrypted`, `PasswordWrong`, `FileCorrupt` (no member can be read), `OverLimit`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, request)
    except (*_DAMAGED, NotImplementedError, IndexError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise FileCorrupt(kind=request.kind) from error


def _read(archive: zipfile.ZipFile, request: ExtractRequest) -> Draft:
    members = archive.infolist()
    _check(members, request)
    read_name = _name_reader(members)
    kept = [(member, read_name(member)) for member in members]
    kept = [(member, name) for member, name in kept if not _is_left_aside(member, name)]
    found = FoundFiles(request)
    failed = 0
    for number, (member, name) in enumerate(kept, start=1):
        failed += not _add(archive, member, name, found, request)
        request.report(number, len(kept))
    if kept and failed == len(kept):
        raise FileCorrupt(kind=request.kind)
    files = [(name, member.file_size) for member, name in kept]
    return Draft(
        list(_elements(request.name, files)),
        warnings=found.warnings,
        attachments=tuple(found.attachments),
    )


def _check(members: Sequence[zipfile.ZipInfo], request: ExtractRequest) -> None:
    """Refuse what only bombs do, also where no gate has looked before."""
    allowed = request.limits.zip_members
    if len(members) > allowed:
        raise OverLimit(limit="zip_members", allowed=allowed, found=len(members))
    if sum(member.file_size for member in members) > _HARMLESS_BYTES and _overlaps(members):
        raise OverLimit(limit="zip_overlaps", allowed=0, found=_overlaps(members))
    if any(member.flag_bits & _LOCKED for member in members) and request.password is None:
        raise FileEncrypted(kind=request.kind)


def _overlaps(members: Sequence[zipfile.ZipInfo]) -> int:
    places = sorted(
        (member.header_offset, member.header_offset + _HEADER_BYTES + member.compress_size)
        for member in members
    )
    return sum(end > start for (_, end), (start, _) in pairwise(places))


def _add(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    name: str,
    found: FoundFiles,
    request: ExtractRequest,
) -> bool:
    """Hand one member over; False where it cannot be read, which its warning says."""
    if not found.writes or found.is_full:
        found.add(name, ())
        return True
    is_locked = bool(member.flag_bits & _LOCKED)
    try:
        found.add(name, _pieces(archive, member, request.password if is_locked else None))
    except (NotImplementedError, *_DAMAGED) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        is_unknown = isinstance(error, NotImplementedError)
        return found.leave_out(
            name, "packed in a way that is not known" if is_unknown else "damaged"
        )
    except RuntimeError as error:  # what zipfile raises for a password, right or wrong
        raise PasswordWrong(kind=request.kind) from error
    return True


def _pieces(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, password: str | None
) -> Iterator[bytes]:
    if password is not None and member.compress_type == AES_METHOD:
        yield from read_aes_member(archive, member, password)
        return
    key = None if password is None else password.encode()
    with archive.open(member, pwd=key) as file:
        while piece := file.read(_PIECE):
            yield piece


def _name_reader(members: Sequence[zipfile.ZipInfo]) -> Callable[[zipfile.ZipInfo], str]:
    """How to read names: those without the flag of UTF-8 share one charset, told from them all."""
    raw = [_raw_name(member) for member in members if not member.flag_bits & _UTF8]
    joined = b"\n".join(name for name in raw if not name.isascii())
    _, charset = decode_text(joined) if joined else ("", "ascii")

    def read(member: zipfile.ZipInfo) -> str:
        told = _unicode_path(member.extra)
        if told is not None:
            return told
        if member.flag_bits & _UTF8:
            return member.orig_filename
        data = _raw_name(member)
        charsets = (*_DOS, charset) if charset == "cp1252" else (charset,)
        return next(
            filter(_is_latin, (data.decode(name, "replace") for name in charsets)), None
        ) or (data.decode(charset, "replace"))

    return read


def _is_latin(name: str) -> bool:
    return all(char < "\x80" or (char < "\u0250" and char.isalpha()) for char in name)


def _raw_name(member: zipfile.ZipInfo) -> bytes:
    """The bytes of a name that zipfile took for cp437."""
    return member.orig_filename.encode("cp437", "replace")


def _unicode_path(extra: bytes) -> str | None:
    """The name in UTF-8 that some programs put beside the one in an old charset."""
    at = 0
    while at + 4 <= len(extra):
        kind = int.from_bytes(extra[at : at + 2], "little")
        size = int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == _UNICODE_PATH and size > 5:
            return extra[at + 9 : at + 4 + size].decode("utf-8", "replace")
        at += 4 + size
    return None


def _is_left_aside(member: zipfile.ZipInfo, name: str) -> bool:
    """Folders, links, and what systems put into folders by themselves."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    is_junk = bool(parts) and (parts[-1] in _JUNK_NAMES or not _JUNK_FOLDERS.isdisjoint(parts))
    return member.is_dir() or name.endswith("\\") or is_link or is_junk


def _elements(archive: str, files: Sequence[tuple[str, int]]) -> Iterator[Element]:
    """The archive's own name as title, so that a search for it or for a file inside finds it."""
    if files:
        yield Element("Title", safe_name(PurePosixPath(archive).name) or "archive", depth=0)
    for name, size_bytes in files:
        shown = safe_name(name) or "a file without a name"
        yield Element("ListItem", f"{shown}, {size_text(size_bytes)}")
