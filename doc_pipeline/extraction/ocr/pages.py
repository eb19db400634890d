"""Pages of a document read by OCR: several at once, resumed where a kill left them.

Pages come from a function that renders them, as pictures; files and their formats stay outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from doc_pipeline.domain.errors import (
    ExtractionFailed,
    ExtractionTimedOut,
    OcrUnavailable,
    PipelineError,
)
from doc_pipeline.extraction.ocr.checkpoints import Checkpoints, OcrPage
from doc_pipeline.extraction.ocr.engine import (
    Tesseract,
    TesseractTimedOut,
    installed_languages,
    tesseract_version,
)
from doc_pipeline.extraction.ocr.languages import Languages, choose_languages
from doc_pipeline.extraction.ocr.layout import build_elements
from doc_pipeline.extraction.ocr.reading import Reader, read_picture
from doc_pipeline.extraction.request import ExtractRequest

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["OcrPage", "ocr_is_there", "read_pages"]

Render = Callable[[int, int], "Image"]


def ocr_is_there() -> bool:
    """Whether there is a tesseract that runs."""
    return tesseract_version() is not None


def read_pages(
    numbers: Sequence[int], render: Render, request: ExtractRequest, *, pages_in_all: int
) -> dict[int, OcrPage]:
    """Read the pages of these numbers (from 1); the result has every one of them.

    `render` is called with a page's number and the wanted pixels per inch, only by the calling
    thread. A page that fails is in the result without elements and with a warning; only when
    every page of the document fails is that an error.

    Raises `OcrUnavailable`, `OcrLanguageMissing`, `ExtractionTimedOut`, `ExtractionFailed`.
    """
    tesseract = Tesseract.find()
    if tesseract is None:
        raise OcrUnavailable(kind=request.kind)
    ocr = request.ocr
    installed = installed_languages()
    languages, warnings = choose_languages(request.language, ocr.languages, installed)
    settings = {"tesseract": tesseract_version(), "languages": list(languages), "dpi": ocr.dpi}
    checkpoints = Checkpoints(request.folder, numbers, settings, pages_in_all)
    chosen = Languages(languages, installed, is_told=request.language is not None)
    reader = Reader(tesseract, chosen, ocr.dpi, ocr.page_s)
    read = _Round(request, reader, checkpoints).read(numbers, render, pages_in_all)
    _check_any_read(read, request, pages_in_all)
    if read and warnings:
        first = min(read)
        read[first] = replace(read[first], warnings=(*warnings, *read[first].warnings))
    return dict(sorted(read.items()))


def _check_any_read(read: dict[int, OcrPage], request: ExtractRequest, pages_in_all: int) -> None:
    failed = [page for page in read.values() if page.is_failed]
    if not failed or len(failed) < pages_in_all:
        return
    if any(page.failure == TesseractTimedOut.__name__ for page in failed):
        raise ExtractionTimedOut(limit="wall", seconds=f"{request.ocr.page_s:g}")
    raise ExtractionFailed(kind=request.kind, reason=failed[0].failure)


class _Round:
    """One reading of a document's pages."""

    def __init__(self, request: ExtractRequest, reader: Reader, checkpoints: Checkpoints) -> None:
        self._request = request
        self._reader = reader
        self._checkpoints = checkpoints
        self._extended_at = time.monotonic()

    def read(self, numbers: Sequence[int], render: Render, pages_in_all: int) -> dict[int, OcrPage]:
        read = self._checkpoints.load()
        todo = [number for number in dict.fromkeys(numbers) if number not in read]
        done = pages_in_all - len(todo)
        self._request.report(done, pages_in_all)
        if todo:
            self._request.extend(self._reader.page_s)
        for page in self._read_all(todo, render):
            read[page.number] = page
            done += 1
            self._take_down(page)
            self._request.report(done, pages_in_all)
        return read

    def _take_down(self, page: OcrPage) -> None:
        now = time.monotonic()
        self._request.extend(now - self._extended_at)
        self._extended_at = now
        name = self._checkpoints.add(page)
        if name is not None:
            self._request.keep(name)

    def _read_all(self, numbers: Sequence[int], render: Render) -> Iterator[OcrPage]:
        """Pages as they get done. One picture waits while `parallel` are being read."""
        parallel = max(1, self._request.ocr.parallel)
        running: set[Future[OcrPage]] = set()
        with ThreadPoolExecutor(parallel, "ocr") as threads, _stopping(self._reader.tesseract):
            for number in numbers:
                image = self._render(number, render)
                if isinstance(image, OcrPage):
                    yield image
                    continue
                while len(running) >= parallel:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ended)
                running.add(threads.submit(_read_page, number, image, self._reader))
                del image
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ended)

    def _render(self, number: int, render: Render) -> Image | OcrPage:
        try:
            return render(number, self._request.ocr.dpi)
        except (PipelineError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a page that does not render costs that page
            return _failed_page(number, error, "the page could not be drawn")


@contextmanager
def _stopping(tesseract: Tesseract) -> Generator[None]:
    """Leave no run behind, also when the reading is given up in the middle."""
    try:
        yield
    finally:
        tesseract.stop()


def _read_page(number: int, image: Image, reader: Reader) -> OcrPage:
    try:
        reading = read_picture(image, reader)
        elements = build_elements(reading, number, image.size)
    except MemoryError:
        raise
    except TesseractTimedOut as error:
        return _failed_page(number, error, f"it took longer than {reader.page_s:g} seconds")
    except Exception as error:  # noqa: BLE001 - a page that fails costs that page
        return _failed_page(number, error, "tesseract failed on it")
    return OcrPage(number, tuple(elements), len(reading.words), reading.confidence)


def _failed_page(number: int, error: Exception, why: str) -> OcrPage:
    warning = f"Page {number} was not read by OCR: {why}."
    return OcrPage(number, (), warnings=(warning,), failure=type(error).__name__)
