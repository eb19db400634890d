"""One visit to each page of a PDF: its lines, its fields, and what else has to read it.

No page stays open. A page that fails is noted and costs only itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.pdf.fields import form_elements
from doc_pipeline.extraction.pdf.lines import PageLines, sample_page
from doc_pipeline.extraction.pdf.scanned import is_picture_of_text
from doc_pipeline.extraction.pdf.tables import can_read_tables, put_tables
from doc_pipeline.extraction.request import ExtractRequest

_MIN_LINES_OF_TABLE = 2
MOST_SECONDS_FOR_TABLES = 30.0
"""Of CPU, for one document."""


@dataclass(slots=True)
class PagesRead:
    """What the visits found; pages are named by their number, from 1.

    `pictures` need OCR, `garbled` have text without a map to Unicode, `failed` did not open. On
    `unruled` ones the time for tables was over. `fields` are the filled fields of forms.
    """

    count: int
    pages: list[PageLines] = field(default_factory=list[PageLines])
    fields: list[Element] = field(default_factory=list[Element])
    pictures: list[int] = field(default_factory=list[int])
    garbled: list[int] = field(default_factory=list[int])
    failed: list[int] = field(default_factory=list[int])
    unruled: list[int] = field(default_factory=list[int])

    @property
    def done(self) -> int:
        """Pages that wait for nothing else."""
        return len(self.pages) - len(self.pictures) - len(self.garbled)


def read_all_pages(document: Any, request: ExtractRequest) -> PagesRead:
    """Visit every page of an open pdfium document; tells progress per page."""
    read = PagesRead(len(document))
    tables = _Tables()
    for number in range(1, read.count + 1):
        try:
            page = document[number - 1]
            try:
                _visit(page, number, read, tables)
            finally:
                page.close()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - pdfium's wrapper raises several classes on damage
            read.failed.append(number)
        request.report(read.done + len(read.failed), read.count)
    return read


def _visit(page: Any, number: int, read: PagesRead, tables: _Tables) -> None:
    sampled = sample_page(page, number)
    read.fields.extend(form_elements(page, number))
    if not sampled.is_readable:
        read.garbled.append(number)
    elif is_picture_of_text(page, sampled.glyphs):
        read.pictures.append(number)
    elif not tables.read(page, sampled):
        read.unruled.append(number)
    read.pages.append(sampled)


class _Tables:
    """Looks for tables while there is time; a page that fails costs its tables only."""

    def __init__(self) -> None:
        self._is_installed = can_read_tables()
        self._used_s = 0.0

    def read(self, page: Any, sampled: PageLines) -> bool:
        """Whether the page was looked at, or there is nothing to look with or for."""
        if not self._is_installed or len(sampled.lines) < _MIN_LINES_OF_TABLE:
            return True
        if self._used_s > MOST_SECONDS_FOR_TABLES:
            return False
        begin = time.process_time()
        try:
            put_tables(page, sampled)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - pdfplumber raises anything; the lines stay
            return True
        finally:
            self._used_s += time.process_time() - begin
        return True
