"""A clone as a user has it: the tracked files in another folder, at a path with a space."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from doc_pipeline_tests.house.sources import ROOT, tracked_files

BIN = Path(sys.executable).parent
SETTINGS = ("DOC_PIPELINE_", "DAGSTER_", "AWS_", "S3_", "MINIO_", "OPENAI_", "PYTHON", "VIRTUAL_")


def copy_project(folder: Path) -> Path:
    """Copy what git tracks, as it stands now, committed or not."""
    clone = folder / "a clone"
    for path in tracked_files():
        target = clone / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return clone


def plain_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of the pipeline, of Dagster and of Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**kept, "DAGSTER_DISABLE_TELEMETRY": "1", **(more or {})}


def run(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed; its standard output."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=plain_environment(env),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
