"""Which kind of file an OLE container is (doc, ppt, xls, msg), by the streams at its root.

Follows the container's own table to its directory; reads no stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from doc_pipeline.intake.kinds import kind_of_name

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY_BYTES = 128
_MOST_SECTORS = 256
_LAST = 0xFFFFFFFA
_NOBODY = 0xFFFFFFFF
_STREAMS = (
    ("worddocument", "doc"),
    ("powerpoint document", "ppt"),
    ("pp40", "ppt"),
    ("workbook", "xls"),
    ("book", "xls"),
    ("__properties_version1.0", "msg"),
    ("visiodocument", "vsd"),
)
_CLAIMS = frozenset({"docx", "pptx", "xlsx", "doc", "ppt", "xls", "msg"})
_ENCRYPTED = "encryptedpackage"


def ole_kind(file: BinaryIO, head: bytes, name: str) -> str:
    """Kind of an OLE file; 'ole' when neither streams nor name tell."""
    directory = _directory(file, head)
    return kind_of_directory(directory or head, name, is_whole=bool(directory))


def kind_of_directory(data: bytes, name: str, *, is_whole: bool = True) -> str:
    """Kind by a list of streams, or by any bytes in which their names may stand.

    An encrypted docx, pptx or xlsx is an OLE file that only its name tells from the others.
    """
    claimed = kind_of_name(name)
    streams = _root_streams(data) if is_whole else []
    if not streams:
        wide = data.lower()
        streams = [s for s, _ in _STREAMS if s.encode("utf-16-le") in wide]
        if _ENCRYPTED.encode("utf-16-le") in wide:
            streams.append(_ENCRYPTED)
    if _ENCRYPTED in streams:
        return claimed if claimed in {"docx", "pptx", "xlsx", "xlsb"} else "ole"
    found = [kind for stream, kind in _STREAMS if stream in streams]
    if claimed in found:
        return claimed
    if found:
        return found[0]
    return claimed if claimed in _CLAIMS else "ole"


def _root_streams(directory: bytes) -> list[str]:
    """Lower-case names of what stands at the root; entries of embedded objects stand deeper."""
    count = len(directory) // _ENTRY_BYTES
    if count == 0:
        return []
    names: list[str] = []
    seen: set[int] = set()
    waiting = [_number(directory, 76)]
    while waiting:
        at = waiting.pop()
        if at in seen or at >= count:
            continue
        seen.add(at)
        start = at * _ENTRY_BYTES
        length = min(int.from_bytes(directory[start + 64 : start + 66], "little"), 64)
        raw = directory[start : start + max(length - 2, 0)]
        names.append(raw.decode("utf-16-le", "replace").lower())
        waiting += [_number(directory, start + 68), _number(directory, start + 72)]
    return names


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little") if at + 4 <= len(data) else _NOBODY


def _directory(file: BinaryIO, head: bytes) -> bytes:
    """The directory's sectors, in the order of the container's table; empty when damaged."""
    shift = int.from_bytes(head[30:32], "little")
    if len(head) < 512 or shift not in {9, 12}:
        return b""
    tables = [_number(head, 76 + 4 * at) for at in range(109)]
    sector, parts = _number(head, 48), list[bytes]()
    seen: set[int] = set()
    cache: dict[int, bytes] = {}
    while sector < _LAST and sector not in seen and len(parts) < _MOST_SECTORS:
        seen.add(sector)
        parts.append(_sector(file, sector, shift))
        sector = _next(file, sector, shift, tables, cache)
    return b"".join(parts)


def _next(
    file: BinaryIO, sector: int, shift: int, tables: Sequence[int], cache: dict[int, bytes]
) -> int:
    table, at = divmod(sector, 1 << (shift - 2))
    if table >= len(tables) or tables[table] >= _LAST:
        return _NOBODY
    if table not in cache:
        cache[table] = _sector(file, tables[table], shift)
    return _number(cache[table], 4 * at)


def _sector(file: BinaryIO, sector: int, shift: int) -> bytes:
    file.seek((sector + 1) << shift)
    return file.read(1 << shift)
