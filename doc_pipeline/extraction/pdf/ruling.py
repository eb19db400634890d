"""Whether a page has ruling lines, as tables have. Looks at pdfium's path objects only."""

from __future__ import annotations

import ctypes
from typing import Any

_MIN_RULES = 4
_THIN = 3.0
_LONG = 12.0
_MOST_OBJECTS = 4_000
"""A page of more is a drawing, on which pdfplumber would take many seconds."""
_MOST_PATHS = 400


def has_ruling_lines(page: Any) -> bool:
    """Whether an open pdfium page draws at least four thin lines, some of them parallel.

    Rules of one direction at one place only (underlines, a line above the footer) do not count:
    a table has at least two at different heights, or frames around its cells.
    """
    import pypdfium2.raw as pdfium_c

    get_object, get_type = pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPageObj_GetType
    path = pdfium_c.FPDF_PAGEOBJ_PATH
    count = pdfium_c.FPDFPage_CountObjects(page)
    if count > _MOST_OBJECTS:
        return False
    rules = paths = 0
    for index in range(count):
        thing = get_object(page.raw, index)
        if get_type(thing) != path:
            continue
        paths += 1
        rules += _rules_of(thing)
        if rules >= _MIN_RULES:
            return True
        if paths >= _MOST_PATHS:
            return False
    return False


def _rules_of(thing: Any) -> int:
    """1 for a thin line, 4 for a path with many segments (a whole grid), 2 for a frame."""
    import pypdfium2.raw as pdfium_c

    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(thing, left, bottom, right, top):
        return 0
    width, height = right.value - left.value, top.value - bottom.value
    if min(width, height) <= _THIN:
        return 1 if max(width, height) >= _LONG else 0
    segments = pdfium_c.FPDFPath_CountSegments(thing)
    stroke = ctypes.c_int()
    fill = ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(thing, fill, stroke)
    if not stroke.value or min(width, height) < _THIN:
        return 0
    return 2 if segments <= 6 else 4
