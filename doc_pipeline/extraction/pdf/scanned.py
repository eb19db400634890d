"""Which pages OCR has to read: pictures of text, text drawn as outlines. Counts, does not read.

Asked only of pages with little text: walking over a page's objects costs more than its text.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from doc_pipeline.extraction.pdf.place import Rectangle

MAX_GLYPHS = 50
"""A page with at least as many visible glyphs has a text layer."""

_MIN_IMAGE_SHARE = 0.5
_MIN_IMAGE_SHARE_WITHOUT_TEXT = 0.2
_MIN_OUTLINES = 200
_MIN_STROKES = 1_000
"""Lines and curves of paths: a drawn letter has 15 to 60."""
_FEW_GLYPHS = 10
_MOST_OBJECTS = 5_000
_MAX_DEPTH = 4


def is_picture_of_text(page: Any, glyphs: int) -> bool:
    """Whether an open pdfium page with that many visible glyphs is to be read by OCR."""
    if glyphs >= MAX_GLYPHS:
        return False
    share, outlines, strokes = _count(page)
    if share > (_MIN_IMAGE_SHARE if glyphs else _MIN_IMAGE_SHARE_WITHOUT_TEXT):
        return True
    if glyphs == 0 and outlines >= _MIN_OUTLINES:
        return True
    return glyphs < _FEW_GLYPHS and strokes >= _MIN_STROKES


def _count(page: Any) -> tuple[float, int, int]:
    """Share of the page that images cover (at most 1), number of paths and of their strokes."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    sheet = page.get_bbox()
    area = max((sheet[2] - sheet[0]) * (sheet[3] - sheet[1]), 1.0)
    kinds = [pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH]
    covered, outlines, strokes = 0.0, 0, 0
    things = islice(page.get_objects(kinds, max_depth=_MAX_DEPTH), _MOST_OBJECTS)
    try:
        for thing in things:
            if thing.type == pdfium_c.FPDF_PAGEOBJ_PATH:
                outlines += 1
                strokes += max(pdfium_c.FPDFPath_CountSegments(thing), 0)
            elif thing.level:
                covered += area  # inside a form its place is not the page's: take it for the page
            else:
                covered += _common_area(thing.get_bounds(), sheet)
    except pdfium.PdfiumError:
        pass  # a damaged object: what was counted before it has to do
    return min(covered / area, 1.0), outlines, strokes


def _common_area(one: Rectangle, other: Rectangle) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)
