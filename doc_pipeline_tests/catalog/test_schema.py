"""The schema: migrations make what the models say, once, from anywhere, and refuse the future."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

import doc_pipeline
from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.catalog.database import Database
from doc_pipeline.catalog.models import Base
from doc_pipeline.catalog.schema import REVISIONS, SCRIPTS, current_revision
from doc_pipeline.catalog.views import VIEWS
from doc_pipeline.domain.errors import CatalogUnavailable, SchemaNewer

ROOT = Path(doc_pipeline.__file__).parents[1]
OLD_ROW = """
INSERT INTO documents (id, document_id, source_key, storage_url, original_name, etag, size_bytes,
    uploaded_at, registered_at, updated_at, title, metadata)
VALUES ('f105d64f-1f6f-54db-a364-e9cbd2d41eb4', 'old-1', 'old.txt', 'file:///old.txt', 'old.txt',
    '1', 7, '2026-03-01 12:00:00', '2026-03-01 12:00:00', '2026-03-01 12:00:00', 'A title', '{}')
"""
CHILD_ROW = """
INSERT INTO documents (id, document_id, source_key, storage_url, original_name, etag, size_bytes,
    uploaded_at, registered_at, updated_at, title, metadata, origin, parent_id, depth)
VALUES ('f105d64f-1f6f-54db-a364-e9cbd2d41eb5', 'child-1', 'old.txt!/a', 'file:///a', 'a',
    '1', 7, '2026-03-01 12:00:00', '2026-03-01 12:00:00', '2026-03-01 12:00:00', 'A title', '{}',
    'attachment', 'old-1', 1)
