"""`pip install .` without constraints and overrides: the dependencies fit together as declared."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from doc_pipeline_tests.install.clones import BIN, copy_project, plain_environment

pytestmark = pytest.mark.heavy

SECONDS = 270
# What pip says when the index itself does not answer; wrong requirements sound different.
UNREACHABLE = (
    "Failed to establish a new connection",
    "Max retries exceeded",
    "Temporary failure in name resolution",
    "Could not fetch URL",
    "timed out",
)


def test_pip_resolves_all_dependencies(tmp_path: Path) -> None:
    """Asks a package index; nothing is installed."""
    clone = copy_project(tmp_path)
    subprocess.run([BIN / "python", "-m", "venv", tmp_path / "venv"], check=True)
    pip = [tmp_path / "venv" / "bin" / "python", "-m", "pip", "--no-input", "--retries", "1"]
    _need_index(pip, tmp_path)
    try:
        done = subprocess.run(
            [*pip, "install", "--dry-run", "--quiet", "--report", "report.json", "."],
            cwd=clone,
            env=plain_environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"the package index did not hand out all metadata within {SECONDS} seconds")
    if done.returncode and any(words in done.stderr for words in UNREACHABLE):
        pytest.skip("the package index stopped answering")
    assert done.returncode == 0, done.stderr
    assert '"doc-pipeline"' in (clone / "report.json").read_text(encoding="utf-8")


def _need_index(pip: list[Path | str], folder: Path) -> None:
    """The build needs hatchling: without that there is no index to ask for the rest."""
    try:
        done = subprocess.run(
            [*pip, "download", "--quiet", "--no-deps", "--timeout", "10", "hatchling"],
            cwd=folder,
            env=plain_environment(),
            capture_output=True,
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("no package index answers (60 seconds)")
    if done.returncode:
        pytest.skip("no package index can be reached")
