"""A killed reading is resumed where its last finished ten pages end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.extraction.ocr.checkpoints import Checkpoints, OcrPage
from doc_pipeline.extraction.ocr.pages import read_pages
from doc_pipeline.extraction.request import ExtractRequest
from doc_pipeline_tests.extraction.ocr.drawing import draw_text

SETTINGS = {"dpi": 200}
NUMBERS = (3, 7, 11, 12)


def _page(number: int, text: str = "read") -> OcrPage:
    box = Box(1, 2.5, 3, 4, 100, 200, unit="pixels")
    element = Element("Title", text, page=number, depth=0, box=box, extra={"ocr_confidence": 91.5})
    return OcrPage(number, (element,), 1, 91.5, ("A warning.",))


def _checkpoints(folder: Path | None, pages: int, **settings: object) -> Checkpoints:
    return Checkpoints(folder, range(1, pages + 1), {**SETTINGS, **settings}, pages)


def _fill(checkpoints: Checkpoints, numbers: range) -> list[str]:
    names = [checkpoints.add(_page(number)) for number in numbers]
    return [name for name in names if name is not None]


def test_every_ten_pages_are_a_file(tmp_path: Path) -> None:
    names = _fill(_checkpoints(tmp_path, 23), range(1, 24))
    assert names == [
        "pages/00001-00010.json",
        "pages/00011-00020.json",
        "pages/00021-00023.json",
    ]
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == [
        name.removeprefix("pages/") for name in names
    ]
    assert _checkpoints(tmp_path, 23).load() == {n: _page(n) for n in range(1, 24)}


def test_only_wanted_pages_count(tmp_path: Path) -> None:
    wanted = Checkpoints(tmp_path, [3, 17], SETTINGS, 20)
    assert wanted.add(_page(3)) == "pages/00001-00010.json"
    assert Checkpoints(tmp_path, [3, 4], SETTINGS, 20).load() == {3: _page(3)}
    assert Checkpoints(tmp_path, [4], SETTINGS, 20).load() == {}


def test_other_settings_and_damage_count_as_nothing(tmp_path: Path) -> None:
    _fill(_checkpoints(tmp_path, 10), range(1, 11))
    assert _checkpoints(tmp_path, 10, dpi=300).load() == {}
    file = tmp_path / "pages" / "00001-00010.json"
    whole = file.read_text()
    for damage in (
        whole[: len(whole) // 2],
        "[]",
        "\0",
        whole.replace('"number"', '"nr"'),
        whole.replace('"pages": [', '"pages": [7, '),
    ):
        file.write_text(damage)
        assert _checkpoints(tmp_path, 10).load() == {}


def test_failed_pages_are_tried_again(tmp_path: Path) -> None:
    checkpoints = _checkpoints(tmp_path, 2)
    checkpoints.add(OcrPage(1, (), warnings=("No.",), failure="TesseractTimedOut"))
    assert checkpoints.add(_page(2)) is not None
    assert _checkpoints(tmp_path, 2).load() == {2: _page(2)}


def test_no_folder_no_files() -> None:
    assert _fill(_checkpoints(None, 10), range(1, 11)) == []


def _draw(number: int, dpi: int) -> Image.Image:
    return draw_text(f"Page number {number}")


def test_finished_pages_are_not_read_again(tmp_path: Path, count_runs: Callable[[], int]) -> None:
    kept: list[str] = []
    request = ExtractRequest("pdf", "a.pdf", folder=tmp_path, on_checkpoint=kept.append)
    first = read_pages(NUMBERS, _draw, request, pages_in_all=12)
    assert kept == ["pages/00001-00010.json", "pages/00011-00012.json"]
    assert count_runs() == 4
    assert read_pages(NUMBERS, _draw, request, pages_in_all=12) == first
    assert count_runs() == 4
    (tmp_path / kept[1]).unlink()
    told: list[tuple[int, int]] = []

    def tell(done: int, pages: int) -> None:
        told.append((done, pages))

    again = replace(request, on_progress=tell)
    assert read_pages(NUMBERS, _draw, again, pages_in_all=12) == first
    assert count_runs() == 6
    assert told == [(10, 12), (11, 12), (12, 12)]
    stored = json.loads((tmp_path / kept[0]).read_text())
    assert stored["settings"]["dpi"] == 200
    assert stored["settings"]["languages"] == ["eng"]


_READ_LONG = """
import sys
from pathlib import Path
from doc_pipeline.extraction.ocr.pages import read_pages
from doc_pipeline.extraction.request import ExtractRequest
from doc_pipeline_tests.extraction.ocr.drawing import draw_text
request = ExtractRequest("pdf", "a.pdf", folder=Path(sys.argv[1]))
read_pages(range(1, 31), lambda n, dpi: draw_text(f"Page number {n}"), request, pages_in_all=30)
"""


@pytest.mark.heavy
def test_resumes_after_kill_9_with_exactly_the_missing_pages(
    tmp_path: Path, count_runs: Callable[[], int]
) -> None:
    process = subprocess.Popen([sys.executable, "-c", _READ_LONG, str(tmp_path)])
    try:
        deadline = time.monotonic() + 120
        while not list((tmp_path / "pages").glob("*.json")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finished = len(list((tmp_path / "pages").glob("*.json"))) * 10
    before = count_runs()
    assert finished <= before < 30
    request = ExtractRequest("pdf", "a.pdf", folder=tmp_path)
    read = read_pages(range(1, 31), _draw, request, pages_in_all=30)
    assert count_runs() - before == 30 - finished
    assert [read[number].elements[0].text for number in (1, 15, 30)] == [
        "Page number 1",
        "Page number 15",
        "Page number 30",
    ]
