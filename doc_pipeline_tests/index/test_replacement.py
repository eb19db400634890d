"""Replacing documents: exactly one commit, only what changed, nothing stale, nothing twice."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest

from doc_pipeline.domain.errors import EmbeddingInvalid
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline_tests.index.conftest import (
    DIMENSIONS,
    EMBEDDER,
    find,
    open_test_index,
    put,
    rows_of,
)


def test_one_commit_for_many_documents_with_new_changed_and_vanished_rows(
    index: ChunkIndex,
) -> None:
    """A reader never sees half of a replacement, so the version may rise by one only."""
    put(index, rows_of("a", ["one", "two", "three"]), rows_of("b", ["four"]))
    before = index.version
    after = put(index, rows_of("a", ["one", "new"]), rows_of("c", ["five"]), rows_of("b", ["four"]))
    assert after == before + 1
    assert index.count_rows() == 5 - 1
    assert index.count_rows(["a"]) == 2
    assert sorted(find(index, "one new five four")) == ["five", "four", "new", "one"]


def test_unchanged_documents_make_no_commit(index: ChunkIndex) -> None:
    version = put(index, rows_of("a", ["one", "two"]))
    plan = index.plan_replacement({"a": rows_of("a", ["one", "two"])})
    assert (plan.changed, plan.vanished, plan.unchanged) == ([], [], 2)
    assert put(index, rows_of("a", ["one", "two"])) == version


def test_an_edit_changes_only_its_row(index: ChunkIndex) -> None:
    put(index, rows_of("a", ["one", "two", "three"]))
    plan = index.plan_replacement({"a": rows_of("a", ["one", "TWO!", "three"])})
    assert [row.text for row in plan.changed] == ["TWO!"]
    assert len(plan.vanished) == 1
    assert plan.unchanged == 2


def test_facts_beside_the_text_are_written_too(index: ChunkIndex) -> None:
    """A new owner changes no text, but who finds it."""
    put(index, rows_of("a", ["one"], owner="ann"))
    put(index, rows_of("a", ["one"], owner="bob"))
    assert find(index, "one", owner="ann") == []
    assert find(index, "one", owner="bob") == ["one"]


def test_tombstones_are_invisible_everywhere(index: ChunkIndex) -> None:
    put(index, rows_of("a", ["walrus", "cat"]))
    put(index, rows_of("a", ["cat"]))
    assert index.health()["tombstones"] == 1
    assert index.count_rows() == index.count_rows(["a"]) == 1
    assert index.rows_arrow(["text"]).to_pylist() == [{"text": "cat"}]
    assert index.rows_arrow(["text"], "deleted OR true").num_rows == 1
    for mode in ("text", "vector", "hybrid"):
        assert "walrus" not in find(index, "walrus", mode)


def test_a_tombstone_holds_no_content(index: ChunkIndex) -> None:
    put(index, rows_of("a", ["secret", "cat"]))
    put(index, rows_of("a", ["cat"]))
    rows = index._chunks.search().where("deleted").to_arrow().to_pylist()
    assert [row["document_id"] for row in rows] == ["a"]
    kept = {name for name, value in rows[0].items() if value is not None}
    assert kept == {"chunk_id", "document_id", "deleted"}


def test_a_row_that_comes_back_is_found_again(index: ChunkIndex) -> None:
    put(index, rows_of("a", ["walrus", "cat"]))
    put(index, rows_of("a", ["cat"]))
    put(index, rows_of("a", ["walrus", "cat"]))
    assert find(index, "walrus", "text") == ["walrus"]
    assert index.count_rows() == 2


def test_an_emptied_document_loses_all_rows_in_one_commit(index: ChunkIndex) -> None:
    version = put(index, rows_of("a", ["one", "two"]))
    plan = index.plan_replacement({"a": []})
    after = index.commit_replacement(plan, np.zeros((0, DIMENSIONS), np.float32))
    assert after == version + 1
    assert index.count_rows() == 0


def test_removed_documents_are_gone_in_one_commit(index: ChunkIndex) -> None:
    version = put(index, rows_of("a", ["one", "two"]), rows_of("b", ["three"]))
    assert index.remove_documents(["a", "never-seen"]) == 2
    assert index.version == version + 1
    assert index.remove_documents(["a"]) == 0
    assert index.remove_documents([]) == 0
    assert index.version == version + 1
    assert find(index, "one two three") == ["three"]
    put(index, rows_of("a", ["one", "two"]))
    assert index.count_rows() == 3


@pytest.mark.parametrize(
    "name", ["it's", 'say "hi"', "a''b", "') OR true --", "ключ", "a\\b", "%_"]
)
def test_ids_and_owners_with_quotes_mean_only_themselves(index: ChunkIndex, name: str) -> None:
    """Filters are text: a quote in a value must not end it, nor become a column's name."""
    put(index, rows_of(name, ["one"], owner=name), rows_of("other", ["one two"], owner="other"))
    assert index.count_rows([name]) == 1
    assert find(index, "one", owner=name) == ["one"]
    assert find(index, "one", document_ids=[name]) == ["one"]
    assert index.plan_replacement({name: rows_of(name, ["one"], owner=name)}).unchanged == 1
    assert index.remove_documents([name]) == 1
    assert index.count_rows() == 1


