"""Documents: where they come from, how they stand, and the options people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, cast

from doc_pipeline.domain.errors import OptionsInvalid

SIDECAR_SUFFIX = ".meta.json"
MAX_DEPTH = 20
"""Levels of nesting that free metadata may have."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
_PASSWORD_NAMES = frozenset(
    {"password", "pass_word", "passwd", "passwort", "pwd", "passphrase", "kennwort"}
)
"""Names that free metadata must not have: it is shown to everyone who searches."""


class Origin(StrEnum):
    """What a document follows: its object, its parent, or its ledger row."""

    UPLOAD = "upload"
    ATTACHMENT = "attachment"
    LEGACY = "legacy"


class ProcessingStatus(StrEnum):
    """How far the pipeline is with a document."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    CANCELLED = "cancelled"


class Lifecycle(StrEnum):
    """Whether users see a document."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


class Priority(IntEnum):
    """Order in the queue; also Dagster's `dagster/priority`."""

    LOW = -10
    NORMAL = 0
    HIGH = 10
    CRITICAL = 100


@dataclass(frozen=True, slots=True)
class UploadObject:
    """An object as a listing of the upload store shows it. `modified_at` is UTC."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """What a user may say of a document, in object metadata or a sidecar."""

    owner: str | None = None
    priority: Priority = Priority.NORMAL
    hold: bool = False
    language: str | None = None
    password: str | None = field(default=None, repr=False)
    chunk_size: int | None = None
    chunk_strategy: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the password is there, so never log it."""
        data = asdict(self)
        data["priority"] = self.priority.name
        return data

    def of_attachment(self) -> DocumentOptions:
        """What holds for a file inside this document: the same, but that nobody held it back."""
        return replace(self, hold=False)


_CHUNK_STRATEGIES = {"adaptive", "fixed"}


def parse_options(data: object, source: str) -> DocumentOptions:
    """Validate the options of one document.

    Raises `OptionsInvalid` naming the field and what it takes, never its value. Unknown names are
    free metadata.
    """
    if not isinstance(data, dict):
        raise OptionsInvalid(source=source, problem="it must be a JSON object")
    given = {
        str(k).lower().replace("-", "_"): v for k, v in cast("dict[object, Any]", data).items()
    }
    free = given.pop("metadata", None) or {}
    if not isinstance(free, dict):
        raise OptionsInvalid(source=source, problem="metadata must be a JSON object")
    known: dict[str, Any] = {}
    for name, read in _READERS.items():
        value = given.pop(name, None)
        if value is not None:
            try:
                known[name] = read(value)
            except (ValueError, KeyError, TypeError):
                raise OptionsInvalid(
                    source=source, problem=f"{name} must be {_FORMS[name]}"
                ) from None
    metadata = {**given, **cast("dict[str, Any]", free)}
    if any(str(name).lower().replace("-", "_") in _PASSWORD_NAMES for name in metadata):
        raise OptionsInvalid(
            source=source, problem="a password stands at the top, under the name 'password'"
        )
    if _depth(metadata) > MAX_DEPTH:
        raise OptionsInvalid(source=source, problem=f"it is nested deeper than {MAX_DEPTH} levels")
    return DocumentOptions(**known, metadata=metadata)


def _depth(value: object) -> int:
    """Levels of lists and objects, counted without recursion and no further than needed."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(cast("dict[str, object]", item).values())
            elif isinstance(item, list):
                inner.extend(cast("list[object]", item))
        level, depth = inner, depth + 1
    return depth


def _read_flag(value: object) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
        str(value).lower()
    ]


def _read_word(value: object) -> str:
    text = str(value).strip()
    if not isinstance(value, str) or not text or len(text) > 200 or not text.isprintable():
        raise ValueError
    return text


def _read_password(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _read_language(value: object) -> str:
    text = _read_word(value).lower().replace("_", "-")
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError
    return text


def _read_priority(value: object) -> Priority:
    return Priority[str(value).upper()]


def _read_size(value: object) -> int:
    size = int(str(value))
    if isinstance(value, bool) or not 50 <= size <= 100_000:
        raise ValueError
    return size


def _read_strategy(value: object) -> str:
    if value not in _CHUNK_STRATEGIES:
        raise ValueError
    return str(value)


_READERS: dict[str, Any] = {
    "owner": _read_word,
    "priority": _read_priority,
    "hold": _read_flag,
    "language": _read_language,
    "password": _read_password,
    "chunk_size": _read_size,
    "chunk_strategy": _read_strategy,
}
_FORMS = {
    "owner": "a short text",
    "priority": "LOW, NORMAL, HIGH or CRITICAL",
    "hold": "true or false",
    "language": "an ISO code such as 'en'",
    "password": "a text",
    "chunk_size": "a whole number from 50 to 100000 (characters)",
    "chunk_strategy": "adaptive or fixed",
}
