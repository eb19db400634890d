"""Lines that a page draws: thin rectangles, strokes and frames, from pdfium's path objects.

Says whether they can be the grid of a table; what the cells are is in `tables`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from doc_pipeline.extraction.pdf.place import Frame, Rectangle

_MIN_RULES = 3
"""In either direction: two rows of two columns have three lines each way."""
_THIN = 3.0
_LONG = 8.0
_SAME_PLACE = 6.0
_STRAIGHT = 1.0
_FRAME_SEGMENTS = 6
_MOST_SEGMENTS = 2_000
_MOST_OBJECTS = 4_000
"""A page of more is a drawing."""


def drawn_rules(page: Any, frame: Frame) -> list[Rectangle]:
    """Straight lines of an open pdfium page as left, top, right, bottom; none of a drawing.

    Cells that are only told by their colour are not seen.
    """
    import pypdfium2.raw as pdfium_c

    get_object, get_type = pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPageObj_GetType
    path = pdfium_c.FPDF_PAGEOBJ_PATH
    count = pdfium_c.FPDFPage_CountObjects(page)
    if count > _MOST_OBJECTS:
        return []
    handle, reader = page.raw, _PathReader()
    things = (get_object(handle, index) for index in range(count))
    return [
        frame.seen(rule)
        for thing in things
        if get_type(thing) == path
        for rule in reader.rules(thing)
    ]


def is_grid(rules: Sequence[Rectangle]) -> bool:
    """Whether there are lines at three heights and at three places across.

    Underlines, a line above the footer and frames around text are less than that.
    """
    heights: list[float] = []
    places: list[float] = []
    for left, top, right, bottom in rules:
        if right - left > bottom - top:
            _note(heights, top)
        else:
            _note(places, left)
        if min(len(heights), len(places)) >= _MIN_RULES:
            return True
    return False


def _note(known: list[float], place: float) -> None:
    if len(known) < _MIN_RULES and all(abs(place - each) > _SAME_PLACE for each in known):
        known.append(place)


class _PathReader:
    """Straight lines of path objects, in pdfium's coordinates."""

    def __init__(self) -> None:
        import pypdfium2.raw as pdfium_c

        self._pdfium = pdfium_c
        self._edges = tuple(ctypes.c_float() for _ in range(4))
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._x, self._y = ctypes.c_float(), ctypes.c_float()
        self._matrix = pdfium_c.FS_MATRIX()
        self._segments_left = _MOST_SEGMENTS

    def rules(self, thing: Any) -> Iterator[Rectangle]:
        """A thin path is one line, a stroked frame is four, a stroked grid all that it has."""
        if not self._pdfium.FPDFPageObj_GetBounds(thing, *self._edges):
            return
        left, bottom, right, top = (edge.value for edge in self._edges)
        width, height = right - left, top - bottom
        if min(width, height) <= _THIN:
            if max(width, height) >= _LONG:
                yield left, bottom, right, top
        elif min(width, height) >= _LONG and self._is_stroked(thing):
            count = self._pdfium.FPDFPath_CountSegments(thing)
            if count > _FRAME_SEGMENTS:
                yield from self._straight_segments(thing, count)
                return
            yield from ((left, y, right, y) for y in (bottom, top))
            yield from ((x, bottom, x, top) for x in (left, right))

    def _is_stroked(self, thing: Any) -> bool:
        self._pdfium.FPDFPath_GetDrawMode(thing, self._fill, self._stroke)
        return bool(self._stroke.value)

    def _straight_segments(self, thing: Any, count: int) -> Iterator[Rectangle]:
        self._segments_left -= count
        if self._segments_left < 0:
            return
        self._pdfium.FPDFPageObj_GetMatrix(thing, self._matrix)
        before: tuple[float, float] | None = None
        for index in range(count):
            segment = self._pdfium.FPDFPath_GetPathSegment(thing, index)
            here = self._point(segment)
            kind = self._pdfium.FPDFPathSegment_GetType(segment)
            if before is not None and kind == self._pdfium.FPDF_SEGMENT_LINETO:
                xs, ys = sorted((before[0], here[0])), sorted((before[1], here[1]))
                extents = xs[1] - xs[0], ys[1] - ys[0]
                if min(extents) <= _STRAIGHT and max(extents) >= _LONG:
                    yield xs[0], ys[0], xs[1], ys[1]
            before = here

    def _point(self, segment: Any) -> tuple[float, float]:
        self._pdfium.FPDFPathSegment_GetPoint(segment, self._x, self._y)
        x, y, m = self._x.value, self._y.value, self._matrix
        return m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f
