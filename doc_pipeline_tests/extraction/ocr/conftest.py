"""Programs that stand before the real tesseract on the PATH, and what the system has of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from doc_pipeline.extraction.ocr.engine import installed_languages


@pytest.fixture
def tesseract() -> str:
    """Path of the real program."""
    program = shutil.which("tesseract")
    if program is None:
        pytest.skip("system: tesseract is missing (scripts/system-packages installs it)")
    return program


@pytest.fixture
def needs_language(tesseract: str) -> Callable[[str], None]:
    """Call it with tesseract's code of a language that the test needs."""

    def check(code: str) -> None:
        if code not in installed_languages():
            pytest.skip(f"system: tesseract has no data for {code} (scripts/system-packages)")

    return check


@pytest.fixture
def put_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script called tesseract before the real one."""

    def put(script: str) -> None:
        folder = tmp_path / "programs"
        folder.mkdir()
        program = folder / "tesseract"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.fixture
def count_runs(
    tesseract: str, tmp_path: Path, put_first: Callable[[str], None]
) -> Callable[[], int]:
    """A wrapper that counts the pictures the real tesseract is given; call it for the count."""
    log = tmp_path / "runs.log"
    put_first(f'case "$1" in -) echo run >> "{log}";; esac\nexec {tesseract} "$@"')
    return lambda: len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def fake_slow(tmp_path: Path, put_first: Callable[[str], None]) -> Path:
    """A fake tesseract that never finishes; the file that tells the process ids of its runs."""
    pids = tmp_path / "pids"
    put_first(
        f"""case "$1" in
--version) echo "tesseract 5.0.0-fake-slow";;
--list-langs) echo "List:"; echo eng; echo osd;;
*) echo $$ >> "{pids}"; exec sleep 600;;
esac"""
    )
    return pids


@pytest.fixture
def no_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH without tesseract."""
    monkeypatch.setenv("PATH", str(tmp_path))
