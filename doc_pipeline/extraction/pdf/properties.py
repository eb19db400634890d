"""What a PDF tells of itself: title, author, dates, language.

Programs write anything into these strings, so nothing is believed that does not look right.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_LONGEST_BYTES = 8_192
_MAX_CHARS = 300
_FILE_NAME = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel) - .*"
    r"|.*\.(?:docx?|pdf|indd|tex|dvi|xlsx?|pptx?|rtf|odt))$",
    re.IGNORECASE,
)
_DEFAULTS = {
    "untitled",
    "document",
    "dokument",
    "unknown",
    "unbekannt",
    "anonymous",
    "none",
    "null",
}
_DATE = re.compile(
    r"^(?:D:)?(?P<date>\d{4}(?:\d\d){0,5})\s*"
    r"(?:(?P<zulu>Z)|(?P<sign>[+-])(?P<hours>\d\d)'?(?P<minutes>\d\d)?)?"
)
_LANGUAGE = re.compile(r"^([a-zA-Z]{2})(?:[-_][A-Za-z0-9]+)*$")
_FIRST_YEAR = 1970


@dataclass(frozen=True, slots=True)
class Properties:
    """Facts of the document itself; dates ISO 8601, `language` ISO 639-1."""

    title: str | None = None
    author: str | None = None
    created_at: str | None = None
    modified_at: str | None = None
    language: str | None = None


def read_properties(document: Any) -> Properties:
    """Properties of an open pdfium document."""
    title = clean_property(_meta(document, b"Title"))
    return Properties(
        title=None if title and _FILE_NAME.match(title) else title,
        author=clean_property(_meta(document, b"Author")),
        created_at=iso_date(_meta(document, b"CreationDate")),
        modified_at=iso_date(_meta(document, b"ModDate")),
        language=_language(document),
    )


def clean_property(value: str) -> str | None:
    """One line of readable text; None for garbage and for what programs put in by default."""
    value = _mend_utf8(value.replace("\0", ""))
    shown = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    unreadable = sum(unicodedata.category(c) in {"Co", "Cn", "Cs"} or c == "\ufffd" for c in shown)
    if unreadable * 4 > len(shown) or not any(map(str.isalnum, shown)):
        return None
    return None if shown.lower() in _DEFAULTS else shown[:_MAX_CHARS]


def iso_date(value: str) -> str | None:
    """ISO 8601 of a PDF date such as `D:20240131120000+01'00'`; None where it is no date."""
    found = _DATE.match(value.strip("\0 "))
    if not found:
        return None
    digits = found["date"]
    parts = [int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, len(digits), 2))]
    try:
        moment = datetime(*(parts + [1, 1][len(parts) - 1 :]), tzinfo=_zone(found))  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        return None
    return moment.isoformat() if moment.year >= _FIRST_YEAR else None


def _zone(found: re.Match[str]) -> timezone | None:
    if found["zulu"]:
        return UTC
    if not found["sign"]:
        return None
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    return timezone(-offset if found["sign"] == "-" else offset)


def _meta(document: Any, key: bytes) -> str:
    import pypdfium2.raw as pdfium_c

    size = min(pdfium_c.FPDF_GetMetaText(document, key, None, 0), _LONGEST_BYTES)
    if size <= 2:
        return ""
    needed = pdfium_c.FPDF_GetMetaText(document, key, None, 0)
    buffer = ctypes.create_string_buffer(needed)
    pdfium_c.FPDF_GetMetaText(document, key, buffer, needed)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _language(document: Any) -> str | None:
    import pypdfium2.raw as pdfium_c

    size = pdfium_c.FPDFCatalog_GetLanguage(document, None, 0)
    if not 2 < size <= _LONGEST_BYTES:
        return None
    units = (pdfium_c.FPDF_WCHAR * (size // 2))()
    pdfium_c.FPDFCatalog_GetLanguage(document, units, size)
    text = bytes(memoryview(units).cast("B")).decode("utf-16-le", "replace").strip("\0 ")
    found = _LANGUAGE.match(text)
    return found[1].lower() if found else None


def _mend_utf8(value: str) -> str:
    """UTF-8 that a program wrote without saying so: 'MÃ¼ller' for 'Müller'."""
    try:
        return value if value.isascii() else value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
