"""Runs asked for a batch: a range where documents stand side by side, else a list of keys."""

from __future__ import annotations

import pytest

from doc_pipeline.defs.jobs import keys_config, removal_config
from doc_pipeline.defs.requests import (
    RANGE_END,
    RANGE_START,
    contiguous_range,
    process_request,
    removal_request,
)

REGISTERED = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["a", "b", "c", "d", "e"], ("a", "e")),
        (["b", "c"], ("b", "c")),
        (["e"], ("e", "e")),
        (["a", "c"], None),
        (["c", "b"], None),
        (["b", "c", "x"], None),
        (["d", "e", "x"], None),
        (["x"], None),
        (["b", "b"], None),
        ([], None),
    ],
)
def test_contiguous_range(keys: list[str], expected: tuple[str, str] | None) -> None:
    assert contiguous_range(keys, REGISTERED) == expected


def test_side_by_side_makes_a_range() -> None:
    request = process_request(["b", "c", "d"], REGISTERED, run_key="batch-1", tags={"mine": "yes"})
    assert request.job_name == "process_documents"
    assert request.run_key == "batch-1"
    assert request.run_config == {}
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("b", "d")
    assert request.tags["doc_pipeline/documents"] == "3"
    assert request.tags["mine"] == "yes"


@pytest.mark.parametrize("keys", [["a", "c"], ["d", "b"], ["a", "unknown"]])
def test_anything_else_makes_a_list(keys: list[str]) -> None:
    """A reversed range would run no document and report success."""
    request = process_request(keys, REGISTERED, run_key="batch-1")
    assert request.run_config == keys_config(keys)
    assert RANGE_START not in request.tags
    assert RANGE_END not in request.tags
    assert request.tags["doc_pipeline/documents"] == "2"


def test_a_removal_is_asked_for_once_in_a_period() -> None:
    first = removal_request(["x", "y"], 7)
    assert first.job_name == "remove_deleted_documents"
    assert first.run_config == removal_config(["x", "y"])
    assert removal_request(["y", "x"], 7).run_key == first.run_key
    assert removal_request(["x", "y"], 8).run_key != first.run_key
    assert removal_request(["x"], 7).run_key != first.run_key