def test_twins_inside_one_commit_are_written_once(index: ChunkIndex) -> None:
    """LanceDB inserts both, silently, with or without a primary key."""
    rows = rows_of("a", ["one"])
    put(index, [*rows, *rows])
    assert index.count_rows() == 1


def test_a_stale_handle_writes_no_duplicates(tmp_path: Path) -> None:
    """Another process wrote the rows after this handle planned to."""
    first, second = open_test_index(tmp_path), open_test_index(tmp_path)
    rows = rows_of("a", ["one", "two"])
    plan = first.plan_replacement({"a": rows})
    put(second, rows)
    first.commit_replacement(plan, EMBEDDER.embed_documents(["one", "two"]))
    assert first.count_rows() == second.count_rows() == 2


def test_odd_characters_are_stored(index: ChunkIndex) -> None:
    """A lone surrogate is no text for Arrow; it must not cost the document."""
    put(index, rows_of("a", ["lone \ud800 surrogate", "nul \0 byte", "emoji 👩‍👩‍👧"]))
    assert index.count_rows() == 3


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((1, DIMENSIONS), np.float32) + np.nan,
        np.ones((2, DIMENSIONS), np.float32),
        np.ones((1, DIMENSIONS + 1), np.float32),
        np.zeros((1, DIMENSIONS), np.float32),
    ],
    ids=["nan", "too many", "wrong size", "zero"],
)
def test_unusable_vectors_are_refused_and_nothing_is_written(
    index: ChunkIndex, vectors: np.ndarray
) -> None:
    """`on_bad_vectors="null"`, which tombstones need, would hide them."""
    plan = index.plan_replacement({"a": rows_of("a", ["one"])})
    version = index.version
    with pytest.raises(EmbeddingInvalid):
        index.commit_replacement(plan, vectors)
    assert index.version == version


def test_row_hash_changes_with_every_field() -> None:
    row = rows_of("a", ["one"])[0]
    others = {
        field.name: dataclasses.replace(
            row, **{field.name: 7 if isinstance(getattr(row, field.name), int) else "other"}
        ).row_hash
        for field in dataclasses.fields(row)
    }
    assert row.row_hash not in others.values()
    assert len(set(others.values())) == len(others)


def _insert_at_the_same_moment(folder: str, worker: int, barrier: Barrier) -> None:
    index = open_test_index(Path(folder))
    for turn in range(8):
        documents = [
            rows_of(f"{turn}-{i}", ["always", f"line {i}"], metadata_json=f"{worker}")
            for i in range(10)
        ]
        plan = index.plan_replacement({rows[0].document_id: rows for rows in documents})
        vectors = EMBEDDER.embed_documents([row.embedded_text for row in plan.changed])
        barrier.wait(60)
        index.commit_replacement(plan, vectors)


@pytest.fixture
def spawned() -> Iterator[list[multiprocessing.Process]]:
    processes: list[multiprocessing.Process] = []
    yield processes
    for process in processes:
        process.kill()


@pytest.mark.heavy
def test_four_processes_on_the_same_documents_write_no_duplicates(
    tmp_path: Path, spawned: list[multiprocessing.Process]
) -> None:
    """All four hold the same new rows when they commit; the first opening races too."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    for worker in range(4):
        process = context.Process(
            target=_insert_at_the_same_moment, args=(str(tmp_path), worker, barrier)
        )
        process.start()
        spawned.append(process)
    for process in spawned:
        process.join()
    assert [process.exitcode for process in spawned] == [0, 0, 0, 0]
    index = open_test_index(tmp_path)
    ids = index.rows_arrow(["chunk_id"]).column("chunk_id").to_pylist()
    assert len(ids) == len(set(ids)) == 160
    assert len(find(index, "always", "text", limit=100)) == 80
    assert len(index._chunks.list_indices()) == 2
