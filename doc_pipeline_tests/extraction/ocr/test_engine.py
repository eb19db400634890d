"""The program is found, asked, limited in time, and never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doc_pipeline.extraction.ocr.engine import (
    Tesseract,
    TesseractFailed,
    TesseractTimedOut,
    installed_languages,
    tesseract_version,
)
from doc_pipeline_tests.extraction.ocr.drawing import draw_text


def _pnm() -> bytes:
    image = draw_text()
    return b"P5 %d %d 255\n" % image.size + image.tobytes()


def _read(program: Tesseract, data: bytes, timeout_s: float = 60.0) -> str:
    return program.read(data, languages=("eng",), dpi=200, timeout_s=timeout_s)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _wait_until(is_so: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def _pids(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def test_version_and_languages(tesseract: str) -> None:
    version = tesseract_version()
    assert version is not None
    assert version[0].isdigit()
    assert "eng" in installed_languages()


@pytest.mark.usefixtures("no_tesseract")
def test_nothing_on_the_path() -> None:
    assert tesseract_version() is None
    assert installed_languages() == ()
    assert Tesseract.find() is None


def test_a_program_that_does_not_run_is_not_there(put_first: Callable[[str], None]) -> None:
    put_first("exit 127")
    assert tesseract_version() is None
    assert Tesseract.find() is None


def test_reads_a_picture_from_memory(tesseract: str) -> None:
    assert "harbour" in _read(Tesseract(tesseract), _pnm())


def test_bytes_that_are_no_picture_fail(tesseract: str) -> None:
    with pytest.raises(TesseractFailed):
        _read(Tesseract(tesseract), b"P5 no picture")


@pytest.mark.parametrize(("kills", "runs"), [(1, 2), (9, 2)])
def test_a_run_that_somebody_killed_is_made_once_more(
    tmp_path: Path, put_first: Callable[[str], None], kills: int, runs: int
) -> None:
    log = tmp_path / "runs"
    put_first(
        f'cat > /dev/null; echo run >> "{log}"\n'
        f'[ $(grep -c . "{log}") -gt {kills} ] || kill -9 $$\necho words'
    )
    program = Tesseract(str(tmp_path / "programs" / "tesseract"))
    if kills < runs:
        assert _read(program, _pnm()) == "words\n"
    else:
        with pytest.raises(TesseractFailed):
            _read(program, _pnm())
    assert len(log.read_text().split()) == runs


def test_the_environment_holds_no_secrets(
    tmp_path: Path, put_first: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOC_PIPELINE_PASSWORD", "secret")
    put_first(f'env > "{tmp_path}/environment"; cat > /dev/null')
    _read(Tesseract(str(tmp_path / "programs" / "tesseract")), b"x")
    environment = (tmp_path / "environment").read_text()
    assert "secret" not in environment
    assert "OMP_THREAD_LIMIT=1" in environment


def test_slow_run_is_killed_with_what_it_started(
    tmp_path: Path, put_first: Callable[[str], None]
) -> None:
    put_first(f'echo $$ >> "{tmp_path}/pids"; sleep 600 & echo $! >> "{tmp_path}/pids"; wait')
    program = Tesseract(str(tmp_path / "programs" / "tesseract"))
    with pytest.raises(TesseractTimedOut):
        _read(program, _pnm(), timeout_s=0.5)
    pids = _pids(tmp_path / "pids")
    assert len(pids) == 2
    assert _wait_until(lambda: not any(map(_is_alive, pids)))


def test_no_time_left_starts_nothing(fake_slow: Path) -> None:
    program = Tesseract.find()
    assert program is not None
    with pytest.raises(TesseractTimedOut):
        _read(program, _pnm(), timeout_s=0.0)
    assert _pids(fake_slow) == []


_READS = """
import sys
from PIL import Image
from doc_pipeline.extraction.ocr.pages import read_pages
from doc_pipeline.extraction.request import ExtractRequest
read_pages([1, 2], lambda n, dpi: Image.new("L", (300, 300), 255),
           ExtractRequest("pdf", "a.pdf"), pages_in_all=2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the children of the dead")
def test_runs_die_with_a_process_that_is_killed(fake_slow: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _READS])
    try:
        assert _wait_until(lambda: len(_pids(fake_slow)) == 2)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert _wait_until(lambda: not any(map(_is_alive, _pids(fake_slow))))
