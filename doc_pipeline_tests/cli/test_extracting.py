"""`doc-pipeline extract` as a user types it: texts, elements, tables, folders and patterns."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from doc_pipeline_tests.cli.conftest import CommandLine, Ended

pytestmark = pytest.mark.heavy  # starts child processes

EMPTY = "FILE_EMPTY"
IN_CHILD = {"DOC_PIPELINE_EXTRACT_WORKERS": "1"}
MAIL = b"""From: a@b.c
To: d@e.f
Subject: The report
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain

Here is the report you asked for.
--x
Content-Type: text/plain; name="report.txt"
Content-Disposition: attachment; filename="report.txt"

The lanterns were counted twice this winter.
--x
Content-Type: application/pdf; name="broken.pdf"
Content-Disposition: attachment; filename="broken.pdf"

%PDF-1.4 nothing more
--x--
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "more").mkdir(parents=True)
    (folder / "notes.txt").write_text("Terms\n\nInvoices are due within thirty days.\n")
    (folder / "more" / "table.csv").write_text("name,price\nlantern,30\nrope,12\n")
    (folder / "more" / "empty.txt").touch()
    (folder / ".hidden.txt").write_text("Nobody asked for this.")
    (folder / "mail.eml").write_bytes(MAIL)
    return folder


@pytest.fixture
def run(fresh: CommandLine) -> CommandLine:
    # Here extraction stays warm from test to test; some ask for a child process.
    fresh.environment["DOC_PIPELINE_EXTRACT_WORKERS"] = "0"
    return fresh


def lines(ended: Ended) -> list[Any]:
    return [json.loads(line) for line in ended.out.splitlines()]


def test_one_file_prints_its_text_and_nothing_else(run: CommandLine, files: Path) -> None:
    ended = run("extract", str(files / "notes.txt"), **IN_CHILD)
    assert ended.code == 0
    assert ended.out == "Terms\n\nInvoices are due within thirty days."
    assert "txt, 7 words, language en, unstructured-text" in ended.err
    assert "s CPU" in ended.err


def test_nothing_is_made_or_written(run: CommandLine, files: Path) -> None:
    before = sorted(files.rglob("*"))
    run("extract", str(files), **IN_CHILD)
    assert sorted(files.rglob("*")) == before
    assert not run.folder.exists()


def test_a_bad_file_tells_why_and_what_to_do(run: CommandLine, files: Path) -> None:
    ended = run("extract", str(files / "more" / "empty.txt"))
    assert (ended.code, ended.out) == (1, "")
    assert "FILE_EMPTY: The file is empty (0 bytes)." in ended.err
    assert "What to do: Upload it again" in ended.err


def test_a_folder_becomes_a_table_with_failures_last(run: CommandLine, files: Path) -> None:
    ended = run("extract", str(files))
    assert ended.code == 1
    shown = ended.out.splitlines()
    outcomes = [word for line in shown[1:5] for word in line.split() if word in {"ok", EMPTY}]
    assert outcomes == ["ok", "ok", "ok", EMPTY]
    assert "hidden" not in ended.out
    assert "The file is empty (0 bytes)." in ended.out
    assert shown[-1] == "3 of 4 files extracted. Failed: FILE_EMPTY 1."


def test_a_table_tells_the_warnings(run: CommandLine, files: Path) -> None:
    (files / "events.ndjson").write_text('{"lantern": 1}\n{"rope": \n{"anchor": 3}\n')
    ended = run("extract", str(files / "events.ndjson"), "--table")
    assert ended.code == 0
    warning = next(line for line in ended.out.splitlines() if line.endswith("(not JSON): line 2"))
    assert warning.split()[0].endswith("events.ndjson")


def test_patterns_work_quoted(run: CommandLine, files: Path) -> None:
    ended = run("extract", f"{files}/**/*.txt", "--table")
    assert ended.out.splitlines()[-1] == "1 of 2 files extracted. Failed: FILE_EMPTY 1."
    assert run("extract", f"{files}/n*.txt").out.startswith("Terms")


def test_json_has_one_object_for_each_file(run: CommandLine, files: Path) -> None:
    ended = run("extract", "--json", str(files / "more"), **IN_CHILD)
    empty, table = lines(ended)
    assert ended.code == 1
    assert (empty["outcome"], empty["verdict"]) == ("FILE_EMPTY", "permanent")
    assert empty["sentence"]
    assert empty["remedy"]
    assert (table["type"], table["outcome"]) == ("csv", "ok")
    assert table["words"] > 4
    assert table["usage"]["cpu_s"] > 0
    assert table["usage"]["peak_memory_bytes"] >= 0
    assert {"language", "extractor", "warnings", "mime", "seconds", "elements"} <= set(table)


def test_elements_are_printed_as_they_are_stored(run: CommandLine, files: Path) -> None:
    text = run("extract", str(files / "notes.txt")).out
    elements = lines(run("extract", "--elements", str(files / "notes.txt")))
    spans = [(e["metadata"]["char_start"], e["metadata"]["char_end"]) for e in elements]
    assert [text[start:end] for start, end in spans] == [e["text"] for e in elements]
    assert "filename" not in elements[0]["metadata"]
    several = lines(run("extract", "--elements", f"{files}/notes.txt", f"{files}/more/table.csv"))
    assert {Path(e["metadata"]["filename"]).name for e in several} == {"notes.txt", "table.csv"}


def test_attachments_stand_below_their_mail(run: CommandLine, files: Path) -> None:
    ended = run("extract", "--attachments", str(files / "mail.eml"))
    assert ended.code == 1
    names = [line.split("  ")[0] or line.split()[0] for line in ended.out.splitlines()[1:4]]
    assert names == [str(files / "mail.eml"), "report.txt", "broken.pdf"]
    assert "\n   report.txt" in ended.out
    assert ended.out.splitlines()[-1] == "2 of 3 files extracted. Failed: FILE_CORRUPT 1."
    shown = lines(run("extract", "--attachments", "--json", str(files / "mail.eml")))
    assert [each["depth"] for each in shown] == [0, 1, 1]


