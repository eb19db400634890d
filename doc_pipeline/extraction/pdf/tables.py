"""Tables of ruled pages by pdfplumber, put among the lines in the place of those they cover.

Without pdfplumber (the extra `tables`) nothing happens. A table that cannot be read stays lines.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
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
    begin = time.process_time()
    done = 0
    for number in wanted[:MOST_PAGES]:
        if time.process_time() - begin > _MOST_SECONDS:
            break
        _put_tables_of_page(path, password, by_number[number])
        done += 1
    if done == len(wanted):
        return None
    rest = page_names(wanted[done:])
    return f"Tables were looked for on {done} ruled pages only; left as lines: {rest}"


def _put_tables_of_page(path: Path, password: str | None, page: PageLines) -> None:
    try:
        found = _find_tables(path, password, page)
    except Exception:  # noqa: BLE001 - pdfminer raises anything on damaged files; lines stay
        return
    for place, element in found:
        _put(page, place, element)


def _find_tables(
    path: Path, password: str | None, page: PageLines
) -> list[tuple[Rectangle, Element]]:
    """Tables of one page with their place; pdfplumber is opened anew so that it keeps nothing."""
    import pdfplumber

    with pdfplumber.open(path, pages=[page.number], password=password) as document:
        for read in document.pages:
            size = (float(read.width), float(read.height))
            if max(abs(size[0] - page.width), abs(size[1] - page.height)) > _SAME_SIZE:
                return []
            left, top = float(read.bbox[0]), float(read.bbox[1])
            tables = (
                (_moved(table.bbox, left, top), table.extract()) for table in read.find_tables()
            )
            return [
                (place, _element(rows, place, page)) for place, rows in tables if _is_table(rows)
            ]
    return []


def _moved(place: Any, left: float, top: float) -> Rectangle:
    return place[0] - left, place[1] - top, place[2] - left, place[3] - top


def _is_table(rows: Sequence[Sequence[str | None]]) -> bool:
    """At least two rows and columns, and not mostly empty: frames around text are no tables."""
    cells = [cell for row in rows for cell in row]
    columns = max((sum(1 for cell in row if cell and cell.strip()) for row in rows), default=0)
    filled = sum(1 for cell in cells if cell and cell.strip())
    return len(rows) > 1 and columns > 1 and filled >= _MIN_FILLED * len(cells)


def _element(rows: Sequence[Sequence[str | None]], place: Rectangle, page: PageLines) -> Element:
    shown = [[" ".join((cell or "").split()) for cell in row] for row in rows]
    table = table_element([row for row in shown if any(row)], page.number)
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
