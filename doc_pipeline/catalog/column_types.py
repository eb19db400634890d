"""Column types that behave the same on SQLite and Postgres.

Only how a value is stored; which columns there are is in models.py.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import CHAR, BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.types import JSON, TypeEngine

E = TypeVar("E", bound=StrEnum)

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both: only a column declared INTEGER counts up by itself on SQLite."""


def storable(text: str) -> str:
    """The text as both databases take it: NUL and lone surrogates become U+FFFD, one for one."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text.replace("\0", "\ufffd")


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        given = cast("dict[Any, Any]", value)
        return {storable(str(k)): _storable_json(v) for k, v in given.items()}
    if isinstance(value, (list, tuple)):
        return [_storable_json(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and value not in (float("inf"), float("-inf")) and value == value:
        return value
    return None if isinstance(value, float) else value


class PlainText(TypeDecorator[str]):
    """Text compared byte by byte on both engines."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Postgres sorts by the locale unless told; SQLite sorts bytes by itself."""
        # Not through `type_descriptor`, which makes a VARCHAR of a TEXT with a collation.
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What neither database can hold is replaced."""
        return None if value is None else storable(value)


class EnumText(TypeDecorator[E], Generic[E]):
    """A `StrEnum` stored as its value; the table's check constraint guards it."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[E]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """The value as plain text."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """The member."""
        return None if value is None else self.choices(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment, always timezone-aware UTC; a naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite has no time zones: UTC without saying so."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC, whatever the session's time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class UuidText(TypeDecorator[uuid.UUID]):
    """Postgres' own uuid; on SQLite 36 characters, as people write it."""

    impl = CHAR(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The engine's type."""
        is_postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(UUID(as_uuid=True) if is_postgres else CHAR(36))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> object:
        """Text on SQLite."""
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: object, dialect: Dialect) -> uuid.UUID | None:
        """A UUID on both."""
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(str(value))


class JsonData(TypeDecorator[Any]):
    """JSON, as JSONB on Postgres so that it can be asked."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The engine's type."""
        is_postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(JSONB() if is_postgres else JSON())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """What neither database can hold is replaced."""
        return _storable_json(value)
