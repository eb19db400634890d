"""JSON as lines people can search."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import FileCorrupt, OverLimit, PipelineError
from doc_pipeline.extraction.records import extract_json
from doc_pipeline.extraction.registry import extract_file
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


def test_a_bad_line_costs_that_line(tmp_path: Path) -> None:
    text = '{"a": 1}\n{"a": \n\nnot json\n{"a": 2}\n' + "[" * 200_000 + "\n"
    (tmp_path / "raw").write_text(text)
    draft = extract_json(tmp_path / "raw", ExtractRequest("ndjson", "a.ndjson"))
    assert [element.text for element in draft.elements] == ["a: 1", "a: 2"]
    assert draft.warnings == ("3 lines were left out (not JSON): line 2, 4, 6",)


def test_no_good_line_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(FileCorrupt):
        _blocks(tmp_path / "raw", "one\ntwo\n", "ndjson")


def test_values_one_after_another(tmp_path: Path) -> None:
    assert _blocks(tmp_path / "raw", '{"a": 1}\n{"a":\n 2}\n"x"') == ["a: 1", "a: 2\nx"]


def test_a_record_of_many_lines_is_cut_into_blocks(tmp_path: Path) -> None:
    blocks = _blocks(tmp_path / "raw", json.dumps([{"words": ["rope"] * 5000}]))
    assert all(len(block) < 5000 for block in blocks)
    assert "\n".join(blocks).count("rope") == 5000


def test_broken_json_is_read_as_plain_text(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text('{"harbour": "The bridge is closed until Monday')
    found = extract_file(tmp_path / "raw", ExtractRequest("json", "a.json"))
    assert "The bridge is closed" in found.text
    assert found.fallback is not None


def test_damaged_json_gives_text_or_a_typed_error(tmp_path: Path) -> None:
    whole = json.dumps([{"name": "Größe", "list": [1, 2.5, {"x": None}]}] * 5, ensure_ascii=False)
    source = random.Random(4)
    for kind in ("json", "ndjson"):
        for number in range(30):
            data = bytearray(whole.encode())
            for _ in range(source.randint(1, 10)):
                data[source.randrange(len(data))] = source.randrange(256)
            (tmp_path / "raw").write_bytes(bytes(data))
            try:
                extract_file(tmp_path / "raw", ExtractRequest(kind, "a.json"))
            except PipelineError as error:
                assert error.code != "EXTRACTION_FAILED", (number, error.fields)
