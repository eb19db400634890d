"""Pages are read side by side, one that fails costs that page, progress is told."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from doc_pipeline.domain.errors import (
    ExtractionFailed,
    ExtractionTimedOut,
    FileCorrupt,
    OcrLanguageMissing,
    OcrUnavailable,
)
from doc_pipeline.extraction.ocr.pages import OcrPage, ocr_is_there, read_pages
from doc_pipeline.extraction.request import ExtractRequest, OcrSettings
from doc_pipeline_tests.extraction.ocr.drawing import draw_text

REQUEST = ExtractRequest("pdf", "scan.pdf")


def _draw(number: int, dpi: int) -> Image.Image:
    return draw_text(f"This is page number {number} of the scan")


def _text(page: OcrPage) -> str:
    return " ".join(element.text for element in page.elements)


@pytest.mark.usefixtures("tesseract")
def test_pages_come_in_order_with_their_numbers() -> None:
    read = read_pages([5, 2, 9], _draw, REQUEST, pages_in_all=12)
    assert list(read) == [2, 5, 9]
    for number, page in read.items():
        assert _text(page) == f"This is page number {number} of the scan"
        assert page.words == 8
        assert (page.confidence or 0) > 85
        assert {element.page for element in page.elements} == {number}


@pytest.mark.usefixtures("tesseract")
def test_progress_counts_all_pages_and_time_is_asked_for() -> None:
    told: list[tuple[int, int]] = []
    extended: list[float] = []

    def tell(done: int, pages: int) -> None:
        told.append((done, pages))

    request = replace(REQUEST, on_progress=tell, on_extend=extended.append)
    read_pages([5, 6, 7], _draw, request, pages_in_all=12)
    assert told == [(9, 12), (10, 12), (11, 12), (12, 12)]
    assert extended[0] == REQUEST.ocr.page_s
    assert all(0 <= seconds < 60 for seconds in extended[1:])


@pytest.mark.heavy
@pytest.mark.usefixtures("tesseract")
@pytest.mark.parametrize("parallel", [1, 3])
def test_only_a_few_pictures_are_held_and_only_one_thread_draws(parallel: int) -> None:
    drawn: list[weakref.ref[Image.Image]] = []
    most = 0
    threads: set[int] = set()

    def render(number: int, dpi: int) -> Image.Image:
        nonlocal most
        threads.add(threading.get_ident())
        image = _draw(number, dpi)
        drawn.append(weakref.ref(image))
        most = max(most, sum(image() is not None for image in drawn))
        return image

    request = replace(REQUEST, ocr=OcrSettings(parallel=parallel))
    assert len(read_pages(range(1, 6), render, request, pages_in_all=5)) == 5
    assert most <= parallel + 1
    assert threads == {threading.get_ident()}


def test_pages_are_read_at_the_same_time(
    tesseract: str, tmp_path: Path, put_first: Callable[[str], None]
) -> None:
    """Each run of this wrapper waits until another one has started, then reads for real."""
    put_first(
        f"""[ "$1" = - ] || exec {tesseract} "$@"
touch "{tmp_path}/$$.started"
for wait in $(seq 100); do
  [ $(ls "{tmp_path}" | grep -c started) -ge 2 ] && exec {tesseract} "$@"
  sleep 0.05
done
exit 1"""
    )
    read = read_pages([1, 2], _draw, REQUEST, pages_in_all=2)
    assert not any(page.is_failed for page in read.values())


@pytest.mark.usefixtures("tesseract")
def test_page_that_cannot_be_drawn_costs_that_page() -> None:
    def render(number: int, dpi: int) -> Image.Image:
        if number == 2:
            raise ValueError("secret text of a library")
        return _draw(number, dpi)

    read = read_pages([1, 2, 3], render, REQUEST, pages_in_all=3)
    assert [page.is_failed for page in read.values()] == [False, True, False]
    assert read[2].elements == ()
    assert read[2].warnings == ("Page 2 was not read by OCR: the page could not be drawn.",)


@pytest.mark.usefixtures("tesseract")
def test_errors_of_the_document_go_through() -> None:
    def render(number: int, dpi: int) -> Image.Image:
        raise FileCorrupt(kind="pdf")

    with pytest.raises(FileCorrupt):
        read_pages([1], render, REQUEST, pages_in_all=1)


@pytest.mark.heavy
@pytest.mark.usefixtures("fake_slow")
def test_slow_pages_time_out() -> None:
    request = replace(REQUEST, ocr=OcrSettings(page_s=0.3))
    with pytest.raises(ExtractionTimedOut):
        read_pages([1, 2], _draw, request, pages_in_all=2)
    read = read_pages([1], _draw, request, pages_in_all=2)
    assert read[1].warnings == ("Page 1 was not read by OCR: it took longer than 0.3 seconds.",)


def test_all_pages_failing_is_an_error(put_first: Callable[[str], None]) -> None:
    put_first(
        'case "$1" in --version) echo tesseract 5.0-fake;; --list-langs) echo; echo eng;; '
        "*) exit 3;; esac"
    )
    with pytest.raises(ExtractionFailed) as error:
        read_pages([1, 2], _draw, REQUEST, pages_in_all=2)
    assert error.value.fields == {"kind": "pdf", "reason": "TesseractFailed"}


@pytest.mark.usefixtures("fake_slow")
def test_giving_up_in_the_middle_leaves_no_run_behind() -> None:
    def render(number: int, dpi: int) -> Image.Image:
        if number == 2:
            raise MemoryError
        return _draw(number, dpi)

    with pytest.raises(MemoryError):
        read_pages([1, 2], render, REQUEST, pages_in_all=2)


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract() -> None:
    assert not ocr_is_there()
    with pytest.raises(OcrUnavailable):
        read_pages([1], _draw, REQUEST, pages_in_all=1)


@pytest.mark.usefixtures("tesseract")
def test_missing_languages() -> None:
    assert ocr_is_there()
    request = replace(REQUEST, ocr=OcrSettings(languages=("xxx",)))
    with pytest.raises(OcrLanguageMissing):
        read_pages([1], _draw, request, pages_in_all=1)
    request = replace(REQUEST, ocr=OcrSettings(languages=("eng", "xxx")))
    read = read_pages([1, 2], _draw, request, pages_in_all=2)
    assert read[1].warnings == ("OCR has no data for the language xxx; it read as eng.",)
    assert read[2].warnings == ()


@pytest.mark.usefixtures("tesseract")
def test_no_pages_is_no_work() -> None:
    assert read_pages([], _draw, REQUEST, pages_in_all=3) == {}
