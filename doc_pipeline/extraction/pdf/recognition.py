"""OCR of the pages of a PDF that need it: draws them, hands them to `ocr/pages.py`.

Pages with text go through also where OCR cannot run; a warning then names what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.domain.errors import OcrLanguageMissing, OcrOff, OcrUnavailable
from doc_pipeline.extraction.pdf.page_names import page_names
from doc_pipeline.extraction.pdf.place import Frame
from doc_pipeline.extraction.request import ExtractRequest

if TYPE_CHECKING:
    from PIL.Image import Image

    from doc_pipeline.extraction.ocr.pages import OcrPage

_POINTS_PER_INCH = 72
_MOST_PIXELS = 50_000_000
"""Of one drawn page, whatever larger pictures the limits allow: 50 MB in grey."""
_LONGEST_SIDE = 30_000
"""tesseract takes at most 32,767 pixels."""


@dataclass(slots=True)
class Recognized:
    """Elements by number of the page, boxes in points; `words` and `confidence` of all pages."""

    elements: dict[int, list[Element]] = field(default_factory=dict[int, list[Element]])
    words: dict[int, int] = field(default_factory=dict[int, int])
    confidence: float | None = None
    warnings: list[str] = field(default_factory=list[str])


def recognize_pages(
    document: Any, numbers: Sequence[int], request: ExtractRequest, *, has_text: bool
) -> Recognized:
    """Read the pages of these numbers (from 1) of an open pdfium document.

    Without OCR: a warning if the document `has_text` on other pages, otherwise raises
    `OcrUnavailable`, `OcrLanguageMissing` or `OcrOff`.
    """
    if not numbers:
        return Recognized()
    pages = page_names(numbers)
    if request.ocr.mode == "off":
        if not has_text:
            raise OcrOff(kind=request.kind)
        warning = f"OCR is off (DOC_PIPELINE_OCR_MODE), so text is missing that needs it: {pages}"
        return Recognized(warnings=[warning])
    from doc_pipeline.extraction.ocr.pages import read_pages

    try:
        read = read_pages(
            numbers, _renderer(document, request), request, pages_in_all=len(document)
        )
    except OcrUnavailable as error:
        if not has_text:
            raise
        warning = f"There is no tesseract, so text is missing that needs it: {pages}. "
        return Recognized(warnings=[warning + error.remedy])
    except OcrLanguageMissing as error:
        if not has_text:
            raise
        return Recognized(warnings=[f"{error.sentence} Not read: {pages}. {error.remedy}"])
    return _gathered(document, read)


def _gathered(document: Any, read: dict[int, OcrPage]) -> Recognized:
    found = Recognized()
    weighted = words = 0.0
    for number, page in sorted(read.items()):
        found.warnings.extend(page.warnings)
        if page.is_failed:
            continue
        size = document.get_page_size(number - 1)
        found.elements[number] = [_in_points(element, size) for element in page.elements]
        found.words[number] = page.words
        if page.confidence is not None:
            weighted += page.confidence * page.words
            words += page.words
    found.confidence = round(weighted / words, 1) if words else None
    return found


def _in_points(element: Element, size: tuple[float, float]) -> Element:
    box = element.box
    if box is None or box.unit != "pixels" or not (box.page_width and box.page_height):
        return element
    x, y = size[0] / box.page_width, size[1] / box.page_height
    placed = Box(box.left * x, box.top * y, box.right * x, box.bottom * y, *size)
    return replace(element, box=placed)


def _renderer(document: Any, request: ExtractRequest) -> Callable[[int, int], Image]:
    def render(number: int, dpi: int) -> Image:
        page = document[number - 1]
        try:
            frame = Frame.of(page)
            scale = drawing_scale(frame.width, frame.height, dpi, request.limits.image_pixels)
            bitmap = page.render(scale=scale, grayscale=True, limit_image_cache=True)
            try:
                return bitmap.to_pil().copy()
            finally:
                bitmap.close()
        finally:
            page.close()

    return render


def drawing_scale(width: float, height: float, dpi: int, allowed_pixels: int) -> float:
    """Pixels per point: what `dpi` asks for, less where the page would be too large."""
    scale = dpi / _POINTS_PER_INCH
    by_area = math.sqrt(min(allowed_pixels, _MOST_PIXELS) / (width * height))
    by_side = _LONGEST_SIDE / max(width, height)
    return min(scale, by_area * 0.99, by_side)
