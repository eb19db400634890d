"""What a user finds who asks for help, on the screen and in the docs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
import typer.main

from doc_pipeline import __version__
from doc_pipeline.cli.main import app
from doc_pipeline_tests.cli.conftest import CommandLine

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(cast("dict[str, object]", getattr(typer.main.get_command(app), "commands", {})))
NO_DATA = {"up", "down", "demo", "open", "text", "accept-deletes", "reset"}
"""Commands that start, stop, open or delete something, and the one whose result is a text."""


def test_all_commands_of_the_plan_are_there() -> None:
    wanted = "up down add ls show open reset status watch search text errors retry process config"
    assert {*wanted.split(), "doctor", "accept-deletes", "demo"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_and_gives_an_example(fresh: CommandLine, command: str) -> None:
    ended = fresh(command, "--help")
    assert ended.code == 0
    assert f"Example: doc-pipeline {command}" in " ".join(ended.out.split())
    assert max(map(len, ended.out.splitlines())) <= 80
    assert fresh(command, "-h").out == ended.out
    assert ("--json" in ended.out) == (command not in NO_DATA)


def test_the_list_of_commands_is_not_cut_short(fresh: CommandLine) -> None:
    """A line that ends in '...' explains nothing."""
    listed = fresh("--help").out
    assert "..." not in listed.partition("Commands:")[2]
    for command in COMMANDS:
        assert f"\n  {command} " in listed


def test_without_a_command_there_is_help(fresh: CommandLine) -> None:
    ended = fresh()
    assert ended.code == 2
    assert "Commands:" in ended.out + ended.err
    assert __version__ in fresh("--version").out


def test_wrong_usage_ends_with_2(fresh: CommandLine) -> None:
    for words in (["nothing"], ["ls", "--nothing"], ["ls", "--status", "nice"], ["ls", "-n", "0"]):
        ended = fresh(*words)
        assert ended.code == 2, words
        assert "Usage:" in ended.err
    assert not fresh.folder.exists(), "wrong usage makes no data folder"


def test_the_docs_hold_every_command() -> None:
    """Also the settings and the error codes: all are written by one script."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "update-docs", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"## {command}\n" in written
