"""Settings, doctor, reset and what is told when something the pipeline needs is not as it was."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from doc_pipeline.cli import doctor, main
from doc_pipeline.cli.stack_state import hold_lock
from doc_pipeline_tests.cli.conftest import CommandLine, Ended

READING = [["ls"], ["status"], ["errors"], ["show", "x"], ["watch"], ["retry", "--failed"]]


def _is_told(ended: Ended, code: str) -> bool:
    """A code, a sentence and a remedy, and no traceback."""
    lines = [*ended.err.splitlines(), ""]
    said = [after for line, after in pairwise(lines) if line.startswith(f"{code}: ")]
    has_remedy = len(said) == 1 and said[0].startswith("What to do: ") and len(said[0]) > 20
    return has_remedy and "Traceback" not in ended.err


def _statuses(ended: Ended) -> dict[str, str]:
    return {line["name"]: line["status"] for line in ended.json}


def _set_revision(folder: Path, revision: str) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["ls"], ["config"], ["doctor"], ["process"], ["up"]])
def test_a_wrong_setting_is_named_and_nothing_is_made(fresh: CommandLine, words: list[str]) -> None:
    ended = fresh(*words, DOC_PIPELINE_BATCH_SIZE="many")
    assert ended.code == 2
    assert _is_told(ended, "SETTING_INVALID")
    assert "DOC_PIPELINE_BATCH_SIZE" in ended.err
    assert "many" not in ended.err, "a value may be a secret"
    assert not fresh.folder.exists()


def test_config_masks_secrets(fresh: CommandLine) -> None:
    given = {
        "OPENAI_API_KEY": "sk-hunter2",
        "AWS_ACCESS_KEY_ID": "AKIAHUNTER2",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "DOC_PIPELINE_CATALOG_URL": "postgresql://someone:hunter2@db/catalog",
    }
    for words in (["config"], ["config", "--json"]):
        ended = fresh(*words, **given)
        assert ended.code == 0
        shown = ended.out + ended.err
        assert "hunter2" not in shown.lower()
        assert "OPENAI_API_KEY" in shown, "which variable won"
    rows = {row["name"]: row for row in fresh("config", "--json", **given).json}
    assert rows["embedding_api_key"]["value_shown"] == "***"
    assert rows["catalog_url"]["value_shown"] == "postgresql+psycopg://***@db/catalog"


def test_a_misspelt_setting_is_warned_of(fresh: CommandLine) -> None:
    ended = fresh("config", DOC_PIPELINE_BATCH_SIZ="3", REDIS_URL="redis://x")
    assert "did you mean DOC_PIPELINE_BATCH_SIZE?" in ended.err
    assert "REDIS_URL is recognised but not used yet" in ended.err


# -- doctor ----------------------------------------------------------------------------------------


def test_doctor_makes_nothing(fresh: CommandLine) -> None:
    ended = fresh("doctor", "--json")
    assert ended.code == 0
    assert _statuses(ended)["catalog"] == "off"
    assert not fresh.folder.exists()


def test_doctor_tries_extraction_and_names_what_can_be_added(
    fresh: CommandLine, tmp_path: Path
) -> None:
    bare = fresh("doctor", "--json", PATH=str(tmp_path))
    assert _statuses(bare)["extraction"] == "pass"
    assert _statuses(bare)["ocr"] == "off"
    assert "tesseract-ocr" in next(r["detail"] for r in bare.json if r["name"] == "ocr")
    without = fresh("doctor", "--json", DOC_PIPELINE_EXTRACT_WORKERS="0")
    assert _statuses(without)["extraction"] == "off"
    assert _statuses(without)["file types"] == "pass", "the tests have all of them"


@pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="system: tesseract is not on this machine"
)
def test_doctor_names_a_language_that_tesseract_lacks(fresh: CommandLine) -> None:
    ended = fresh("doctor", "--json", DOC_PIPELINE_OCR_LANGUAGES="xyz")
    assert ended.code == 1
    ocr = next(line for line in ended.json if line["name"] == "ocr")
    assert ocr["status"] == "fail"
    assert "xyz" in ocr["detail"]


def test_doctor_leaves_what_is_there_as_it_was(fresh: CommandLine) -> None:
    """Stores that are there are written to, to see whether they can be; nothing stays behind."""
    fresh("ls")
    (fresh.folder / "uploads").mkdir()
    (fresh.folder / "artifacts").mkdir()
    before = sorted(path for path in fresh.folder.rglob("*") if "catalog.db-" not in path.name)
    ended = fresh("doctor", "--json")
    assert _statuses(ended)["artifacts"] == "pass"
    after = sorted(path for path in fresh.folder.rglob("*") if "catalog.db-" not in path.name)
    assert after == before


def test_one_failing_check_does_not_hide_the_others(
    fresh: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a check raises, a fault without a name too, the others are still made."""

    def fail(_: object) -> str:
        raise ZeroDivisionError

    fresh("ls")
    _set_revision(fresh.folder, "9999")
    monkeypatch.setattr(doctor, "_check_embedding", fail)
    ended = fresh("doctor", "--json", DOC_PIPELINE_UPLOADS_URL=str(tmp_path / "away"))
    assert ended.code == 1
    statuses = _statuses(ended)
    del statuses["ocr"], statuses["file types"]  # as this machine has them
    assert statuses == {
        "data folder": "pass",
        "catalog": "fail",
        "uploads": "fail",
        "artifacts": "off",
        "extraction": "pass",
        "embedding": "fail",
        "index": "off",
        "services": "off",
        "batches": "off",
    }
    assert all(line["remedy"] for line in ended.json if line["status"] == "fail")
    assert "SCHEMA_NEWER" in ended.json[1]["detail"]
    assert "STORE_UNAVAILABLE" in ended.json[2]["detail"]


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_newer_catalog_is_refused(fresh: CommandLine, words: list[str]) -> None:
    fresh("ls")
    _set_revision(fresh.folder, "9999")
    ended = fresh(*words)
    assert ended.code == 1
    assert _is_told(ended, "SCHEMA_NEWER")


