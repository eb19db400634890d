"""Text of an old Word file, one paragraph a line, to elements: tables, lists, no field codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.tables import table_elements
from doc_pipeline.extraction.text_blocks import split_blocks

_SWITCH = r'\s{0,2}\\(?:[a-z@#!]|\*\s?(?:MERGEFORMAT|CHARFORMAT))(?:\s"[^"\n]{0,500}")?'
_FIELD = re.compile(
    rf'\s?HYPERLINK(?:\s{{1,2}}\\[a-z])?\s{{1,2}}"[^"\n]{{0,2000}}"(?:{_SWITCH}){{0,8}}'
    rf'|\b(?:[A-Z]{{3,15}})(?:\s{{1,2}}(?:"[^"\n]{{0,500}}"|[\w.]{{1,80}}))?(?:{_SWITCH}){{1,8}}\s?'
    r"|\bEMBED\s{1,2}[A-Z]\w{2,40}(?:\.\w{1,40}){0,3}"
)
"""Codes of fields as they stand before the text that people see; all but links and
objects have a switch."""
_GAP = re.compile(r"[^\S\n]{2,}")
_ROW_END = "\t\t"


def doc_elements(text: str) -> list[Element]:
    """Elements of a text in which a line is a paragraph and two tabs end the row of a table."""
    return [element for line in text.split("\n") for element in _line_elements(line)]


def _line_elements(line: str) -> Iterator[Element]:
    rows, rest = _rows(line)
    yield from table_elements(rows)
    for block in split_blocks(_GAP.sub(" ", _FIELD.sub(" ", rest))):
        yield classify_text(block)


def _rows(line: str) -> tuple[list[list[str]], str]:
    """Rows of a table at the start of a line, and what follows it."""
    *told, rest = line.split(_ROW_END)
    rows = [row.split("\t") for row in told]
    widths = set(map(len, rows))
    if not rows or min(widths) < 2 or len(widths) > 1:
        return [], line.replace(_ROW_END, "\n").replace("\t", " ")
    return rows, rest