def test_out_mirrors_the_names_and_replaces_nothing(
    run: CommandLine, files: Path, tmp_path: Path
) -> None:
    out = tmp_path / "texts"
    words = ["extract", "files", "--out", str(out), "--attachments"]
    assert run(*words).code == 1
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"files/notes.txt.txt", "files/notes.txt.elements.jsonl"} <= written
    assert "files/mail.eml.inside/report.txt.txt" in written
    assert "files/more/empty.txt.txt" not in written
    (out / "files" / "notes.txt.txt").write_text("mine")
    again = run(*words)
    assert again.code == 2
    assert "--overwrite" in again.err
    assert (out / "files" / "notes.txt.txt").read_text() == "mine"
    run(*words, "--overwrite")
    assert (out / "files" / "notes.txt.txt").read_text().startswith("Terms")


def test_names_that_climb_stay_in_the_folder(run: CommandLine, files: Path, tmp_path: Path) -> None:
    run("extract", "files/more/../notes.txt", "--out", "texts")
    assert [p.name for p in (tmp_path / "texts").rglob("*.txt")] == ["notes.txt.txt"]
    run("extract", str(files / "notes.txt"), "--out", str(tmp_path / "b"))
    assert (tmp_path / "b" / str(files)[1:] / "notes.txt.txt").is_file()


@pytest.mark.parametrize(
    "words",
    [
        ["extract"],
        ["extract", "nothing-there.pdf"],
        ["extract", "nothing-*.pdf"],
        ["extract", "files", "--json", "--table"],
        ["extract", "files", "--ocr", "maybe"],
        ["extract", "files", "--language", "German!"],
        ["extract", "files", "--jobs", "0"],
        ["extract", "void"],
    ],
    ids=" ".join,
)
def test_wrong_usage(run: CommandLine, files: Path, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "void").mkdir(exist_ok=True)
    ended = run(*words)
    assert ended.code == 2
    assert ended.out == ""
    assert "Usage:" in ended.err


def test_a_password_opens_and_is_never_shown(run: CommandLine, corpus: Path) -> None:
    path = str(corpus / "testWORD_protected_passtika.docx")
    assert "FILE_ENCRYPTED" in run("extract", path).err
    opened = run("extract", path, "--password", "tika", "--table")
    assert opened.code == 0, opened.out
    wrong = run("extract", path, "--password", "hunter2")
    assert "PASSWORD_WRONG" in wrong.err
    assert "hunter2" not in wrong.err + wrong.out
    assert "tika" not in opened.out.replace("passtika", "")


def test_a_sidecar_beside_the_file_is_used(run: CommandLine, files: Path) -> None:
    sidecar = files / "notes.txt.meta.json"
    sidecar.write_text('{"language": "nl"}')
    assert "language nl" in run("extract", str(files / "notes.txt")).err
    assert "language de" in run("extract", str(files / "notes.txt"), "--language", "de").err
    assert "meta.json" not in run("extract", str(files)).out
    sidecar.write_text("{")
    ended = run("extract", str(files / "notes.txt"))
    assert ended.code == 1
    assert "OPTIONS_INVALID" in ended.err


def test_settings_hold_as_in_the_pipeline(run: CommandLine, files: Path) -> None:
    ended = run("extract", str(files / "notes.txt"), DOC_PIPELINE_DENIED_MIME="text/plain")
    assert ended.code == 1
    assert "MIME_NOT_ALLOWED" in ended.err
    assert "DOC_PIPELINE_DENIED_MIME" in ended.err


def test_text_is_the_same_in_a_child_process(run: CommandLine, files: Path) -> None:
    path = str(files / "mail.eml")
    assert run("extract", path).out == run("extract", path, **IN_CHILD).out != ""


def start(tmp_path: Path, *words: str, **more: Any) -> subprocess.Popen[Any]:
    environment = {**os.environ, "DOC_PIPELINE_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "doc_pipeline.cli.main", "extract", *words]
    return subprocess.Popen(command, env=environment, cwd=tmp_path, **more)


def test_standard_input(tmp_path: Path) -> None:
    child = start(tmp_path, "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = child.communicate(b"Invoices are due within thirty days.", timeout=60)
    assert (child.returncode, out) == (0, b"Invoices are due within thirty days.")


def test_ctrl_c_shows_what_is_done(tmp_path: Path) -> None:
    """The second file is a pipe that nobody writes to: it never ends by itself."""
    (tmp_path / "a.txt").write_text("Invoices are due within thirty days.")
    many = json.dumps([{"a": n} for n in range(60_000)])
    for number in range(60):
        (tmp_path / f"big-{number:02}.json").write_text(many)
    words = ["a.txt", "big-*.json", "--json", "--jobs", "1"]
    child = start(tmp_path, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    child.send_signal(signal.SIGINT)
    started = time.monotonic()
    out, err = child.communicate(timeout=60)
    assert time.monotonic() - started < 20
    assert json.loads(first)["outcome"] == "ok"
    assert child.returncode == 130
    assert len(out.splitlines()) < 60
    assert b"Stopped: only what was done" in err
    assert b"Traceback" not in err


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Invoices are due within thirty days.")
    ours, theirs = pty.openpty()
    child = start(tmp_path, "a.txt", "--table", stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    child.communicate(timeout=60)
    os.close(ours)
    assert "extracting" in seen.decode()
    assert "1 of 1 file extracted." in seen.decode()
