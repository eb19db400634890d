"""Text tables (csv, tsv) to tables through the standard library."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.extraction.plain_text import read_text
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.tables import table_elements

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 200


def extract_delimited(path: Path, request: ExtractRequest) -> Draft:
    """Rows of the table; ragged rows stay ragged. Raises `OverLimit`."""
    text = read_text(path, request).removeprefix("\ufeff")
    delimiter = "\t" if request.kind == "tsv" else _find_delimiter(text)
    rows = _limited(_rows(text, delimiter), request.limits.table_rows)
    return Draft(list(table_elements(rows)))


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Rows as they stand. A quote that is never closed takes the rest as one cell."""
    csv.field_size_limit(max(len(text) + 1, 131_072))
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _find_delimiter(text: str) -> str:
    """The sign that parts most rows into equally many cells; `csv.Sniffer` fails on ragged rows."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4]
    sample = "\n".join(chain([first], rest.split("\n", _SAMPLE_ROWS)[:_SAMPLE_ROWS]))
    return max(_DELIMITERS, key=lambda sign: _regularity(sample, sign))


def _regularity(sample: str, sign: str) -> tuple[float, int]:
    counts = [len(row) for row in _rows(sample, sign) if row]
    parted = [count for count in counts if count > 1]
    if not parted:
        return 0.0, 0
    usual = max(set(parted), key=parted.count)
    return parted.count(usual) / len(counts), usual


def _limited(rows: Iterator[list[str]], allowed: int) -> Iterator[list[str]]:
    for number, row in enumerate(rows, start=1):
        if number > allowed:
            raise OverLimit(limit="table_rows", allowed=allowed, found=f"more than {allowed}")
        yield row
