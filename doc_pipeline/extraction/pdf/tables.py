"""Tables of ruled pages by pdfplumber, put among the lines in the place of those they cover.

Without pdfplumber (the extra `tables`) nothing happens. A table that cannot be read stays lines.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.extraction.pdf.lines import Line, PageLines
from doc_pipeline.extraction.pdf.page_names import page_names
from doc_pipeline.extraction.pdf.place import Rectangle
from doc_pipeline.extraction.tables import table_element

MOST_PAGES = 200
"""Of one document: pdfplumber reads about 9 pages per CPU-second."""

_MOST_SECONDS = 40.0
_MOST_LINES = 1_500
"""Of one page; beyond, pdfplumber takes seconds."""
_MIN_FILLED = 0.3
_SAME_SIZE = 2.0


def can_read_tables() -> bool:
    """Whether pdfplumber is installed."""
    return find_spec("pdfplumber") is not None


def put_tables(
    path: Path, password: str | None, pages: Sequence[PageLines], ruled: Sequence[int]
) -> str | None:
    """Replace the lines of tables on the pages numbered in `ruled`; a warning if some were left.

    A page that pdfplumber cannot read stays as it is.
    """
    by_number = {page.number: page for page in pages}
    wanted = [n for n in ruled if n in by_number and len(by_number[n].lines) <= _MOST_LINES]
    done = 0
    try:
        for number, found in _find_tables(path, password, wanted[:MOST_PAGES], by_number):
            done = wanted.index(number) + 1
            for place, element in found:
                _put(by_number[number], place, element)
    except Exception:  # noqa: BLE001 - pdfminer raises anything on damaged files; lines stay
        return None
    if done == len(wanted):
        return None
    rest = page_names(wanted[done:])
    return f"Tables were looked for on {done} ruled pages only; left as lines: {rest}"


_Found = list[tuple[Rectangle, Element]]


def _find_tables(
    path: Path, password: str | None, wanted: list[int], pages: Mapping[int, PageLines]
) -> Iterator[tuple[int, _Found]]:
    """Page by page the tables with their places, until the time is over."""
    import pdfplumber

    begin = time.process_time()
    with pdfplumber.open(path, pages=wanted, password=password) as document:
        for read in document.pages:
            yield read.page_number, _tables_of(read, pages[read.page_number])
            read.close()
            if time.process_time() - begin > _MOST_SECONDS:
                return


def _tables_of(read: Any, page: PageLines) -> _Found:
    """Tables of a page of pdfplumber; none where it fails or sees another size than pdfium."""
    found: _Found = []
    try:
        width, height = float(read.width), float(read.height)
        if max(abs(width - page.width), abs(height - page.height)) > _SAME_SIZE:
            return []
        left, top = float(read.bbox[0]), float(read.bbox[1])
        for table in read.find_tables():
            place, rows = _moved(table.bbox, left, top), _trimmed(table.extract())
            if _is_table(rows):
                found.append((place, _element(rows, place, page)))
    except Exception:  # noqa: BLE001 - a page that fails costs its tables only
        return []
    return found


def _moved(place: Any, left: float, top: float) -> Rectangle:
    return place[0] - left, place[1] - top, place[2] - left, place[3] - top


def _trimmed(rows: Sequence[Sequence[str | None]]) -> list[list[str | None]]:
    """Without rows and columns that are empty throughout; None is a place a wide cell covers."""
    shown = [[cell and " ".join(cell.split()) for cell in row] for row in rows]
    width = max(map(len, shown), default=0)
    used = [c for c in range(width) if any(row[c] for row in shown if c < len(row))]
    return [[row[c] if c < len(row) else None for c in used] for row in shown if any(row)]


def _is_table(rows: Sequence[Sequence[str | None]]) -> bool:
    """At least two rows and columns, and not mostly empty: frames around text are no tables."""
    cells = [cell for row in rows for cell in row if cell is not None]
    columns = max((sum(1 for cell in row if cell) for row in rows), default=0)
    return len(rows) > 1 and columns > 1 and sum(map(bool, cells)) >= _MIN_FILLED * len(cells)


def _element(rows: Sequence[Sequence[str | None]], place: Rectangle, page: PageLines) -> Element:
    table = table_element([[cell or "" for cell in row] for row in rows], page.number)
    return replace(
        table, box=Box(*place, page.width, page.height), extra={"table_by": "pdfplumber"}
    )


def _put(page: PageLines, place: Rectangle, element: Element) -> None:
    covered = {id(line) for line in page.lines if line.element is None and _is_in(line, place)}
    if not covered:
        return
    words = sum(len(line.text.split()) for line in page.lines if id(line) in covered)
    if len(element.text.replace("|", " ").split()) < words * 0.7:
        return  # the table would lose words that the lines have
    index = next(i for i, line in enumerate(page.lines) if id(line) in covered)
    stands_for = Line(element.text, page.number, *place, 0.0, is_bold=False, element=element)
    kept = [line for line in page.lines[:index] if id(line) not in covered]
    rest = [line for line in page.lines[index:] if id(line) not in covered]
    page.lines[:] = [*kept, stands_for, *rest]


def _is_in(line: Line, place: Rectangle) -> bool:
    x, y = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    return place[0] <= x <= place[2] and place[1] <= y <= place[3]
