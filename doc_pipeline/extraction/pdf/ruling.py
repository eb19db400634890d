"""Whether a page has the ruling lines of a table. Looks at pdfium's path objects only.

Asked of every page with text, so it stops at the first grid it sees.
"""

from __future__ import annotations

import ctypes
from typing import Any

_MIN_RULES = 3
"""In either direction: two rows of two columns have three lines each way."""
_THIN = 3.0
_LONG = 8.0
_GRID_SEGMENTS = 12
_SAME_PLACE = 6.0
_MOST_OBJECTS = 4_000
"""A page of more is a drawing, on which pdfplumber would take many seconds."""


def has_ruling_lines(page: Any) -> bool:
    """Whether an open pdfium page draws lines at three heights and at three places across.

    Underlines, a line above the footer and frames around text are less than that. Cells that are
    only told by their colour are not seen.
    """
    import pypdfium2.raw as pdfium_c

    get_object, get_type = pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPageObj_GetType
    path = pdfium_c.FPDF_PAGEOBJ_PATH
    count = pdfium_c.FPDFPage_CountObjects(page)
    if count > _MOST_OBJECTS:
        return False
    handle, rules = page.raw, _Rules()
    for index in range(count):
        thing = get_object(handle, index)
        if get_type(thing) == path and rules.add(thing):
            return True
    return False


class _Rules:
    """Places of the lines seen so far; nearer than six points is the same."""

    def __init__(self) -> None:
        import pypdfium2.raw as pdfium_c

        self._pdfium = pdfium_c
        self._edges = tuple(ctypes.c_float() for _ in range(4))
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._heights: list[float] = []
        self._places: list[float] = []

    def add(self, thing: Any) -> bool:
        """Take down the lines of a path; whether there are now enough for a table."""
        if not self._pdfium.FPDFPageObj_GetBounds(thing, *self._edges):
            return False
        left, bottom, right, top = (edge.value for edge in self._edges)
        width, height = right - left, top - bottom
        if height <= _THIN and width >= _LONG:
            _note(self._heights, top)
        elif width <= _THIN and height >= _LONG:
            _note(self._places, left)
        elif min(width, height) >= _LONG and self._is_stroked(thing):
            if self._pdfium.FPDFPath_CountSegments(thing) >= _GRID_SEGMENTS:
                return True
            _note(self._heights, top, bottom)
            _note(self._places, left, right)
        return min(len(self._heights), len(self._places)) >= _MIN_RULES

    def _is_stroked(self, thing: Any) -> bool:
        self._pdfium.FPDFPath_GetDrawMode(thing, self._fill, self._stroke)
        return bool(self._stroke.value)


def _note(known: list[float], *places: float) -> None:
    for place in places:
        if len(known) < _MIN_RULES and all(abs(place - each) > _SAME_PLACE for each in known):
            known.append(place)
