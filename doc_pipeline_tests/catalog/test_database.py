"""The database away, locked, full or no database at all: each has our name and no secret."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, select

from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.catalog.database import Database
from doc_pipeline.catalog.models import PipelineState
from doc_pipeline.domain.errors import CatalogUnavailable, DiskFull, SettingInvalid
from doc_pipeline_tests.catalog.conftest import register


def test_a_locked_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    catalog = open_catalog(f"sqlite:///{path}", busy_timeout_s=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CatalogUnavailable) as caught:
        register(catalog, "a.txt")
    assert "locked" in caught.value.sentence
    assert catalog.reading.counts() == {}, "readers of a write-ahead log do not wait"
    other.execute("ROLLBACK")
    other.close()
    register(catalog, "a.txt")
    catalog.close()


def test_opening_a_locked_new_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CatalogUnavailable):
        open_catalog(f"sqlite:///{path}", busy_timeout_s=0.05)
    other.close()


def test_a_writer_waits_for_another(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    catalog = open_catalog(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    started = threading.Event()

    def work() -> None:
        started.set()
        catalog.discovery.set_state("x", 1)

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    other.execute("COMMIT")
    thread.join()
    assert catalog.discovery.get_state("x") == 1
    other.close()
    catalog.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_bytes(b"this is not a database at all, whatever its name says" * 100)
    with pytest.raises(CatalogUnavailable):
        open_catalog(f"sqlite:///{path}", busy_timeout_s=0.05)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CatalogUnavailable):
        open_catalog(f"sqlite:///{tmp_path / 'file' / 'catalog.db'}")


def test_a_full_disk_has_its_own_name(tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    engine = catalog._database.engine
    engine.dispose()

    def fill(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(engine, "connect", fill)
    with pytest.raises(DiskFull, match="catalog"):
        catalog.discovery.set_state("x", "much " * 1_000_000)
    catalog.close()


def test_no_postgres_there_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(CatalogUnavailable) as caught:
            open_catalog(f"postgresql+psycopg://me:hunter2@127.0.0.1:{port}/none")
    assert "hunter2" not in caught.value.sentence


@pytest.mark.parametrize(
    "url", ["", "catalog.db", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "http://x:y"]
)
def test_a_url_of_no_usable_database_is_refused(url: str) -> None:
    with pytest.raises(SettingInvalid, match="postgresql"):
        open_catalog(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@host/db",
        "postgresql+psycopg://me:hunter2@host:5433/db?sslmode=require",
        "postgresql+psycopg://host/db?user=me&password=hunter2",
    ],
)
def test_the_shown_url_hides_the_password(url: str) -> None:
    database = Database(url, 1)
    assert "hunter2" not in database.url
    assert database.engine.url.drivername == "postgresql+psycopg"


def test_a_statement_that_is_wrong_is_not_called_unavailable(catalog: Catalog) -> None:
    """A bug must not look like a database away, which stops the batch and is tried again."""
    from sqlalchemy.exc import DBAPIError

    with pytest.raises(DBAPIError):
        catalog.reading.view_rows("v_documents", "no_such_column = 1")


def test_a_reader_cannot_write_through_a_condition(catalog: Catalog) -> None:
    register(catalog, "a.txt")
    database = catalog._database
    from sqlalchemy import delete
    from sqlalchemy.exc import DBAPIError

    with (
        pytest.raises((DBAPIError, CatalogUnavailable)),
        database.read(is_strict=True) as session,
    ):
        session.execute(delete(PipelineState))
    register(catalog, "b.txt")
    assert catalog.reading.counts() == {"pending": 2}


def test_threads_share_a_catalog(catalog: Catalog) -> None:
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                catalog.discovery.set_state(f"{number}-{turn}", turn)
        except BaseException as error:  # noqa: BLE001 - told to the test
            problems.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with catalog._database.read() as session:
        assert len(session.scalars(select(PipelineState.name)).all()) == 80


def test_a_forked_child_gets_connections_of_its_own(catalog: Catalog) -> None:
    """Sharing one with the parent mixes their answers up."""
    catalog.discovery.set_state("from", "parent")
    child = os.fork()
    if child == 0:
        try:
            catalog.discovery.set_state("child saw", catalog.discovery.get_state("from"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert catalog.discovery.get_state("child saw") == "parent"
