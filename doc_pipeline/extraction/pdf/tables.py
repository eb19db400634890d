"""Tables of ruled pages, put among the lines in the place of those they cover.

pdfplumber (the extra `tables`) finds the cells in the lines that pdfium sees; their text is
pdfium's. Without pdfplumber nothing happens. A table that cannot be read stays lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.extraction.pdf.glyphs import readable
from doc_pipeline.extraction.pdf.lines import Line, PageLines
from doc_pipeline.extraction.pdf.place import Frame, Rectangle
from doc_pipeline.extraction.pdf.ruling import drawn_rules, is_grid
from doc_pipeline.extraction.tables import table_element

_MOST_RULES = 1_000
_MOST_CROSSINGS = 3_000
"""Of one page: finding cells takes time with the square of it."""
_TOLERANCE = 3.0
_INSET = 1.0
_MIN_FILLED = 0.3
_MIN_WORDS_KEPT = 0.7
_LONGEST_CELL = 20_000


def can_read_tables() -> bool:
    """Whether pdfplumber is installed."""
    return find_spec("pdfplumber") is not None


def put_tables(page: Any, lines: PageLines) -> None:
    """Replace the lines of tables on an open pdfium page that draws a grid.

    Raises what pdfplumber raises; `lines` is then as it was.
    """
    frame = Frame.of(page)
    rules = drawn_rules(page, frame)
    if len(rules) > _MOST_RULES or not is_grid(rules):
        return
    textpage = page.get_textpage()
    try:
        found: list[tuple[Rectangle, Element]] = []
        for table in _find_tables(rules):
            rows = [[_text(textpage, frame, cell) for cell in row.cells] for row in table.rows]
            rows = _trimmed(rows)
            if _is_table(rows):
                found.append((table.bbox, _element(rows, table.bbox, lines)))
    finally:
        textpage.close()
    for place, element in found:
        _put(lines, place, element)


def _find_tables(rules: Sequence[Rectangle]) -> list[Any]:
    """Tables of pdfplumber's class, from top to bottom, found as by its strategy 'lines'."""
    from pdfplumber import table as plumber

    edges = plumber.merge_edges(
        [_edge(rule) for rule in rules], _TOLERANCE, _TOLERANCE, _TOLERANCE, _TOLERANCE
    )
    crossings = plumber.edges_to_intersections(edges, _TOLERANCE, _TOLERANCE)
    if len(crossings) > _MOST_CROSSINGS:
        return []
    cells = plumber.intersections_to_cells(crossings)
    no_page: Any = None
    return [plumber.Table(no_page, group) for group in plumber.cells_to_tables(cells)]


def _edge(rule: Rectangle) -> dict[str, Any]:
    """A line as pdfplumber describes it: without thickness, at the middle of the drawn one."""
    left, top, right, bottom = rule
    if right - left > bottom - top:
        top = bottom = (top + bottom) / 2
        orientation = "h"
    else:
        left = right = (left + right) / 2
        orientation = "v"
    return {
        "x0": left,
        "x1": right,
        "top": top,
        "bottom": bottom,
        "width": right - left,
        "height": bottom - top,
        "orientation": orientation,
    }


def _text(textpage: Any, frame: Frame, cell: Rectangle | None) -> str | None:
    """Text within a cell in one line; None where a wider cell covers its place."""
    if cell is None:
        return None
    left, top, right, bottom = cell
    inner = left + _INSET, top + _INSET, right - _INSET, bottom - _INSET
    drawn = frame.drawn(inner)
    text = str(textpage.get_text_bounded(*drawn))[:_LONGEST_CELL]
    return " ".join(map(readable, text.splitlines())).strip()


def _trimmed(rows: Sequence[Sequence[str | None]]) -> list[list[str | None]]:
    """Without rows and columns that are empty throughout."""
    width = max(map(len, rows), default=0)
    used = [c for c in range(width) if any(row[c] for row in rows if c < len(row))]
    return [[row[c] if c < len(row) else None for c in used] for row in rows if any(row)]


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
    words = sum(len(line.text.split()) for line in page.lines if id(line) in covered)
    found = len(element.text.replace("|", " ").split())
    if not covered or found < words * _MIN_WORDS_KEPT:
        return
    index = next(i for i, line in enumerate(page.lines) if id(line) in covered)
    stands_for = Line(element.text, page.number, *place, 0.0, is_bold=False, element=element)
    kept = [line for line in page.lines[:index] if id(line) not in covered]
    rest = [line for line in page.lines[index:] if id(line) not in covered]
    page.lines[:] = [*kept, stands_for, *rest]


def _is_in(line: Line, place: Rectangle) -> bool:
    x, y = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    return place[0] <= x <= place[2] and place[1] <= y <= place[3]
