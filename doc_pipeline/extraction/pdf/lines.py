"""Lines of a PDF page with their place, size and weight, sampled from pdfium.

The only module that calls pdfium's text functions. Knows nothing of headings or paragraphs.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.pdf.columns import Gap, order_lines, split_points
from doc_pipeline.extraction.pdf.glyphs import (
    LAM_ALEF,
    SOFT_HYPHENS,
    is_garbage,
    is_right_to_left,
    readable,
    visible,
)
from doc_pipeline.extraction.pdf.place import Frame, Rectangle

_BOLD_WEIGHT = 600
_NOWHERE = (0.0, 0.0, 0.0, 0.0)
"""Where damaged fonts and matrices give no place; the text is kept."""
_ASCENT = 0.85
_DESCENT = 0.22
_WIDE = 0.45
_PROBES = 4
_MIN_PROBES_WITH_GAP = 2
_MIN_GAP = 0.8
_MOST_CHARS = 1_000_000
"""On one page; the rest of such a page is not text for people."""


@dataclass(slots=True)
class Line:
    """One line of text. Distances in points from the page's top left corner.

    `size` is that of the font as drawn; `top` and `bottom` follow from it and the baseline, so
    that they do not depend on the letters. A line with an `element` stands for that element (a
    table) in the reading order.
    """

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float
    size: float
    is_bold: bool
    is_hyphenated: bool = False
    is_sideways: bool = False
    is_rtl: bool = False
    element: Element | None = None


@dataclass(slots=True)
class PageLines:
    """The lines of one page in reading order.

    `is_readable` is False where the text layer is only garbage; `glyphs` counts what is visible.
    """

    number: int
    width: float
    height: float
    lines: list[Line] = field(default_factory=list[Line])
    is_readable: bool = True
    glyphs: int = 0


def sample_page(page: Any, number: int) -> PageLines:
    """Read the lines of an open pdfium page."""
    frame = Frame.of(page)
    textpage = page.get_textpage()
    try:
        text = _characters(textpage)
        glyphs = visible(text)
        if is_garbage(glyphs):
            return PageLines(number, frame.width, frame.height, [], False, len(glyphs))
        lines = _Sampler(textpage, number, frame, text).lines()
    finally:
        textpage.close()
    ordered = order_lines(lines, frame.height)
    return PageLines(number, frame.width, frame.height, ordered, glyphs=len(glyphs))


def _characters(textpage: Any) -> str:
    """One Python character for each of pdfium's, so that indices are the same."""
    import pypdfium2.raw as pdfium_c

    count = min(textpage.count_chars(), _MOST_CHARS)
    text = str(textpage.get_text_range(0, count)) if count > 0 else ""
    if len(text) == count:
        return text
    codes = (pdfium_c.FPDFText_GetUnicode(textpage, index) for index in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else "\ufffd" for code in codes)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line without its line break; a divided word ends its line too."""
    for found in re.finditer("[^\r\n\x02\ufffe]+[\x02\ufffe]?", text):
        yield found.span()


class _Sampler:
    """Asks pdfium for three glyphs of a line: more would cost more than it tells."""

    def __init__(self, textpage: Any, page: int, frame: Frame, text: str) -> None:
        import pypdfium2.raw as pdfium_c

        self._get_box = pdfium_c.FPDFText_GetLooseCharBox
        self._get_weight = pdfium_c.FPDFText_GetFontWeight
        self._get_font = pdfium_c.FPDFText_GetFontInfo
        self._get_size = pdfium_c.FPDFText_GetFontSize
        self._get_matrix = pdfium_c.FPDFText_GetMatrix
        self._get_origin = pdfium_c.FPDFText_GetCharOrigin
        self._textpage = textpage.raw
        self._page = page
        self._frame = frame
        self._text = text
        self._box = pdfium_c.FS_RECTF()
        self._last_size = 0.0
        self._matrix = pdfium_c.FS_MATRIX()
        self._origin = ctypes.c_double(), ctypes.c_double()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()

    def lines(self) -> list[Line]:
        """All lines in pdfium's order; lines that run across a gutter are split."""
        spans: list[tuple[int, int]] = []
        found: list[Line] = []
        for span in _spans(self._text):
            line = self._line(*span)
            if line is not None:
                spans.append(span)
                found.append(line)
        cuts = self._cuts(found, spans)
        if not cuts:
            return found
        split: list[Line] = []
        for index, (line, (start, end)) in enumerate(zip(found, spans, strict=True)):
            if index not in cuts:
                split.append(line)
                continue
            edges = [start, *cuts[index], end]
            parts = (self._line(a, b) for a, b in pairwise(edges))
            split.extend(part for part in parts if part is not None)
        return split

    def _cuts(
        self, lines: Sequence[Line], spans: Sequence[tuple[int, int]]
    ) -> dict[int, list[int]]:
        """Where lines are to be cut, by the index of the line: only if a probe looks like it."""
        limit = self._frame.width * _WIDE
        wide = [
            index
            for index, line in enumerate(lines)
            if line.right - line.left > limit and not line.is_sideways and " " in line.text
        ]
        probes = wide[len(wide) // (2 * _PROBES) :: max(1, len(wide) // _PROBES)][:_PROBES]
        probed = {index: self._gaps(lines[index], spans[index]) for index in probes}
        if sum(map(bool, probed.values())) < _MIN_PROBES_WITH_GAP:
            return {}
        gaps = {index: self._gaps(lines[index], spans[index]) for index in wide}
        return split_points(lines, {index: found for index, found in gaps.items() if found})

    def _gaps(self, line: Line, span: tuple[int, int]) -> list[Gap]:
        """Blanks of the line that are wider than words stand apart."""
        found: list[Gap] = []
        for blank in re.finditer(r"\S(\s+)\S", self._text[slice(*span)]):
            before = self._loose_box(span[0] + blank.start())
            after = self._loose_box(span[0] + blank.end() - 1)
            if before is None or after is None:
                continue
            left, right = min(before[2], after[2]), max(before[0], after[0])
            if right - left > line.size * _MIN_GAP:
                found.append(Gap(left, right, span[0] + blank.start(1)))
        return found

    def _line(self, start: int, end: int) -> Line | None:
        raw = self._text[start:end]
        shown = raw.strip()
        if not shown:
            return None
        first = start + len(raw) - len(raw.lstrip())
        last = first + len(shown) - 1
        middle = (first + last) // 2
        while self._text[middle].isspace():
            middle += 1
        text = self._readable(raw, start)
        if not text:
            return None
        boxes = [box for index in (first, last) if (box := self._loose_box(index))] or [_NOWHERE]
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
        is_sideways = len(shown) > 2 and bottom - top > 2 * (right - left)
        across = 0 if is_sideways else 1
        height = max(box[across + 2] - box[across] for box in boxes)
        size = self._size(middle, height)
        if size != self._last_size:  # an inline word in another font must not set the line apart
            size = sorted((self._size(first, height), size, self._size(last, height)))[1]
            self._last_size = size
        baseline = None if is_sideways else self._baseline(middle)
        if baseline is not None and top - size < baseline < bottom + size:
            above, below = size * _ASCENT, size * _DESCENT
            if bottom - baseline > 2 * (baseline - top):  # the text stands on its head
                above, below = below, above
            top, bottom = baseline - above, baseline + below
        return Line(
            text=text,
            page=self._page,
            left=left,
            top=top,
            right=right,
            bottom=bottom,
            size=size,
            is_bold=all(self._is_bold(index) for index in {first, middle, last}),
            is_hyphenated=shown[-1] in SOFT_HYPHENS,
            is_sideways=is_sideways,
            is_rtl=not text.isascii() and is_right_to_left(text),
        )

    def _size(self, index: int, height: float) -> float:
        """Font size as drawn; the height of the boxes where a font (Type 3) has its own scale."""
        size = self._get_size(self._textpage, index)
        if self._get_matrix(self._textpage, index, self._matrix):
            matrix = self._matrix
            size *= math.hypot(matrix.c, matrix.d)
        is_likely = height * 0.7 <= size <= height * 8
        return round(size if is_likely else height, 1)

    def _baseline(self, index: int) -> float | None:
        x, y = self._origin
        if not self._get_origin(self._textpage, index, x, y):
            return None
        return self._frame.seen((x.value, y.value, x.value, y.value))[1]

    def _loose_box(self, index: int) -> Rectangle | None:
        box = self._box
        if not self._get_box(self._textpage, index, box):
            return None
        if not math.isfinite(box.left + box.bottom + box.right + box.top):
            return None
        return self._frame.seen((box.left, box.bottom, box.right, box.top))

    def _is_bold(self, index: int) -> bool:
        if self._get_weight(self._textpage, index) >= _BOLD_WEIGHT:
            return True
        size = self._get_font(self._textpage, index, self._name, len(self._name), self._flags)
        name = self._name.value.lower() if 0 < size <= len(self._name) else b""
        return b"bold" in name or b"black" in name or b"heavy" in name

    def _readable(self, raw: str, start: int) -> str:
        if raw.isascii() and raw.isprintable():
            return " ".join(raw.split())
        if LAM_ALEF.search(raw):
            raw = self._mend_ligatures(raw, start)
        return readable(raw)

    def _mend_ligatures(self, raw: str, start: int) -> str:
        """Lam-alef is one glyph for two letters, and pdfium reverses them: one box, two letters."""
        chars = list(raw)
        for found in LAM_ALEF.finditer(raw):
            here = found.start()
            if self._loose_box(start + here) == self._loose_box(start + here + 1):
                chars[here], chars[here + 1] = chars[here + 1], chars[here]
        return "".join(chars)
