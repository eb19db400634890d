"""`process`: order, held documents, forced ones, and Ctrl-C in the middle of a batch."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from doc_pipeline.domain.identity import document_id_of
from doc_pipeline_tests.cli.conftest import CommandLine

pytestmark = pytest.mark.heavy
LIMIT_S = 120
MANY = 150


def _add(cli: CommandLine, folder: Path, name: str, text: str = "A page of text.") -> str:
    path = folder / name
    path.write_text(text)
    assert cli("add", str(path)).code == 0
    return document_id_of(name)


def test_held_documents_wait_until_they_are_named(fresh: CommandLine, tmp_path: Path) -> None:
    free = _add(fresh, tmp_path, "free.txt")
    path = tmp_path / "held.txt"
    path.write_text("Another page.")
    fresh("add", str(path), "--prefix", "hold")
    held = document_id_of("hold/held.txt")
    assert [view["document_id"] for view in fresh("process", "--json").json] == [free]
    assert fresh("status", "--json").json["held"] == 1
    assert "held" in fresh("watch", held).out
    assert fresh("process", held).code == 0
    assert fresh("show", held, "--json").json["document"]["processing_status"] == "completed"
    again = fresh("process", "--force", "--json").json
    assert {view["document_id"] for view in again} == {free, held}


def test_a_failure_is_in_the_table_and_a_retry_takes_it_up(
    fresh: CommandLine, tmp_path: Path
) -> None:
    empty = _add(fresh, tmp_path, "empty.txt", "")
    ended = fresh("process")
    assert ended.code == 1
    assert "FILE_EMPTY" in ended.out
    assert "Upload it again with its content." in ended.out
    assert "0 of 1 document completed" in ended.out
    assert fresh("retry", "--failed", "--json").json == {"document_ids": [empty], "requeued": 1}
    assert fresh("process").code == 1
    assert fresh("show", empty).out.count("FILE_EMPTY") == 3, "the error and both attempts"


def test_ctrl_c_leaves_the_rest_waiting_and_uncharged(fresh: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        text = "\n\n".join(f"Paragraph {part} of document {number}." for part in range(40))
        (folder / f"{number}.txt").write_text(text)
    fresh("add", str(folder))
    process = subprocess.Popen(
        [sys.executable, "-m", "doc_pipeline.cli.main", "process"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "DOC_PIPELINE_DATA_DIR": str(fresh.folder),
            "DOC_PIPELINE_SETTLE_S": "0",
            "DOC_PIPELINE_BATCH_SIZE": "100",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
    )
    artifacts = fresh.folder / "artifacts"
    deadline = time.monotonic() + LIMIT_S
    while sum(1 for _ in artifacts.rglob("*.json")) < 3 and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, out + err
    assert "To go on: doc-pipeline process" in err
    assert "Traceback" not in err
    views = fresh("ls", "-n", str(MANY), "--json").json
    assert {view["processing_status"] for view in views} <= {"pending", "completed"}
    assert {view["attempts"] for view in views} == {0}
    assert sum(view["processing_status"] == "pending" for view in views) >= MANY - 100
    assert fresh("process").code == 0
    assert fresh("status", "--json").json["documents"] == {"completed": MANY}


def test_what_a_killed_command_held_is_taken_up(fresh: CommandLine, tmp_path: Path) -> None:
    """Nothing else would: without the services no sensor looks for lost runs."""
    lost = _add(fresh, tmp_path, "lost.txt")
    assert fresh("process").code == 0
    with closing(sqlite3.connect(fresh.folder / "catalog.db")) as connection, connection:
        connection.execute(
            "UPDATE documents SET processing_status = 'processing', run_id = 'gone', "
            "stage = 'extract'"
        )
    assert [view["document_id"] for view in fresh("process", "--json").json] == [lost]
