"""Each command as a user types it: results, exit codes, JSON, and names that hold anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doc_pipeline.domain.identity import document_id_of
from doc_pipeline_tests.cli.conftest import NOTES, CommandLine

pytestmark = pytest.mark.heavy  # processing once loads the extractors and LanceDB

NOTES_ID = document_id_of("notes.txt")
EMPTY_ID = document_id_of("empty.txt")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    "words",
    [
        ["ls"],
        ["show", "notes"],
        ["status"],
        ["status", "notes"],
        ["search", "payment"],
        ["errors"],
        ["config"],
        ["doctor"],
        ["retry", "--failed", "--dry-run"],
        ["process"],
    ],
    ids=" ".join,
)
def test_what_prints_data_prints_json(cli: CommandLine, words: list[str]) -> None:
    ended = cli(*words, "--json")
    assert ended.code == 0, ended.err
    assert ended.json is not None


def test_ls_filters(cli: CommandLine) -> None:
    assert len(cli("ls", "--json").json) == 4
    failed = cli("ls", "--status", "failed", "--json").json
    assert {view["source_key"] for view in failed} == {"empty.txt", "broken.pdf"}
    assert len(cli("ls", "-n", "1", "--json").json) == 1
    assert "No such documents" in cli("ls", "--owner", "nobody").out


def test_a_piped_row_is_one_plain_line(cli: CommandLine) -> None:
    """Names of files hold line ends and colours; `ls | grep` must not see them."""
    lines = cli("ls").out.splitlines()
    assert len(lines) == 1 + 4
    assert all(line == line.rstrip() and line.isprintable() for line in lines)
    strange = next(view for view in cli("ls", "--json").json if "strange" in view["source_key"])
    assert "\x1b" not in cli("show", strange["document_id"]).out


def test_json_holds_nothing_that_a_terminal_obeys(fresh: CommandLine, tmp_path: Path) -> None:
    """JSON escapes Escape by itself, but neither its eight-bit sister nor turns of direction."""
    name = "odd\x9b31m\u202etxt\u2066.txt"
    (tmp_path / name).write_text("Words enough for a text.")
    assert fresh("add", str(tmp_path / name)).code == 0
    assert fresh("process").code == 0
    listed = fresh("ls", "--json")
    assert all(sign not in listed.out for sign in "\x9b\u202e\u2066")
    assert listed.json[0]["source_key"] == name


def test_a_document_is_meant_by_id_key_or_part(cli: CommandLine) -> None:
    for name in (NOTES_ID, "notes.txt", "note"):
        assert cli("show", name, "--json").json["document"]["document_id"] == NOTES_ID
    several = cli("show", "txt")
    assert several.code == 2
    assert NOTES_ID in several.err


@pytest.mark.parametrize(
    "words",
    [["show"], ["open"], ["text"], ["status"], ["watch"], ["process"], ["retry"]],
    ids=" ".join,
)
@pytest.mark.parametrize("name", ["nowhere", " "])
def test_an_unknown_document_ends_with_4(cli: CommandLine, words: list[str], name: str) -> None:
    ended = cli(*words, name)
    assert ended.code == 4
    assert "DOCUMENT_NOT_FOUND" in ended.err
    assert "doc-pipeline ls" in ended.err


def test_text_is_byte_for_byte(cli: CommandLine) -> None:
    # the extractor's text of a plain file is the file
    assert cli("text", "notes").out.split() == NOTES.split()
    missing = cli("text", "empty.txt")
    assert missing.code == 1
    assert "FILE_EMPTY" in missing.err


def test_open_says_where(cli: CommandLine, filled: Path) -> None:
    assert cli("open", "notes", "--where").out.strip() == str(filled / "uploads" / "notes.txt")


def test_search_shows_why(cli: CommandLine) -> None:
    for mode in ("hybrid", "text", "vector"):
        hits = cli("search", "late payment", "--mode", mode, "--json").json
        assert hits[0]["document_id"] == NOTES_ID
    shown = cli("search", "late payment", "-n", "1").out
    assert "late payment" in shown
    assert NOTES_ID in shown
    assert cli("search", "payment", "--mode", "guess").code == 2
    assert cli("search", "  ").code == 2


def test_a_failure_is_told_with_its_remedy(cli: CommandLine) -> None:
    for words in (["show", "empty.txt"], ["errors"], ["status"]):
        told = cli(*words).out
        assert "FILE_EMPTY" in told
        assert "Upload it again with its content." in told


def test_watch_ends_when_all_has_settled(cli: CommandLine) -> None:
    everything = cli("watch")
    assert everything.code == 0
    assert "2 of 4 documents completed" in everything.out
    assert "not up" in everything.err
    assert cli("watch", "notes").code == 0
    failed = cli("watch", "empty.txt", "--json")
    assert failed.code == 1
    assert failed.json["error_code"] == "FILE_EMPTY"


def test_retry_chooses(cli: CommandLine) -> None:
    assert cli("retry").code == 2
    by_code = cli("retry", "--code", "FILE_EMPTY", "--dry-run", "--json").json
    assert by_code == {"document_ids": [EMPTY_ID], "requeued": 0}
    both = cli("retry", "--failed", "--dry-run").out.split()
    assert set(both) == {EMPTY_ID, document_id_of("broken.pdf")}
    assert "Nothing to try again" in cli("retry", "--code", "NO_SUCH").out


def test_process_tells_what_is_done_already(cli: CommandLine) -> None:
    assert "Nothing waits" in cli("process").out
    again = cli("process", "notes")
    assert again.code == 0
    assert "--force" in again.out


def test_a_narrow_terminal_leaves_columns_out(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 80 columns an id stays whole and no line is longer than the terminal."""
    from doc_pipeline.cli import output

    monkeypatch.setattr(output, "_is_terminal", lambda: True)
    for words in (["ls"], ["status"], ["errors"], ["doctor"], ["show", "notes"], ["config"]):
        lines = COLOURS.sub("", cli(*words, COLUMNS="80").out).splitlines()
        assert max(map(len, lines)) <= 80, words
    narrow = cli("ls", COLUMNS="60").out
    assert NOTES_ID in narrow
    assert "uploaded" not in narrow
