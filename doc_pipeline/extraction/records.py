"""JSON and newline-delimited JSON to readable lines 'path: value'."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, OverLimit
from doc_pipeline.extraction.plain_text import read_text
from doc_pipeline.extraction.request import Draft, ExtractRequest

_MAX_DEPTH = 100
_BLOCK_CHARS = 4_000


def extract_json(path: Path, request: ExtractRequest) -> Draft:
    """One element per record of a list, per key of an object, or per line of ndjson.

    Raises `FileCorrupt`, `OverLimit` (too deeply nested).
    """
    text = read_text(path, request).removeprefix("\ufeff")
    try:
        records = _records(text, request.kind)
        elements = [Element("UncategorizedText", block) for block in _blocks(records)]
    except RecursionError as error:
        raise OverLimit(
            limit="json_depth", allowed=_MAX_DEPTH, found=f"more than {_MAX_DEPTH}"
        ) from error
    except ValueError as error:
        raise FileCorrupt(kind=request.kind) from error
    return Draft(elements)


def _records(text: str, kind: str) -> list[object]:
    if kind == "ndjson":
        return [_parse(line) for line in text.split("\n") if line.strip()]
    parsed = _parse(text)
    if isinstance(parsed, list):
        return cast("list[object]", parsed)
    if isinstance(parsed, dict):
        return [{key: value} for key, value in cast("dict[str, object]", parsed).items()]
    return [parsed]


def _parse(text: str) -> object:
    # Numbers stay as they are written; int() would refuse those of more than 4,300 digits.
    return json.loads(text, parse_int=str, parse_float=str)


def _blocks(records: list[object]) -> Iterator[str]:
    """Lines of each record; short records share a block, so that a list of words is one."""
    block: list[str] = []
    chars = 0
    for record in records:
        lines = list(_lines(record, ""))
        length = sum(map(len, lines))
        if block and (chars + length > _BLOCK_CHARS or isinstance(record, dict)):
            yield "\n".join(block)
            block, chars = [], 0
        block.extend(lines)
        chars += length
    if block:
        yield "\n".join(block)


def _lines(value: object, path: str, depth: int = 0) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise RecursionError
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, object]", value).items():
            yield from _lines(inner, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _lines(inner, path, depth + 1)
    elif value is not None and value != "":
        shown = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)
        yield f"{path}: {shown}" if path else str(shown)