"""


def test_migrations_equal_models(catalog: Catalog, catalog_url: str) -> None:
    engine = create_engine(catalog_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_checks_of_migrations_equal_those_of_models(catalog: Catalog, catalog_url: str) -> None:
    """Alembic does not compare them, and a new member of an enumeration needs a migration."""
    engine, made = create_engine(catalog_url), create_engine("sqlite://")
    Base.metadata.create_all(made)
    for table in Base.metadata.tables:
        migrated = {c["name"] for c in inspect(engine).get_check_constraints(table)}
        wanted = {c["name"] for c in inspect(made).get_check_constraints(table)}
        assert migrated == wanted, table
    if engine.dialect.name == "sqlite":
        for table in Base.metadata.tables:
            texts = [
                {c["name"]: c["sqltext"] for c in inspect(e).get_check_constraints(table)}
                for e in (engine, made)
            ]
            assert texts[0] == texts[1], table
    engine.dispose()
    made.dispose()


def test_views_have_the_columns_that_readers_expect(catalog: Catalog, catalog_url: str) -> None:
    engine = create_engine(catalog_url)
    for name, view in VIEWS.items():
        there = [column["name"] for column in inspect(engine).get_columns(name)]
        assert there == [column.name for column in view.columns]
    engine.dispose()


def test_keys_are_compared_bytewise_on_postgres(catalog: Catalog, catalog_url: str) -> None:
    if catalog_url.startswith("sqlite"):
        pytest.skip("SQLite compares bytes by itself")
    engine = create_engine(catalog_url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE table_name = 'documents' AND column_name IN ('source_key', 'document_id')"
        )
        assert [row[0] for row in rows] == ["C", "C"]
    engine.dispose()


def test_the_code_knows_exactly_the_revisions_that_are_there() -> None:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    scripts = ScriptDirectory.from_config(config)
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert list(reversed(revisions)) == list(REVISIONS)
    assert scripts.get_current_head() == REVISIONS[-1]


def test_downgrade_leaves_nothing(catalog: Catalog, catalog_url: str) -> None:
    """The way back is run at least here."""
    from alembic import command

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    engine = create_engine(catalog_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    left = set(inspect(engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}
    assert left == set()
    engine.dispose()


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    return config


def _columns(catalog_url: str) -> dict[str, list[str]]:
    engine = create_engine(catalog_url)
    there = inspect(engine)
    names = [*there.get_table_names(), *there.get_view_names()]
    columns = {name: [c["name"] for c in there.get_columns(name)] for name in names}
    columns["checks"] = sorted(str(c["name"]) for c in there.get_check_constraints("documents"))
    columns["indexes"] = sorted(str(i["name"]) for i in there.get_indexes("documents"))
    engine.dispose()
    return columns


def test_documents_of_the_first_schema_are_kept_both_ways(catalog_url: str) -> None:
    """Up with what was in it, and down again without the attachments that came meanwhile."""
    from alembic import command

    engine = create_engine(catalog_url)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0001")
    old = _columns(catalog_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(OLD_ROW)
    catalog = open_catalog(catalog_url)
    (found,) = catalog.reading.list_documents()
    assert (found.title, found.parent_id, found.depth) == ("A title", None, 0)
    assert (found.warnings, found.author, found.ocr_pages) == ((), None, None)
    with engine.begin() as connection:
        connection.exec_driver_sql(CHILD_ROW)
    assert len(catalog.reading.view_rows("v_documents", "parent_id = 'old-1'")) == 1
    catalog.close()
    with engine.begin() as connection:
        command.downgrade(_config(connection), "0001")
    assert _columns(catalog_url) == old
    with engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT document_id, title FROM v_documents").all()
        assert [tuple(row) for row in rows] == [("old-1", "A title")]
        command.upgrade(_config(connection), "head")
    engine.dispose()


def test_an_upgrade_keeps_what_analysts_made_of_the_views(catalog_url: str) -> None:
    """Their own views, and on Postgres who may read ours."""
    from alembic import command

    engine = create_engine(catalog_url)
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0001")
        connection.exec_driver_sql(OLD_ROW)
        connection.exec_driver_sql("CREATE VIEW their_own AS SELECT title FROM v_documents")
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("GRANT SELECT ON v_documents, v_chunks TO PUBLIC")
    open_catalog(catalog_url).close()
    with engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT title FROM their_own").all()
        assert [tuple(row) for row in rows] == [("A title",)]
        if engine.dialect.name == "postgresql":
            granted = connection.exec_driver_sql(
                "SELECT count(*) FROM information_schema.role_table_grants "
                "WHERE grantee = 'PUBLIC' AND table_name IN ('v_documents', 'v_chunks')"
            )
            assert granted.scalar() == 2
    engine.dispose()


def test_opening_again_changes_nothing(catalog: Catalog, catalog_url: str) -> None:
    catalog.discovery.set_state("kept", 1)
    again = open_catalog(catalog_url)
    assert again.discovery.get_state("kept") == 1
    again.close()


def test_many_open_a_new_database_at_once(catalog_url: str) -> None:
    """Code server, daemon and run worker all start on an empty data folder."""
    barrier = threading.Barrier(6)
    problems: list[BaseException] = []

    def work() -> None:
        barrier.wait()
        try:
            open_catalog(catalog_url).close()
        except BaseException as error:  # noqa: BLE001 - told to the test
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_newer_schema_is_refused(catalog: Catalog, catalog_url: str) -> None:
    engine = create_engine(catalog_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(SchemaNewer, match="newer version"):
        open_catalog(catalog_url)


def test_without_upgrade_an_empty_database_is_left_alone(catalog_url: str) -> None:
    with pytest.raises(CatalogUnavailable):
        open_catalog(catalog_url, upgrade=False)
    database = Database(catalog_url, 1)
    assert current_revision(database) is None
    database.close()


def test_a_failed_upgrade_leaves_nothing_behind(
    catalog_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All in one transaction: a process killed in the middle does not spoil the file."""
    from alembic import command

    upgrade = command.upgrade

    def upgrade_and_die(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", upgrade_and_die)
    with pytest.raises(KeyboardInterrupt):
        open_catalog(catalog_url)
    monkeypatch.undo()
    engine = create_engine(catalog_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    open_catalog(catalog_url).close()


def test_sqlite_uses_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder %20 é" / "catalog.db"
    open_catalog(f"sqlite:///{quote(str(path))}").close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_upgrading_leaves_logging_alone(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("doc_pipeline").disabled)
    open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}").close()
    assert before == (root.level, list(root.handlers), logging.getLogger("doc_pipeline").disabled)


def test_it_works_from_any_folder_and_loads_alembic_only_to_upgrade(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from doc_pipeline.catalog.catalog import open_catalog\n"
        "print('alembic' in sys.modules, 'psycopg' in sys.modules)\n"
        "open_catalog('sqlite:///catalog.db').close()\n"
        "print('alembic' in sys.modules)\n"
    )
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        said.append(done.stdout.split())
    assert said == [["False", "False", "True"], ["False", "False", "False"]]
