"""Text tables (csv, tsv) to tables through the standard library, in any dialect, losing nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.plain_text import read_text
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.tables import table_elements
from doc_pipeline.extraction.text_blocks import split_blocks

_DELIMITERS = ",;\t|^~\x01\x1f"
_SAMPLE_ROWS = 200
_LONG_CELL = 10_000
"""A cell beyond it is a text of its own, and stands behind its row as such."""
_MOST_RESTARTS = 100
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_APOSTROPHES = re.compile(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\n]|$)")


class _Dialect(csv.Dialect):
    """How one file is written."""

    lineterminator = "\n"
    quoting = csv.QUOTE_MINIMAL
    skipinitialspace = False
    strict = False

    def __init__(self, delimiter: str, sample: str) -> None:
        self.delimiter = delimiter
        is_apostrophe = '"' not in sample and len(_APOSTROPHES.findall(sample)) > 2
        self.quotechar = "'" if is_apostrophe else '"'
        self.doublequote = not ('\\"' in sample and '""' not in sample)
        self.escapechar = None if self.doublequote else "\\"
        self.skipinitialspace = f'{delimiter} "' in sample
        super().__init__()


class _Counted:
    """The rows up to a limit; those after it are only counted. Blank rows count nowhere."""

    def __init__(self, rows: Iterator[list[str]], allowed: int) -> None:
        self.left_out = 0
        self._rows = rows
        self._allowed = allowed

    def __iter__(self) -> Iterator[list[str]]:
        count = 0
        for row in self._rows:
            count += bool(row)
            if count <= self._allowed:
                yield row
            else:
                self.left_out += bool(row)


def extract_delimited(path: Path, request: ExtractRequest) -> Draft:
    """Rows of the table under their head row; ragged rows stay ragged. Raises `OverLimit`."""
    text = read_text(path, request).removeprefix("\ufeff")
    csv.field_size_limit(max(len(text) + 1, 131_072))
    first, _, rest = text.partition("\n")
    declared = _declared(first)
    sample = "\n".join((rest if declared else text).split("\n", _SAMPLE_ROWS)[:_SAMPLE_ROWS])
    usual = "\t" if request.kind == "tsv" and "\t" in sample else None
    dialect = _Dialect(declared or usual or _find_delimiter(sample), sample)
    rows = _Counted(
        _rows((rest if declared else text).split("\n"), dialect), request.limits.table_rows
    )
    elements = list(_elements(rows))
    return Draft(elements, warnings=_warnings(rows.left_out, request))


def _warnings(left_out: int, request: ExtractRequest) -> tuple[str, ...]:
    if not left_out:
        return ()
    rows = "1 row was" if left_out == 1 else f"{left_out:,} rows were"
    allowed = request.limits.table_rows
    return (f"{rows} left out; DOC_PIPELINE_MAX_TABLE_ROWS allows {allowed:,} in one table",)


def _rows(lines: Sequence[str], dialect: _Dialect) -> Iterator[list[str]]:
    """Rows as they stand. A quote that is never closed is a sign like any other."""
    start = restarts = 0
    while start < len(lines):
        reader = csv.reader((f"{line}\n" for line in lines[start:]), dialect)
        before = 0
        for row in reader:
            is_open = (
                start + reader.line_num >= len(lines)
                and reader.line_num - before > 1
                and restarts < _MOST_RESTARTS
                and _is_unclosed(lines[start + before :], dialect)
            )
            if is_open:
                break
            before = reader.line_num
            yield row
        else:
            return
        yield lines[start + before].replace(dialect.quotechar or "", "").split(dialect.delimiter)
        start += before + 1
        restarts += 1


def _is_unclosed(lines: Sequence[str], dialect: _Dialect) -> bool:
    quotes = sum(line.count(dialect.quotechar or '"') for line in lines)
    if dialect.escapechar:
        quotes -= sum(line.count(f"{dialect.escapechar}{dialect.quotechar}") for line in lines)
    return quotes % 2 == 1


def _elements(rows: Iterable[list[str]]) -> Iterator[Element]:
    """Tables, and behind the row that holds it each cell that is a text of its own."""
    table: list[list[str]] = []
    for row in rows:
        long_cells = [cell for cell in row if len(cell) > _LONG_CELL]
        table.append([cell if len(cell) <= _LONG_CELL else "…" for cell in row])
        if long_cells:
            yield from table_elements(table)
            table = []
        for cell in long_cells:
            yield from (Element("UncategorizedText", block) for block in split_blocks(cell))
    yield from table_elements(table)


def _declared(first: str) -> str | None:
    """The delimiter of a line `sep=;`, which Excel writes and reads."""
    shown = first.strip(" \r")
    return shown[4] if shown.lower().startswith("sep=") and len(shown) == 5 else None


def _find_delimiter(sample: str) -> str:
    """The sign that parts most rows into equally many cells; `csv.Sniffer` fails on ragged rows."""
    scores = {sign: _regularity(sample, sign) for sign in _DELIMITERS if sign in sample}
    if not scores:
        return ","
    best = max(scores, key=lambda sign: scores[sign])
    if best == "," and ";" in scores and scores[";"][0] >= scores[","][0]:
        cells = chain.from_iterable(_rows(sample.split("\n"), _Dialect(";", sample)))
        if any(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in cells):
            return ";"
    return best


def _regularity(sample: str, sign: str) -> tuple[float, int]:
    counts = [len(row) for row in _rows(sample.split("\n"), _Dialect(sign, sample)) if row]
    parted = [count for count in counts if count > 1]
    if not parted:
        return 0.0, 0
    usual = max(set(parted), key=parted.count)
    return parted.count(usual) / len(counts), usual
