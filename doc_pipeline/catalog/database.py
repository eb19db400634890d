"""The connection to SQLite or Postgres: short transactions, and library errors given our names.

Knows no table.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url, text
from sqlalchemy import exc as sql
from sqlalchemy.orm import Session

from doc_pipeline.domain.errors import CatalogUnavailable, DiskFull, PipelineError, SettingInvalid

T = TypeVar("T")

IDS_AT_ONCE = 500
"""Longest list of ids in one statement: SQLite and Postgres both limit parameters."""

ALLOWED_URLS = "sqlite:////folder/catalog.db or postgresql+psycopg://user:password@host/database"
CONNECT_TIMEOUT_S = 10
_DISK_FULL = {"53100"}
# What SQLite calls the fault of whoever wrote the statement, not of the file.
_STATEMENT_FAULTS = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_RANGE}


def pages(items: Sequence[T], size: int = IDS_AT_ONCE) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Database:
    """One engine. `read` and `write` give a session that lives for one short transaction."""

    def __init__(self, url: str, busy_timeout_s: float) -> None:
        self._url = _parse(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.busy_timeout_s = busy_timeout_s
        self.url = _masked(self._url)
        self.engine = self._make_engine()
        self._writer = self.engine.execution_options(is_write=True)

    @contextmanager
    def read(self, *, is_strict: bool = False) -> Generator[Session]:
        """A transaction that only reads; `is_strict` lets the database refuse any write.

        Raises `CatalogUnavailable`.
        """
        with named_errors(), Session(self.engine) as session:
            if not is_strict:
                yield session
                return
            on, off = (
                ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
                if self.is_sqlite
                else ("SET TRANSACTION READ ONLY", "")
            )
            session.execute(text(on))
            try:
                yield session
            finally:
                if off:
                    session.execute(text(off))

    @contextmanager
    def write(self) -> Generator[Session]:
        """A transaction that is committed at the end. Raises `CatalogUnavailable`, `DiskFull`."""
        with named_errors(), Session(self._writer) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _make_engine(self) -> Engine:
        if self.is_sqlite:
            return self._sqlite_engine()
        engine = create_engine(
            self._url,
            hide_parameters=True,
            pool_size=2,
            max_overflow=8,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "doc_pipeline",
            },
        )

        def on_connect(connection: Any, _: Any) -> None:
            milliseconds = int(self.busy_timeout_s * 1000)
            connection.execute(f"SET lock_timeout = {milliseconds}")
            connection.commit()

        event.listen(engine, "connect", on_connect)
        _leave_to_parent(engine)
        return engine

    def _sqlite_engine(self) -> Engine:
        path = self._url.database
        if not path or path == ":memory:":
            raise SettingInvalid(name="DOC_PIPELINE_CATALOG_URL", allowed=ALLOWED_URLS)
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogUnavailable from error
        # A pool although SQLite opens fast: the last connection that closes empties the
        # write-ahead log into the file, which costs a wait for the disk each time.
        engine = create_engine(
            self._url,
            hide_parameters=True,
            poolclass=QueuePool,
            pool_size=2,
            max_overflow=20,
            connect_args={"timeout": self.busy_timeout_s, "check_same_thread": False},
        )

        def on_connect(connection: sqlite3.Connection, _: Any) -> None:
            # The driver begins no transactions of its own: `on_begin` does.
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")

        event.listen(engine, "connect", on_connect)
        event.listen(engine, "begin", begin_sqlite)
        _leave_to_parent(engine)
        return engine


def begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer in the middle fails, unwaiting."""
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


@contextmanager
def named_errors() -> Generator[None]:
    """Give the libraries' errors the names of domain/errors.py, without their text."""
    try:
        yield
    except sql.TimeoutError as error:
        raise CatalogUnavailable from error
    except sql.DBAPIError as error:
        named = _name_of(error)
        if named is None:
            raise
        raise named from error


def _name_of(error: sql.DBAPIError) -> PipelineError | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _name_of_sqlite(cause)
    if getattr(cause, "sqlstate", None) in _DISK_FULL:
        return DiskFull(store="catalog")
    is_away = isinstance(error, (sql.OperationalError, sql.InterfaceError))
    return CatalogUnavailable() if is_away or error.connection_invalidated else None


def _name_of_sqlite(cause: sqlite3.Error) -> PipelineError | None:
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(store="catalog")
    is_statement = code in _STATEMENT_FAULTS or isinstance(
        cause, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
    )
    return None if is_statement else CatalogUnavailable()


def _leave_to_parent(engine: Engine) -> None:
    """A forked child must not use its parent's connections."""

    def on_connect(_: Any, record: Any) -> None:
        record.info["pid"] = os.getpid()

    def on_checkout(_: Any, record: Any, proxy: Any) -> None:
        if record.info["pid"] != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None
            raise sql.DisconnectionError

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "checkout", on_checkout)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (sql.ArgumentError, sql.NoSuchModuleError, ValueError):
        backend = ""
        parsed = None
    if parsed is None or backend not in {"sqlite", "postgresql"}:
        raise SettingInvalid(name="DOC_PIPELINE_CATALOG_URL", allowed=ALLOWED_URLS) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _masked(url: URL) -> str:
    if "password" in url.query:
        url = url.update_query_dict({"password": "hidden"})
    return url.render_as_string(hide_password=True)
