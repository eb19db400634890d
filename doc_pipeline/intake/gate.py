"""Admission: what no extractor should ever see is refused here, before anything is parsed.

Knows limits, encryption and bombs. Whether there is an extractor for a kind is not asked here.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from doc_pipeline.domain.errors import (
    FileEmpty,
    FileEncrypted,
    FileTooLarge,
    MimeMismatch,
    MimeNotAllowed,
    OverLimit,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.intake.sniffing import OLE_MAGIC, FileType, sniff_file

_HARMLESS_BYTES = 16 * 1024 * 1024
"""Below this an expansion hurts nobody, whatever its ratio (blank pictures compress 1:1000)."""
_LIST_ENTRY_BYTES = 46
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_END_SEARCHED = 65_557
_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?[\w:.-]+\s+(?:\"([^\"]*)\"|'([^']*)'|SYSTEM|PUBLIC)")
_REFERENCE = re.compile(rb"[&%](?!(?:amp|lt|gt|quot|apos);)[\w:.-]+;")
_DECLARATIONS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class AdmissionRules:
    """Which types may go on. Patterns such as `image/*`; an empty `allowed_mime` allows all.

    `mismatch` is what happens when name and bytes disagree: "accept" (recorded) or "reject".
    """

    allowed_mime: tuple[str, ...] = ()
    denied_mime: tuple[str, ...] = ()
    mismatch: str = "accept"


def check_size(size_bytes: int, limits: Limits) -> None:
    """Refuse a file by its size alone, before a byte of it is fetched. Raises `FileTooLarge`."""
    if size_bytes > limits.file_bytes:
        raise FileTooLarge(allowed=limits.file_bytes, found=size_bytes)


def admit_file(
    path: Path,
    name: str,
    limits: Limits,
    *,
    password: str | None = None,
    rules: AdmissionRules | None = None,
) -> FileType:
    """Real type of a file that may go on.

    With a `password` an encrypted office file or zip is let through; the extractor tries it.
    Raises `FileEmpty`, `FileTooLarge`, `MimeNotAllowed`, `MimeMismatch`, `OverLimit`,
    `FileEncrypted`.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        raise FileEmpty
    check_size(size_bytes, limits)
    with path.open("rb") as file:
        magic = file.read(8)
        if magic.startswith(b"PK"):
            _check_list(file, size_bytes, limits)
    file_type = sniff_file(path, name)
    _check_rules(file_type, rules or AdmissionRules())
    if magic.startswith(b"PK"):
        _check_members(path, file_type.kind, limits, is_open=password is not None)
    elif magic == OLE_MAGIC and password is None:
        _check_ole(path, file_type)
    elif file_type.kind in {"xml", "svg", "html"}:
        _check_entities(path)
    return file_type


def _check_rules(file_type: FileType, rules: AdmissionRules) -> None:
    mime = file_type.mime.lower()
    if any(fnmatchcase(mime, pattern.lower()) for pattern in rules.denied_mime):
        raise MimeNotAllowed(mime=mime, setting="DOC_PIPELINE_DENIED_MIME")
    allowed = rules.allowed_mime
    if allowed and not any(fnmatchcase(mime, pattern.lower()) for pattern in allowed):
        raise MimeNotAllowed(mime=mime, setting="DOC_PIPELINE_ALLOWED_MIME")
    if rules.mismatch == "reject" and file_type.is_mismatch:
        raise MimeMismatch(found=file_type.kind, claimed=file_type.claimed_kind)


def _check_list(file: BinaryIO, size_bytes: int, limits: Limits) -> None:
    """Count a zip's members before its list is read into memory: the list itself can be a bomb."""
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
    # The count may lie; the size of the list is what a reader believes.
    possible = min(list_bytes, size_bytes) // (_LIST_ENTRY_BYTES + 1)
    if count > limits.zip_members or possible > limits.zip_members * 10:
        found = max(count, possible)
        raise OverLimit(limit="zip_members", allowed=limits.zip_members, found=found)


def _check_members(path: Path, kind: str, limits: Limits, *, is_open: bool) -> None:
    """Sizes and flags of the members. A damaged list is the extractor's to name."""
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    if len(members) > limits.zip_members:
        raise OverLimit(limit="zip_members", allowed=limits.zip_members, found=len(members))
    expanded = sum(member.file_size for member in members)
    if expanded > limits.zip_expanded_bytes:
        allowed = limits.zip_expanded_bytes
        raise OverLimit(limit="zip_expanded_bytes", allowed=allowed, found=expanded)
    packed = sum(member.compress_size for member in members)
    ratio = expanded / max(packed, 1)
    if expanded > _HARMLESS_BYTES and ratio > limits.zip_ratio:
        raise OverLimit(limit="zip_ratio", allowed=limits.zip_ratio, found=round(ratio))
    if not is_open and any(member.flag_bits & 1 for member in members):
        raise FileEncrypted(kind=kind)


def _check_ole(path: Path, file_type: FileType) -> None:
    import msoffcrypto

    try:
        with path.open("rb") as file:
            is_encrypted = msoffcrypto.OfficeFile(file).is_encrypted()
    except Exception:  # noqa: BLE001 - a mail (msg) or a damaged file; its extractor says which
        return
    if is_encrypted:
        raise FileEncrypted(kind=file_type.kind if file_type.kind != "ole" else "office")


def _check_entities(path: Path) -> None:
    """Entities made of entities grow without end ('billion laughs')."""
    with path.open("rb") as file:
        declared = file.read(_DECLARATIONS_BYTES)
    nested = sum(
        bool(_REFERENCE.search(match[1] or match[2] or b"")) for match in _ENTITY.finditer(declared)
    )
    if nested:
        raise OverLimit(limit="xml_nested_entities", allowed=0, found=nested)