def test_a_catalog_that_is_no_database_is_told(fresh: CommandLine) -> None:
    fresh.folder.mkdir()
    (fresh.folder / "catalog.db").write_text("these are not the bytes of a database" * 50)
    ended = fresh("ls")
    assert ended.code == 1
    assert _is_told(ended, "CATALOG_UNAVAILABLE")


def test_a_locked_catalog_is_told(fresh: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers do not wait for a writer; who wants to write waits, then says so."""
    from doc_pipeline.catalog.catalog import open_catalog

    def impatient(url: str) -> object:
        return open_catalog(url, busy_timeout_s=0.1)

    monkeypatch.setattr("doc_pipeline.services.open_catalog", impatient)
    fresh("ls")
    with closing(sqlite3.connect(fresh.folder / "catalog.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert fresh("ls").code == 0
        ended = fresh("accept-deletes", "--yes")
        assert ended.code == 1
        assert _is_told(ended, "CATALOG_UNAVAILABLE")
        other.execute("ROLLBACK")


def test_a_share_that_is_away_is_told(fresh: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    away = str(tmp_path / "away")
    for words in (["process"], ["add", str(file)]):
        ended = fresh(*words, DOC_PIPELINE_UPLOADS_URL=away)
        assert ended.code == 1
        assert _is_told(ended, "STORE_UNAVAILABLE")


@pytest.mark.heavy
def test_a_lost_index_is_told_and_comes_back(fresh: CommandLine, tmp_path: Path) -> None:
    """Artifacts are the truth: the index is made again from them."""
    note = tmp_path / "note.txt"
    note.write_text("The gannet dives beside the quay.")
    assert fresh("add", str(note)).code == 0
    assert fresh("process").code == 0
    shutil.rmtree(fresh.folder / "lancedb")
    ended = fresh("doctor", "--json")
    assert _statuses(ended)["index"] == "fail"
    assert "INDEX_INCOMPLETE" in ended.out
    assert fresh("process", "--force").code == 0
    assert _statuses(fresh("doctor", "--json"))["index"] == "pass"
    assert "gannet" in fresh("search", "gannet").out


@pytest.mark.heavy
def test_an_index_of_another_model_is_told(fresh: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one page of text")
    fresh("add", str(file))
    assert fresh("process").code == 0
    for words in (["search", "text"], ["process", "a.txt", "--force"]):
        ended = fresh(*words, DOC_PIPELINE_EMBEDDING_DIMENSIONS="64")
        assert ended.code == 1
        assert _is_told(ended, "MODEL_MISMATCH")
    checked = fresh("doctor", "--json", DOC_PIPELINE_EMBEDDING_DIMENSIONS="64")
    assert _statuses(checked)["index"] == "fail"


@pytest.mark.parametrize("words", [["up"], ["demo", "--once", "--documents", "."]], ids=" ".join)
def test_a_data_folder_that_cannot_be_written_is_told(fresh: CommandLine, words: list[str]) -> None:
    fresh.folder.write_text("a file, not a folder")
    ended = fresh(*words)
    assert ended.code == 2
    assert _is_told(ended, "SETTING_INVALID")
    assert "DOC_PIPELINE_DATA_DIR" in ended.err


def test_a_bug_is_a_sentence_without_content(
    fresh: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ValueError("a password")

    monkeypatch.setattr(main, "app", fail)
    ended = fresh("ls")
    assert ended.code == 1
    assert _is_told(ended, "UNEXPECTED")
    assert "ValueError" in ended.err
    assert "a password" not in ended.err
    assert "a password" in fresh("ls", DOC_PIPELINE_LOG_LEVEL="debug").err


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_full_disk_is_named_also_where_dagster_meets_it(
    fresh: CommandLine, monkeypatch: pytest.MonkeyPatch, wrapped: bool
) -> None:
    def fail(**_: object) -> None:
        if not wrapped:
            raise OSError(errno.ENOSPC, "No space left on device")
        with closing(sqlite3.connect(":memory:")) as small:
            small.execute("PRAGMA max_page_count = 1")
            try:
                small.execute("CREATE TABLE a (b)")
            except sqlite3.Error as full:
                raise OperationalError("INSERT", {}, full) from full

    monkeypatch.setattr(main, "app", fail)
    ended = fresh("ls")
    assert ended.code == 1
    assert _is_told(ended, "DISK_FULL")


# -- deleting --------------------------------------------------------------------------------------


def _fill(cli: CommandLine) -> Callable[[], set[str]]:
    cli("ls")
    for name in ("uploads", "artifacts", "lancedb", "dagster", "mine"):
        (cli.folder / name).mkdir()
        (cli.folder / name / "file").touch()
    return lambda: {path.name for path in cli.folder.iterdir()}


def test_reset_asks_first_and_keeps_what_is_not_ours(fresh: CommandLine) -> None:
    there = _fill(fresh)
    before = there()
    assert "would delete" in fresh("reset").out
    assert there() == before
    assert fresh("reset", "--yes").code == 0
    assert there() == {"uploads", "mine"}
    assert "Nothing to delete" in fresh("reset", "--yes").out
    fresh("reset", "--uploads", "--yes")
    assert there() == {"mine"}


def test_reset_never_leaves_the_data_folder(fresh: CommandLine, tmp_path: Path) -> None:
    """Stores may be elsewhere, under names that the data folder holds too, or around uploads."""
    there = _fill(fresh)
    elsewhere = tmp_path / "mine"
    elsewhere.mkdir()
    fresh(
        "reset",
        "--yes",
        "--uploads",
        DOC_PIPELINE_UPLOADS_URL=str(elsewhere),
        DOC_PIPELINE_INDEX_URL=str(fresh.folder / "dagster" / "index"),
    )
    assert there() == {"uploads", "lancedb", "mine"}
    assert elsewhere.is_dir()


def test_reset_spares_uploads_inside_what_it_deletes(fresh: CommandLine) -> None:
    there = _fill(fresh)
    inside = {"DOC_PIPELINE_UPLOADS_URL": str(fresh.folder / "dagster" / "in")}
    fresh("reset", "--yes", **inside)
    assert "dagster" in there()


def test_reset_refuses_while_the_services_are_up(fresh: CommandLine) -> None:
    there = _fill(fresh)
    with hold_lock(fresh.folder, "127.0.0.1", 3000):
        ended = fresh("reset", "--yes")
        assert ended.code == 1
        assert _is_told(ended, "ALREADY_RUNNING")
        assert "up, http://127.0.0.1:3000" in fresh("status").out
    assert "dagster" in there()
    assert "not up" in fresh("down").out


def test_accepting_deletions_asks_first(fresh: CommandLine) -> None:
    assert fresh("accept-deletes").code == 1
    assert fresh("accept-deletes", "--yes").code == 0
