"""The newest code opens the data folders of older versions, and works on in them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.errors import SchemaNewer
from doc_pipeline.domain.stage import Stage, StageResult
from doc_pipeline.index import tables
from doc_pipeline.services import Services
from doc_pipeline_tests.house.sources import PACKAGE
from doc_pipeline_tests.upgrades.data_folders import (
    HERE,
    look,
    opened,
    process,
    queued,
    search,
    set_times,
)

KEPT = sorted(path.name for path in HERE.glob("v*") if path.is_dir())
REVISIONS = sorted(
    path.name[:4] for path in (PACKAGE / "catalog" / "migrations" / "versions").glob("[0-9]*.py")
)
STATUSES = {
    "broken.pdf": "failed",
    "ferry/timetable.md": "completed",
    "hold/minutes.txt": "pending",
    "museum.html": "completed",
    "tickets.csv": "completed",
}
WITH_ATTACHMENTS = {
    "letters/harbour.eml": "completed",
    "letters/harbour.eml!/fares.txt": "completed",
}
"""What the folders from v2 on hold besides."""


def schema_of(data_dir: Path) -> str:
    with closing(sqlite3.connect(data_dir / "catalog.db")) as catalog:
        return catalog.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def tables_of(data_dir: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(data_dir / "catalog.db")) as catalog:
        return catalog.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


pytestmark = pytest.mark.heavy


@pytest.fixture(params=KEPT)
def version(request: pytest.FixtureRequest) -> str:
    """Name of a kept folder."""
    return request.param


@pytest.fixture
def folder(version: str, tmp_path: Path) -> Path:
    """A copy of a kept folder: opening it upgrades it."""
    copy = tmp_path / "data"
    shutil.copytree(HERE / version, copy)
    set_times(copy)
    return copy


@pytest.fixture
def services(folder: Path) -> Iterator[Services]:
    with opened(folder) as services:
        yield services


def test_every_schema_has_its_folder() -> None:
    """Whoever adds a migration or raises the index's version makes one: see make_data_folder.py."""
    assert sorted(schema_of(HERE / name) for name in KEPT) == REVISIONS
    assert len(KEPT) >= tables.SCHEMA_VERSION


def test_catalog_is_upgraded_and_complete(services: Services, folder: Path, version: str) -> None:
    views = {view.source_key: view for view in services.catalog.reading.list_documents()}
    assert schema_of(folder) == REVISIONS[-1]
    wanted = STATUSES if version == "v1" else STATUSES | WITH_ATTACHMENTS
    assert {key: view.processing_status.value for key, view in views.items()} == wanted
    assert views["tickets.csv"].current_version == 2
    assert views["broken.pdf"].error_code == "FILE_CORRUPT"
    assert views["ferry/timetable.md"].owner_id == "harbour-office"
    assert views["hold/minutes.txt"].hold


def test_upgraded_catalog_equals_a_new_one(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    """Also fails when a migration that people have run is edited afterwards."""
    services.catalog.reading.counts()
    with opened(tmp_path / "new") as fresh:
        fresh.catalog.reading.counts()
    assert tables_of(folder) == tables_of(tmp_path / "new")


def test_documents_are_found(services: Services) -> None:
    """By the words of the old index's text index and by its vectors."""
    assert search(services, "bicycles on the ferry to Sandholm")[0] == "ferry/timetable.md"
    assert search(services, "paraffin lanterns")[0] == "museum.html"
    assert "withdrawn.txt" not in search(services, "crab festival")


def test_sensor_knows_the_uploads_again(services: Services) -> None:
    """An upgrade must not process everything anew."""
    found = look(services)
    assert (found.new, found.changed, found.deleted) == ([], [], [])
    assert queued(services, "batch-3") == []


def test_changed_document_becomes_its_next_version(services: Services, folder: Path) -> None:
    path = folder / "uploads" / "ferry" / "timetable.md"
    path.write_text(path.read_text() + "\n## Spring\n\nIn April the ferry waits for the train.\n")
    (changed,) = look(services).changed
    process(services, queued(services, "batch-3"), "run-3")
    view = services.catalog.reading.get(changed)
    assert view is not None
    assert view.current_version == 2
    assert search(services, "the ferry waits for the train")[0] == "ferry/timetable.md"


def test_renamed_document_costs_no_embeddings(services: Services, folder: Path) -> None:
    """The vectors that the older version kept are still used."""
    (folder / "uploads" / "museum.html").rename(folder / "uploads" / "lanterns.html")
    look(services)
    outcomes = process(services, queued(services, "batch-3"), "run-3")
    (embedded,) = [o for o in outcomes if isinstance(o, StageResult) and o.stage is Stage.EMBED]
    assert embedded.figures["embeddings_computed"] == 0
    assert search(services, "paraffin lanterns")[0] == "lanterns.html"


def test_failed_held_and_deleted_documents_come_through(services: Services, folder: Path) -> None:
    """A mended file, a released one, and one that was uploaded again."""
    (folder / "uploads" / "broken.pdf").write_text("No PDF, but text about a cut mooring rope.")
    (folder / "uploads" / "withdrawn.txt").write_text("The crab festival takes place after all.")
    found = look(services)
    assert len(found.new) + len(found.changed) == 2
    held = services.catalog.reading.find("minutes")[0].document_id
    process(services, [*queued(services, "batch-3"), held], "run-3")
    statuses = {v.processing_status for v in services.catalog.reading.list_documents()}
    assert statuses == {ProcessingStatus.COMPLETED}
    assert search(services, "crab festival")[0] == "withdrawn.txt"


def test_attachments_are_still_those_of_their_mail(
    services: Services, folder: Path, version: str
) -> None:
    if version == "v1":
        pytest.skip("the first version knew no attachments")
    mail = services.catalog.reading.find("letters/harbour.eml")[0]
    (fares,) = services.catalog.children.children_of(mail.document_id)
    assert search(services, "a sledge travels at half the fare")[0] == fares.source_key
    outcomes = process(services, [mail.document_id], "run-3")
    assert queued(services, "batch-4") == [], outcomes
    (folder / "uploads" / "letters" / "harbour.eml").unlink()
    look(services)
    waiting = services.catalog.discovery.removals_waiting(10)
    assert set(waiting) == {mail.document_id, fares.document_id}


def test_folder_of_a_newer_version_is_refused(folder: Path) -> None:
    """Going back to older code must not spoil what newer code has written."""
    with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
        catalog.execute("UPDATE alembic_version SET version_num = '9999'")
        catalog.commit()
    with opened(folder) as services, pytest.raises(SchemaNewer):
        services.catalog.reading.counts()
