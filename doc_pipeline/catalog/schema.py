"""The schema's version: which one the database has, and the way to the newest.

alembic is imported only when there is something to upgrade.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, event, inspect, text
from sqlalchemy.exc import ProgrammingError

from doc_pipeline.catalog.database import Database, named_errors
from doc_pipeline.domain.errors import CatalogUnavailable, SchemaNewer

REVISIONS = ("0001", "0002")
"""All revisions this code knows, oldest first; a test compares them with migrations/versions."""

SCRIPTS = "doc_pipeline.catalog:migrations"
_UPGRADE_LOCK = 0x646F6371
_RETRY_S = 0.05


def current_revision(database: Database) -> str | None:
    """The schema's revision, None for an empty database. Raises `CatalogUnavailable`."""
    with named_errors(), database.engine.connect() as connection:
        return _revision_of(connection)


def ensure_schema(database: Database, *, upgrade: bool) -> None:
    """Bring the database to the newest schema; safe when several processes do so at once.

    Raises:
        SchemaNewer: a newer version of the code wrote it.
        CatalogUnavailable: it does not answer, or is old while `upgrade` is off.
    """
    revision = current_revision(database)
    if revision is not None and revision not in REVISIONS:
        raise SchemaNewer(store="catalog")
    if revision == REVISIONS[-1]:
        return
    if not upgrade:
        raise CatalogUnavailable
    with named_errors():
        if database.is_sqlite:
            _use_write_ahead_log(database)
        _upgrade(database)


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    try:
        return connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError as error:
        raise CatalogUnavailable from error


def _use_write_ahead_log(database: Database) -> None:
    """Readers and the one writer do not wait for each other. The mode stays with the file."""
    deadline = time.monotonic() + database.busy_timeout_s
    while True:
        try:
            raw = database.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
                return
            finally:
                raw.close()
        except sqlite3.OperationalError as error:
            # SQLite does not wait for this lock by itself.
            if time.monotonic() > deadline:
                raise CatalogUnavailable from error
            time.sleep(_RETRY_S)


def _upgrade(database: Database) -> None:
    """Run the missing migrations in one transaction, so that a killed one leaves nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    engine = create_engine(
        database.engine.url,
        hide_parameters=True,
        poolclass=NullPool,
        connect_args=_connect_args(database),
    )
    if database.is_sqlite:
        event.listen(engine, "connect", _without_foreign_keys)
        event.listen(engine, "begin", _begin_immediate)
    with engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        # Another process may have been faster while this one waited for the lock.
        revision = _revision_of(connection)
        if revision is not None and revision not in REVISIONS:
            raise SchemaNewer(store="catalog")
        if revision != REVISIONS[-1]:
            config.attributes["connection"] = connection
            command.upgrade(config, REVISIONS[-1])


def _connect_args(database: Database) -> dict[str, Any]:
    return {"timeout": database.busy_timeout_s} if database.is_sqlite else {}


def _without_foreign_keys(connection: sqlite3.Connection, _: Any) -> None:
    """A migration that rebuilds a table drops it, and must not take the children along."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = OFF")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
