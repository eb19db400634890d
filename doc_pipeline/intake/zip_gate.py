"""What a zip may hold: how many members, how large, how densely packed, and none that lie.

Reads the list of members, not their content. Office files and e-books are zips too.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from doc_pipeline.domain.errors import FileEncrypted, OverLimit
from doc_pipeline.domain.limits import MIB, Limits

_HARMLESS_BYTES = 16 * MIB
"""Below this an expansion hurts nobody, whatever its ratio (blank pictures compress 1:1000)."""
_LIST_ENTRY_BYTES = 46
_HEADER_BYTES = 30
_DEFLATE_RATIO = 1032
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_END_SEARCHED = 65_557
_OPEN_KINDS = frozenset({"odt", "ods", "odp"})
_MOST_READ = 4 * MIB


def check_member_list(file: BinaryIO, size_bytes: int, limits: Limits) -> None:
    """Count a zip's members before its list is read into memory: the list itself can be a bomb.

    Raises `OverLimit`.
    """
    file.seek(max(0, size_bytes - _END_SEARCHED))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        return
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    list_bytes = int.from_bytes(tail[at + 12 : at + 16], "little")
    at64 = tail.rfind(_END64, 0, at)
    if at64 >= 0:
        count = max(count, int.from_bytes(tail[at64 + 32 : at64 + 40], "little"))
        list_bytes = int.from_bytes(tail[at64 + 40 : at64 + 48], "little")
    # The count may lie, both ways; the size of the list is what a reader believes.
    possible = min(list_bytes, size_bytes) // (_LIST_ENTRY_BYTES + 1)
    if possible > limits.zip_members * 10 or min(count, possible) > limits.zip_members:
        found = possible if count < limits.zip_members else min(count, possible)
        raise OverLimit(limit="zip_members", allowed=limits.zip_members, found=found)


def check_members(path: Path, kind: str, limits: Limits, *, has_password: bool) -> None:
    """Sizes and flags of the members. A damaged list is the extractor's to name.

    Raises `OverLimit`, `FileEncrypted`.
    """
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
            is_locked = kind in _OPEN_KINDS and _has_locked_parts(package)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    if len(members) > limits.zip_members:
        raise OverLimit(limit="zip_members", allowed=limits.zip_members, found=len(members))
    _check_expansion(members, path.stat().st_size, limits)
    _check_itself(members, path)
    if is_locked or (kind == "epub" and any(_is_rights(member) for member in members)):
        raise FileEncrypted(kind=kind)
    if not has_password and any(member.flag_bits & 1 for member in members):
        raise FileEncrypted(kind=kind)


def _check_expansion(members: Sequence[zipfile.ZipInfo], size_bytes: int, limits: Limits) -> None:
    expanded = sum(_most_bytes(member, size_bytes) for member in members)
    if expanded > limits.zip_expanded_bytes:
        allowed = limits.zip_expanded_bytes
        raise OverLimit(limit="zip_expanded_bytes", allowed=allowed, found=expanded)
    if expanded <= _HARMLESS_BYTES:
        return
    # Members that share their bytes pack better than they say: the file's size is what they have.
    packed = min(sum(member.compress_size for member in members), size_bytes)
    ratio = expanded / max(packed, 1)
    if ratio > limits.zip_ratio:
        raise OverLimit(limit="zip_ratio", allowed=limits.zip_ratio, found=round(ratio))
    overlaps = _count_overlaps(members)
    if overlaps:
        raise OverLimit(limit="zip_overlaps", allowed=0, found=overlaps)


def _most_bytes(member: zipfile.ZipInfo, size_bytes: int) -> int:
    """What a member can expand to: a damaged list may claim more than its packed bytes can give."""
    packed = min(member.compress_size, size_bytes)
    most = {
        zipfile.ZIP_STORED: packed,
        zipfile.ZIP_DEFLATED: packed * _DEFLATE_RATIO + _LIST_ENTRY_BYTES,
    }
    return min(member.file_size, most.get(member.compress_type, member.file_size))


def _count_overlaps(members: Sequence[zipfile.ZipInfo]) -> int:
    ordered = sorted(members, key=lambda member: member.header_offset)
    ends = [m.header_offset + _HEADER_BYTES + m.compress_size for m in ordered]
    return sum(
        end > following.header_offset for end, following in zip(ends, ordered[1:], strict=False)
    )


def _check_itself(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    """An archive that holds itself has no end."""
    size_bytes = path.stat().st_size
    twins = [member for member in members if member.file_size == size_bytes]
    if twins and _checksum(path) in {member.CRC for member in twins}:
        raise OverLimit(limit="zip_in_itself", allowed=0, found=len(twins))


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while piece := file.read(MIB):
            checksum = zlib.crc32(piece, checksum)
    return checksum


def _is_rights(member: zipfile.ZipInfo) -> bool:
    """Books under Adobe's or Apple's protection carry their rights with them."""
    return member.filename in {"META-INF/rights.xml", "META-INF/sinf.xml"}


def _has_locked_parts(package: zipfile.ZipFile) -> bool:
    """OpenDocument says in its manifest which parts are encrypted."""
    try:
        with package.open("META-INF/manifest.xml") as manifest:
            return b"encryption-data" in manifest.read(_MOST_READ)
    except Exception:  # noqa: BLE001 - missing or damaged: its extractor says so
        return False
