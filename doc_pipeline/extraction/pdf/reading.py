"""One visit to each page of a PDF: its lines, its fields, and what else has to read it.

No page stays open. A page that fails is noted and costs only itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.pdf.fields import form_elements
from doc_pipeline.extraction.pdf.lines import PageLines, sample_page
from doc_pipeline.extraction.pdf.ruling import has_ruling_lines
from doc_pipeline.extraction.pdf.scanned import is_picture_of_text
from doc_pipeline.extraction.request import ExtractRequest

_MIN_LINES_OF_TABLE = 2


@dataclass(slots=True)
class PagesRead:
    """What the visits found; pages are named by their number, from 1.

    `pictures` need OCR, `garbled` have text without a map to Unicode, `failed` did not open,
    `ruled` have ruling lines. `fields` are the filled fields of forms.
    """

    count: int
    pages: list[PageLines] = field(default_factory=list[PageLines])
    fields: list[Element] = field(default_factory=list[Element])
    pictures: list[int] = field(default_factory=list[int])
    garbled: list[int] = field(default_factory=list[int])
    failed: list[int] = field(default_factory=list[int])
    ruled: list[int] = field(default_factory=list[int])

    @property
    def done(self) -> int:
        """Pages that wait for nothing else."""
        return len(self.pages) - len(self.pictures) - len(self.garbled)


def read_all_pages(document: Any, request: ExtractRequest, *, find_ruling: bool) -> PagesRead:
    """Visit every page of an open pdfium document; tells progress per page."""
    read = PagesRead(len(document))
    for number in range(1, read.count + 1):
        try:
            page = document[number - 1]
            try:
                _visit(page, number, read, find_ruling=find_ruling)
            finally:
                page.close()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - pdfium's wrapper raises several classes on damage
            read.failed.append(number)
        request.report(read.done + len(read.failed), read.count)
    return read


def _visit(page: Any, number: int, read: PagesRead, *, find_ruling: bool) -> None:
    sampled = sample_page(page, number)
    read.fields.extend(form_elements(page, number))
    if not sampled.is_readable:
        read.garbled.append(number)
    elif is_picture_of_text(page, sampled.glyphs):
        read.pictures.append(number)
    elif find_ruling and len(sampled.lines) >= _MIN_LINES_OF_TABLE and has_ruling_lines(page):
        read.ruled.append(number)
    read.pages.append(sampled)
