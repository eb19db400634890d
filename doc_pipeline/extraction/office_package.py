"""Office files as open binary files: decrypted in memory, and their parts by name, bounded.

Knows zip and OLE packages and passwords; what the parts say is read elsewhere.
"""

from __future__ import annotations

import zipfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, OverLimit, PasswordWrong
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.request import ExtractRequest

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BUILT_IN_PASSWORDS = ("VelvetSweatshop", "/01Hannes Ruescher/01")
"""With these Excel and PowerPoint lock files that open without asking (read-only, protected)."""
MOST_XML = 64 * MIB


@contextmanager
def opened(path: Path, request: ExtractRequest) -> Generator[BinaryIO]:
    """The file, or its content decrypted in memory; the plain text never touches a disk.

    Raises `FileEncrypted` when a password is needed and none is given, `PasswordWrong`,
    `FileCorrupt`, `OverLimit` when what was encrypted expands beyond the limits.
    """
    with path.open("rb") as file:
        is_ole = file.read(len(_OLE)) == _OLE
        file.seek(0)
        if not is_ole or not _is_encrypted(file, request.kind):
            file.seek(0)
            yield file
            return
        plain = _decrypted(file, request)
    _check_expansion(plain, request.limits)
    yield plain


def _is_encrypted(file: BinaryIO, kind: str) -> bool:
    """What the library does not know, such as Excel 5, is for its reader to judge."""
    try:
        return bool(_office_file(file, kind).is_encrypted())
    except Exception:  # noqa: BLE001 - it parses damaged records; whatever it raises, no password
        return False


def _decrypted(file: BinaryIO, request: ExtractRequest) -> BytesIO:
    given = () if request.password is None else (request.password,)
    for password in (*given, *_BUILT_IN_PASSWORDS):
        plain = _tried(file, request.kind, password)
        if plain is not None:
            return plain
    if request.password is None:
        raise FileEncrypted(kind=request.kind)
    raise PasswordWrong(kind=request.kind)


def _tried(file: BinaryIO, kind: str, password: str) -> BytesIO | None:
    from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

    plain = BytesIO()
    file.seek(0)
    office = _office_file(file, kind)
    try:
        # OLE formats verify the password always; their functions do not know the argument.
        office.load_key(password=password, **_verification(office))
        office.decrypt(plain)
    except (DecryptionError, InvalidKeyError):
        return None
    except Exception as error:
        raise FileCorrupt(kind=kind) from error
    plain.seek(0)
    return plain


def _verification(office: Any) -> dict[str, bool]:
    return {"verify_password": True} if office.format == "ooxml" else {}


def _office_file(file: BinaryIO, kind: str) -> Any:
    import msoffcrypto
    from msoffcrypto.exceptions import FileFormatError, ParseError

    try:
        return msoffcrypto.OfficeFile(file)
    except (FileFormatError, ParseError, OSError, ValueError, IndexError) as error:
        raise FileCorrupt(kind=kind) from error


def _check_expansion(plain: BytesIO, limits: Limits) -> None:
    """The gate could not look into what was encrypted."""
    if not is_package(plain):
        return
    with zipfile.ZipFile(plain) as package:
        members = package.infolist()
    expanded = sum(member.file_size for member in members)
    if expanded > limits.zip_expanded_bytes:
        allowed = limits.zip_expanded_bytes
        raise OverLimit(limit="zip_expanded_bytes", allowed=allowed, found=expanded)
    if len(members) > limits.zip_members:
        raise OverLimit(limit="zip_members", allowed=limits.zip_members, found=len(members))
    plain.seek(0)


def is_package(file: BinaryIO) -> bool:
    """Whether it is a zip package. Old Word files carry one inside, for their colours."""
    file.seek(0)
    is_ole = file.read(len(_OLE)) == _OLE
    is_zip = not is_ole and zipfile.is_zipfile(file)
    file.seek(0)
    return is_zip


def member_names(file: BinaryIO) -> Sequence[str]:
    """Names in a zip package. Raises `BadZipFile`."""
    with zipfile.ZipFile(file) as package:
        return package.namelist()


def read_part(package: zipfile.ZipFile, name: str, most: int = MOST_XML) -> bytes | None:
    """A part's bytes, at most so many (-1: all); None where it is missing or damaged."""
    try:
        with package.open(name) as part:
            return part.read(most)
    except (KeyError, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return None
    except Exception as error:
        if type(error).__name__ in {"BadZipFile", "error", "LZMAError"}:
            return None
        raise


def lxml_etree() -> Any:
    """Lxml's parser module, which has no types."""
    return import_module("lxml.etree")


def parse_xml(data: bytes) -> Any | None:
    """Root of a part; None where it is no XML. No entities, no network, no boundless depth."""
    etree = lxml_etree()
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
