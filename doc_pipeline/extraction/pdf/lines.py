"""Lines of a PDF page with their place, size and weight, sampled from pdfium.

The only module that calls pdfium's text functions. Knows nothing of headings or paragraphs.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_BOLD_WEIGHT = 600
_SOFT_HYPHENS = "\x02\ufffe\u00ad"
_LAM_ALEF = re.compile("[اأإآ]ل")
_PRESENTATION_FORMS = re.compile("[\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc]")
_MIN_GLYPHS_TO_JUDGE = 20
_MAX_GARBAGE = 0.25


@dataclass(slots=True)
class Line:
    """One line of text. Distances in points from the page's top left corner.

    `size` is the height of the glyph boxes, which is right also where the font size is set by
    a matrix.
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


@dataclass(slots=True)
class PageLines:
    """The lines of one page; `is_readable` is False where the text layer is only garbage."""

    number: int
    width: float
    height: float
    lines: list[Line]
    is_readable: bool = True


def sample_page(page: Any, number: int) -> PageLines:
    """Read the lines of an open pdfium page."""
    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        text = _characters(textpage)
        if _is_garbage(text):
            return PageLines(number, width, height, [], is_readable=False)
        sampler = _Sampler(textpage, number, height)
        lines = [line for start, end in _spans(text) if (line := sampler.line(text, start, end))]
    finally:
        textpage.close()
    return PageLines(number, width, height, lines)


def _characters(textpage: Any) -> str:
    """One Python character for each of pdfium's, so that indices are the same."""
    import pypdfium2.raw as pdfium_c

    count = textpage.count_chars()
    text = str(textpage.get_text_range()) if count > 0 else ""
    if len(text) == count:
        return text
    codes = (pdfium_c.FPDFText_GetUnicode(textpage, index) for index in range(count))
    return "".join(chr(code) if 0 < code < 0x110000 else "\ufffd" for code in codes)


def _is_garbage(text: str) -> bool:
    """Fonts without a map to Unicode give control and private characters."""
    glyphs = [char for char in text if not char.isspace() or char in "\x0b\x0c\x1c\x1d\x1e\x1f"]
    if len(glyphs) < _MIN_GLYPHS_TO_JUDGE:
        return bool(glyphs) and all(map(_is_unreadable, glyphs))
    return sum(map(_is_unreadable, glyphs)) > len(glyphs) * _MAX_GARBAGE


def _is_unreadable(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Co", "Cn", "Cs"} or char == "\ufffd"


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line without its line break; a divided word ends its line too."""
    for found in re.finditer("[^\r\n\x02\ufffe]+[\x02\ufffe]?", text):
        yield found.span()


class _Sampler:
    """Asks pdfium for three glyphs of a line: more would cost more than it tells."""

    def __init__(self, textpage: Any, page: int, height: float) -> None:
        import pypdfium2.raw as pdfium_c

        self._pdfium = pdfium_c
        self._textpage = textpage
        self._page = page
        self._height = height
        self._box = pdfium_c.FS_RECTF()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()

    def line(self, text: str, start: int, end: int) -> Line | None:
        raw = text[start:end]
        shown = raw.strip()
        if not shown:
            return None
        first = start + len(raw) - len(raw.lstrip())
        last = start + len(raw.rstrip()) - 1
        middle = (first + last) // 2
        while text[middle].isspace():
            middle += 1
        indices = sorted({first, middle, last})
        boxes = [box for index in indices if (box := self._loose_box(index))]
        if not boxes:
            return None
        sizes = sorted(top - bottom for _, top, _, bottom in boxes)
        return Line(
            text=self._readable(raw, start),
            page=self._page,
            left=min(box[0] for box in boxes),
            top=self._height - max(box[1] for box in boxes),
            right=max(box[2] for box in boxes),
            bottom=self._height - min(box[3] for box in boxes),
            size=round(sizes[len(sizes) // 2], 1),
            is_bold=all(self._is_bold(index) for index in indices),
            is_hyphenated=shown[-1] in _SOFT_HYPHENS,
        )

    def _loose_box(self, index: int) -> tuple[float, float, float, float] | None:
        if not self._pdfium.FPDFText_GetLooseCharBox(self._textpage, index, self._box):
            return None
        box = self._box
        return box.left, box.top, box.right, box.bottom

    def _is_bold(self, index: int) -> bool:
        weight = self._pdfium.FPDFText_GetFontWeight(self._textpage, index)
        if weight >= _BOLD_WEIGHT:
            return True
        size = self._pdfium.FPDFText_GetFontInfo(
            self._textpage, index, self._name, len(self._name), self._flags
        )
        name = self._name.value.lower() if 0 < size <= len(self._name) else b""
        return b"bold" in name or b"black" in name or b"heavy" in name

    def _readable(self, raw: str, start: int) -> str:
        if _LAM_ALEF.search(raw):
            raw = self._mend_ligatures(raw, start)
        if _PRESENTATION_FORMS.search(raw):
            raw = _PRESENTATION_FORMS.sub(lambda m: unicodedata.normalize("NFKC", m[0]), raw)
        kept = (char for char in raw if char not in _SOFT_HYPHENS and not _is_unreadable(char))
        return " ".join(
            "".join(kept if not raw.isascii() or not raw.isprintable() else raw).split()
        )

    def _mend_ligatures(self, raw: str, start: int) -> str:
        """Lam-alef is one glyph for two letters, and pdfium reverses them: one box, two letters."""
        chars = list(raw)
        for found in _LAM_ALEF.finditer(raw):
            here = found.start()
            if self._loose_box(start + here) == self._loose_box(start + here + 1):
                chars[here], chars[here + 1] = chars[here + 1], chars[here]
        return "".join(chars)
