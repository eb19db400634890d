"""Admission: what no extractor should ever see is refused here, before anything is parsed.

Knows limits, encryption and bombs. Whether there is an extractor for a kind is not asked here.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from doc_pipeline.domain.errors import (
    FileEmpty,
    FileEncrypted,
    FileTooLarge,
    MimeMismatch,
    MimeNotAllowed,
    OverLimit,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.intake.ole import OLE_MAGIC
from doc_pipeline.intake.packages import ZIPPED
from doc_pipeline.intake.pictures import count_pixels
from doc_pipeline.intake.sniffing import FileType, sniff_file
from doc_pipeline.intake.zip_gate import check_member_list, check_members

_BUILT_IN_PASSWORDS = ("VelvetSweatshop", "/01Hannes Ruescher/01")
_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?[\w:.-]+\s+(?:\"([^\"]*)\"|'([^']*)'|SYSTEM|PUBLIC)")
_REFERENCE = re.compile(rb"[&%](?!(?:amp|lt|gt|quot|apos);)[\w:.-]+;")
_DECLARATIONS_BYTES = 256 * 1024
_ZIP_SEARCHED = 1024


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
        head = file.read(_ZIP_SEARCHED)
        if b"PK" in head:
            check_member_list(file, size_bytes, limits)
    file_type = sniff_file(path, name)
    _check_rules(file_type, rules or AdmissionRules())
    is_ole = head.startswith(OLE_MAGIC)
    if is_ole and password is None:
        _check_ole(path, file_type)
    elif not is_ole:
        _check_content(path, file_type, limits, has_password=password is not None)
    return file_type


def _check_content(path: Path, file_type: FileType, limits: Limits, *, has_password: bool) -> None:
    if file_type.kind in ZIPPED:
        check_members(path, file_type.kind, limits, has_password=has_password)
    elif file_type.kind in {"xml", "svg", "html"}:
        _check_entities(path)
    elif file_type.mime.startswith("image/"):
        _check_pixels(path, file_type.kind, limits)


def _check_pixels(path: Path, kind: str, limits: Limits) -> None:
    with path.open("rb") as file:
        pixels = count_pixels(file, kind)
    if pixels > limits.image_pixels:
        raise OverLimit(limit="image_pixels", allowed=limits.image_pixels, found=pixels)


def _check_rules(file_type: FileType, rules: AdmissionRules) -> None:
    mime = file_type.mime.lower()
    if any(fnmatchcase(mime, pattern.lower()) for pattern in rules.denied_mime):
        raise MimeNotAllowed(mime=mime, setting="DOC_PIPELINE_DENIED_MIME")
    allowed = rules.allowed_mime
    if allowed and not any(fnmatchcase(mime, pattern.lower()) for pattern in allowed):
        raise MimeNotAllowed(mime=mime, setting="DOC_PIPELINE_ALLOWED_MIME")
    if rules.mismatch == "reject" and file_type.is_mismatch:
        raise MimeMismatch(found=file_type.kind, claimed=file_type.claimed_kind)


def _check_ole(path: Path, file_type: FileType) -> None:
    import msoffcrypto

    try:
        with path.open("rb") as file:
            office = msoffcrypto.OfficeFile(file)
            is_locked = office.is_encrypted() and not _opens_without_asking(office)
    except Exception:  # noqa: BLE001 - a mail (msg) or a damaged file; its extractor says which
        return
    if is_locked:
        raise FileEncrypted(kind=file_type.kind if file_type.kind != "ole" else "office")


def _opens_without_asking(office: Any) -> bool:
    """Whether it is locked with a password that is built into Excel or PowerPoint."""
    verifying = {"verify_password": True} if office.format == "ooxml" else {}
    for password in _BUILT_IN_PASSWORDS:
        # msoffcrypto raises half a dozen kinds of errors for a wrong password
        with suppress(Exception):
            office.load_key(password=password, **verifying)
            return True
    return False


def _check_entities(path: Path) -> None:
    """Entities made of entities grow without end ('billion laughs')."""
    with path.open("rb") as file:
        # Without zeros UTF-16 reads like ASCII.
        declared = file.read(_DECLARATIONS_BYTES).replace(b"\0", b"")
    nested = sum(
        bool(_REFERENCE.search(match[1] or match[2] or b"")) for match in _ENTITY.finditer(declared)
    )
    if nested:
        raise OverLimit(limit="xml_nested_entities", allowed=0, found=nested)
