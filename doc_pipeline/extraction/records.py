"""JSON and newline-delimited JSON to readable lines 'path: value'."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, OverLimit
from doc_pipeline.extraction.plain_text import read_text
from doc_pipeline.extraction.request import Draft, ExtractRequest

_MAX_DEPTH = 100
_BLOCK_CHARS = 4_000
_LINES_SHOWN = 5
_SPACE = re.compile(r"[\s,]*")


def extract_json(path: Path, request: ExtractRequest) -> Draft:
    """One element per record of a list, per key of an object, or per line of ndjson.

    Raises `FileCorrupt`, `OverLimit` (too deeply nested).
    """
    text = read_text(path, request).removeprefix("\ufeff")
    bad_lines: list[int] = []
    try:
        records = _records(text, request.kind, bad_lines)
        elements = [Element("UncategorizedText", block) for block in _blocks(records)]
    except RecursionError as error:
        raise OverLimit(
            limit="json_depth", allowed=_MAX_DEPTH, found=f"more than {_MAX_DEPTH}"
        ) from error
    except ValueError as error:
        raise FileCorrupt(kind=request.kind) from error
    return Draft(elements, warnings=_warnings(bad_lines))


def _warnings(bad_lines: list[int]) -> tuple[str, ...]:
    if not bad_lines:
        return ()
    shown = ", ".join(map(str, bad_lines[:_LINES_SHOWN]))
    more = len(bad_lines) - _LINES_SHOWN
    lines = "1 line was" if len(bad_lines) == 1 else f"{len(bad_lines):,} lines were"
    return (
        f"{lines} left out (not JSON): line {shown}" + (f" and {more} more" if more > 0 else ""),
    )


def _records(text: str, kind: str, bad_lines: list[int]) -> list[object]:
    if kind == "ndjson":
        return _of_lines(text, bad_lines)
    try:
        parsed = _parse(text)
    except ValueError:
        return _one_after_another(text)
    if isinstance(parsed, list):
        return cast("list[object]", parsed)
    if isinstance(parsed, dict):
        return [{key: value} for key, value in cast("dict[str, object]", parsed).items()]
    return [parsed]


def _of_lines(text: str, bad_lines: list[int]) -> list[object]:
    """A record a line. Raises `ValueError` when no line is one."""
    records: list[object] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(_parse(line))
        except (ValueError, RecursionError):
            bad_lines.append(number)
    if bad_lines and not records:
        raise ValueError
    return records


def _one_after_another(text: str) -> list[object]:
    """Values that follow each other without a list around. Raises `ValueError`."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    records: list[object] = []
    at = _after_space(text, 0)
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        records.append(value)
        at = _after_space(text, at)
    return records


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _parse(text: str) -> object:
    # Numbers stay as they are written; int() would refuse those of more than 4,300 digits.
    return json.loads(text, parse_int=str, parse_float=str)


def _blocks(records: list[object]) -> Iterator[str]:
    """Lines of each record; short records share a block, so that a list of words is one."""
    block: list[str] = []
    chars = 0
    for record in records:
        if block and isinstance(record, dict):
            yield "\n".join(block)
            block, chars = [], 0
        for line in _lines(record, ""):
            if block and chars + len(line) > _BLOCK_CHARS:
                yield "\n".join(block)
                block, chars = [], 0
            block.append(line)
            chars += len(line)
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
