"""What office files share: opening with a password, and the title in their properties."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted
from doc_pipeline.extraction.request import ExtractRequest

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CORE = ("docProps/core.xml", "meta.xml")
_TITLE = re.compile(r"<dc:title(?:\s[^>]*)?>([^<]*)</dc:title>")
_MAX_PROPERTIES = 1024 * 1024
_EMPTY_TITLES = re.compile(
    r"(?:powerpoint[- ]?(?:presentation|präsentation)|(?:microsoft )?word(?: document)?|untitled"
    r"|document\d*|presentation\d*|slide 1|book\d*|title)",
    re.IGNORECASE,
)


@contextmanager
def decrypted(path: Path, request: ExtractRequest) -> Generator[Path]:
    """The file itself, or a copy opened with the owner's password, deleted at the end.

    Raises `FileEncrypted` when the password is missing or wrong, `FileCorrupt`.
    """
    with path.open("rb") as file:
        is_ole = file.read(len(_OLE)) == _OLE
    if not is_ole or not _needs_password(path, request.kind):
        yield path
        return
    if request.password is None:
        raise FileEncrypted(kind=request.kind)
    with TemporaryDirectory(prefix="doc-pipeline-") as folder:
        opened = Path(folder) / "opened"
        _decrypt(path, opened, request)
        yield opened


def _needs_password(path: Path, kind: str) -> bool:
    with path.open("rb") as file:
        return bool(_office_file(file, kind).is_encrypted())


def _decrypt(path: Path, opened: Path, request: ExtractRequest) -> None:
    from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

    with path.open("rb") as file, opened.open("wb") as target:
        office = _office_file(file, request.kind)
        try:
            office.load_key(password=request.password, verify_password=True)
            office.decrypt(target)
        except (DecryptionError, InvalidKeyError) as error:
            raise FileEncrypted(kind=request.kind) from error


def _office_file(file: Any, kind: str) -> Any:
    import msoffcrypto
    from msoffcrypto.exceptions import FileFormatError, ParseError

    try:
        return msoffcrypto.OfficeFile(file)
    except (FileFormatError, ParseError, OSError, ValueError) as error:
        raise FileCorrupt(kind=kind) from error


def member_names(path: Path) -> list[str]:
    """Names in a zip package. Raises `BadZipFile`."""
    with zipfile.ZipFile(path) as package:
        return package.namelist()


def property_title(path: Path) -> str | None:
    """Title in the properties of a zip package, unless a program put its own name there."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as package:
        for name in _CORE:
            try:
                with package.open(name) as part:
                    return _title_in(part.read(_MAX_PROPERTIES))
            except (KeyError, zipfile.BadZipFile):
                continue
    return None


def _title_in(xml: bytes) -> str | None:
    # One element of a small part: a parser would only add its own dangers.
    found = _TITLE.search(xml.decode("utf-8", "replace"))
    title = " ".join(unescape(found[1]).split()) if found else ""
    return None if _EMPTY_TITLES.fullmatch(title) else title or None
