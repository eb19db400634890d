"""Rows of cells to Table elements: one line a row, html beside. Knows no file format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from doc_pipeline.domain.element import Element

CELL_BREAK = " | "
MAX_ROWS = 100
_MAX_CHARS = 6_000
_MAX_HEAD_CHARS = 1_000
_MAX_CELL = 32_767
"""What a spreadsheet cell can hold."""


def table_elements(rows: Iterable[Sequence[str]], page: int | None = None) -> Iterator[Element]:
    """Tables of at most 100 rows; blank rows part tables, and each part repeats the head row.

    A run of rows with one cell each is text, not a table.
    """
    for table in _tables(rows):
        if max(map(len, table)) == 1:
            yield Element("UncategorizedText", "\n".join(row[0] for row in table), page=page)
            continue
        head = table[0] if len(table) > 1 and _is_head(table[0]) else None
        for part in _parts(table):
            shown = part if head is None or part[0] is head else [head, *part]
            yield table_element(shown, page)


def table_element(rows: Sequence[Sequence[str]], page: int | None = None) -> Element:
    """One table."""
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell, quote=False)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return Element(
        "Table", table_text(rows), page=page, text_as_html=f"<table><tbody>{body}</tbody></table>"
    )


def table_text(rows: Iterable[Sequence[str]]) -> str:
    """One line a row, cells divided by bars, empty cells at the end left out."""
    lines = (CELL_BREAK.join(" ".join(cell.split()) for cell in row) for row in rows)
    return "\n".join(line for line in (line.rstrip(" |") for line in lines) if line)


def _tables(rows: Iterable[Sequence[str]]) -> Iterator[list[list[str]]]:
    table: list[list[str]] = []
    for row in rows:
        cells = [cell.strip()[:_MAX_CELL] for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            table.append(cells)
        elif table:
            yield _without_left_margin(table)
            table = []
    if table:
        yield _without_left_margin(table)


def _without_left_margin(table: list[list[str]]) -> list[list[str]]:
    """Columns that are empty in the whole table are cut on the left."""
    margin = min(next(i for i, cell in enumerate(row) if cell) for row in table)
    return [row[margin:] for row in table] if margin else table


def _is_head(row: Sequence[str]) -> bool:
    is_short = sum(map(len, row)) <= _MAX_HEAD_CHARS
    return is_short and len(row) > 1 and not any(cell[:1].isdigit() for cell in row if cell)


def _parts(table: list[list[str]]) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    chars = 0
    for row in table:
        length = sum(map(len, row)) + len(CELL_BREAK) * len(row)
        if part and (len(part) >= MAX_ROWS or chars + length > _MAX_CHARS):
            yield part
            part, chars = [], 0
        part.append(row)
        chars += length
    if part:
        yield part
