"""JSON as lines people can search."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileCorrupt, OverLimit
from doc_pipeline.extraction.records import extract_json
from doc_pipeline.extraction.request import ExtractRequest


def _blocks(path: Path, text: str, kind: str = "json") -> list[str]:
    path.write_text(text, encoding="utf-8")
    return [e.text for e in extract_json(path, ExtractRequest(kind, "a.json")).elements]


def test_records_are_blocks_and_paths_are_names(tmp_path: Path) -> None:
    records = [
        {"name": "Rope", "size": {"length": 10.50, "units": ["m", "ft"]}, "sold": True},
        {"name": "Anchor", "note": None, "empty": ""},
    ]
    assert _blocks(tmp_path / "raw", json.dumps(records)) == [
        "name: Rope\nsize.length: 10.5\nsize.units: m\nsize.units: ft\nsold: true",
        "name: Anchor",
    ]


def test_lines_of_records(tmp_path: Path) -> None:
    assert _blocks(tmp_path / "raw", '{"a": 1}\n\n{"a": 2}\n', "ndjson") == ["a: 1", "a: 2"]


def test_object_and_list_of_words(tmp_path: Path) -> None:
    assert _blocks(tmp_path / "raw", '{"a": "x", "b": {"c": "y"}}') == ["a: x", "b.c: y"]
    assert _blocks(tmp_path / "raw", '["x", "y", 3]') == ["x\ny\n3"]


def test_numbers_stay_as_written(tmp_path: Path) -> None:
    number = "9" * 5000
    assert _blocks(tmp_path / "raw", f'{{"n": {number}}}') == [f"n: {number}"]


@pytest.mark.parametrize("depth", [150, 200_000])
def test_deep_nesting_is_over_the_limit(tmp_path: Path, depth: int) -> None:
    with pytest.raises(OverLimit):
        _blocks(tmp_path / "raw", "[" * depth + '"x"' + "]" * depth)


def test_broken_json_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(FileCorrupt):
        _blocks(tmp_path / "raw", '{"a": ')
