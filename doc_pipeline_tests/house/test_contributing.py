"""What CONTRIBUTING.md tells people to type works, and CI runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from doc_pipeline_tests.house.sources import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
# CI's script and what it calls; `make check` is `make lint` and a part of `make test`.
RUN_BY_CI = {"test", "lint", "check"}
# Asks the package index for newer versions, which CI must not depend on.
NOT_IN_CI = {"lock"}


def test_sections_are_there() -> None:
    sections = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
    assert sections >= {
        "Structure",
        "Database",
        "Errors and logging",
        "Tests",
        "Docs",
        "Performance",
        "Backward compatibility",
    }


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_make_command_is_one_that_ci_runs(command: str) -> None:
    """Looked up rather than run: `make test` would run itself."""
    target = command.split()[1]
    assert target in RUN_BY_CI | NOT_IN_CI
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"lint", "test"} <= set(re.findall(r"make --no-print-directory (\w+)", ci))
    if shutil.which("make") is None:
        pytest.skip("system: make is not installed")
    shown = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "scripts/" in shown.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.startswith("make ")])
def test_other_command_runs(command: str) -> None:
    words = command.split()
    assert words[0] == ".venv/bin/python"
    done = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_can_be_run() -> None:
    """Git keeps the bit; an archive made without it would break every make command."""
    for name in ("install", "test", "check", "lock", "system-packages"):
        assert (ROOT / "scripts" / name).stat().st_mode & 0o111
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
