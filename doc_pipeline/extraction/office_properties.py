"""What office files tell of themselves: title, author, dates. Reads properties, never content."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from doc_pipeline.domain.limits import MIB
from doc_pipeline.extraction.office_package import is_package, parse_xml, read_part
from doc_pipeline.extraction.request import Draft

_PARTS = ("docProps/core.xml", "meta.xml")
_MOST_BYTES = MIB
_FIRST_YEAR = 1980
_EMPTY_TITLES = re.compile(
    r"(?:powerpoint[- ]?(?:presentation|präsentation)|(?:microsoft )?word(?: document)?|untitled"
    r"|(?:microsoft )?excel(?: worksheet)?|document\d*|presentation\d*|(?:slide|folie) ?1|book\d*"
    r"|title|titel)",
    re.IGNORECASE,
)
_EMPTY_AUTHORS = re.compile(
    r"(?:python-docx|openpyxl|apache poi|unknown(?: creator| author)?|user|(?:microsoft )?office"
    r"(?: user)?|author|administrator)",
    re.IGNORECASE,
)
_TAGS = {
    "title": ("title",),
    "author": ("creator", "initial-creator"),
    "created_at": ("created", "creation-date"),
    "modified_at": ("modified", "date"),
}


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says of itself; dates are ISO 8601."""

    title: str | None = None
    author: str | None = None
    created_at: str | None = None
    modified_at: str | None = None

    @classmethod
    def of(cls, draft: Draft) -> Properties:
        """Those that a draft has."""
        return cls(draft.title, draft.author, draft.created_at, draft.modified_at)

    def or_else(self, other: Properties) -> Properties:
        """These, and the other's where these are silent."""
        return Properties(
            self.title or other.title,
            self.author or other.author,
            self.created_at or other.created_at,
            self.modified_at or other.modified_at,
        )

    def put_into(self, draft: Draft) -> Draft:
        """The draft with these."""
        return replace(
            draft,
            title=self.title,
            author=self.author,
            created_at=self.created_at,
            modified_at=self.modified_at,
        )


def read_properties(file: BinaryIO) -> Properties:
    """Properties of a zip package or an OLE file; nothing where there are none."""
    found = _of_package(file) if is_package(file) else _of_ole(file)
    file.seek(0)
    return found


def clean_properties(
    title: str | None, author: str | None, created: str | None, modified: str | None
) -> Properties:
    """Without what programs put in by themselves, dates as ISO 8601."""
    return Properties(
        _without(title, _EMPTY_TITLES), _without(author, _EMPTY_AUTHORS),
        iso_date(created), iso_date(modified),
    )  # fmt: skip


def iso_date(value: str | None) -> str | None:
    """ISO 8601 of a date in a property, in UTC where it has no zone; None where it is no date."""
    try:
        moment = datetime.fromisoformat((value or "").strip())
    except ValueError:
        return None
    if moment.year < _FIRST_YEAR:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def _without(value: str | None, empty: re.Pattern[str]) -> str | None:
    shown = " ".join((value or "").replace("\0", "").split())
    return None if empty.fullmatch(shown) else shown or None


def _of_package(file: BinaryIO) -> Properties:
    try:
        with zipfile.ZipFile(file) as package:
            parts = [read_part(package, name, _MOST_BYTES) for name in _PARTS]
    except (zipfile.BadZipFile, OSError, ValueError):
        return Properties()
    root = parse_xml(next((part for part in parts if part), b""))
    if root is None:
        return Properties()
    texts: dict[str, str] = {}
    for element in root.iter("{*}*"):
        texts.setdefault(element.tag.rpartition("}")[2], element.text or "")
    values = {
        name: next((texts[tag] for tag in tags if texts.get(tag)), None)
        for name, tags in _TAGS.items()
    }
    return clean_properties(*values.values())


def _of_ole(file: BinaryIO) -> Properties:
    import olefile

    try:
        with olefile.OleFileIO(file) as ole:
            told: Any = ole.get_metadata()
    except Exception:  # noqa: BLE001 - olefile raises anything on damaged files
        return Properties()
    coding = _coding(told.codepage)
    return clean_properties(
        _decoded(told.title, coding),
        _decoded(told.author, coding),
        _moment(told.create_time),
        _moment(told.last_saved_time),
    )


def _coding(codepage: Any) -> str:
    number = codepage % 65536 if isinstance(codepage, int) else 1252
    return {65001: "utf-8", 1200: "utf-16-le", 10000: "mac-roman"}.get(number, f"cp{number}")


def _decoded(value: Any, coding: str) -> str | None:
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else None
    try:
        return value.decode(coding, "replace")
    except LookupError:
        return value.decode("cp1252", "replace")


def _moment(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None
