"""Upkeep: results stay the same, beside writers too; and the vector cache."""

from __future__ import annotations

import threading

import numpy as np

from doc_pipeline.domain.identity import embedding_key_of
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.index.upkeep import UpkeepLimits
from doc_pipeline_tests.index.conftest import DIMENSIONS, EMBEDDER, MODEL, find, put, rows_of

ALL_DUE = UpkeepLimits(
    small_fragments=1, unindexed_rows=1, tombstones=1, vector_index_rows=10**9, cache_index_rows=1
)


def test_nothing_is_done_while_there_is_little_debt(index: ChunkIndex) -> None:
    version = put(index, rows_of("a", ["one"]))
    assert set(index.upkeep().values()) == {0}
    assert index.version == version


def test_tombstones_are_swept_and_files_joined(index: ChunkIndex) -> None:
    for i in range(5):
        put(index, rows_of(f"d{i}", ["keep", "drop"]))
    put(index, *[rows_of(f"d{i}", ["keep"]) for i in range(5)])
    done = index.upkeep(ALL_DUE)
    assert done["tombstones_swept"] == 5
    health = index.health()
    assert (health["rows"], health["tombstones"], health["unindexed_rows"]) == (5, 0, 0)
    assert health["small_fragments"] == 1
    assert find(index, "keep", "text", limit=100) == ["keep"] * 5


def test_old_versions_stay_for_readers(index: ChunkIndex) -> None:
    """Cleaning at once made 25 of 75 writers fail; a day is longer than any run."""
    for i in range(3):
        put(index, rows_of(f"d{i}", ["word"]))
    before = len(index._chunks.list_versions())
    index.upkeep(ALL_DUE)
    assert len(index._chunks.list_versions()) > before


def test_the_cache_gives_back_exact_vectors(index: ChunkIndex) -> None:
    texts = [f"text {i}" for i in range(300)]
    keys = [embedding_key_of(MODEL, DIMENSIONS, text) for text in texts]
    vectors = EMBEDDER.embed_documents(texts)
    index.store_vectors(MODEL, dict(zip(keys, vectors, strict=True)))
    index.store_vectors(MODEL, dict(zip(keys[:10], vectors, strict=False)))
    for _ in range(2):
        found = index.lookup_vectors([*keys, "0" * 64])
        assert set(found) == set(keys)
        assert all(np.array_equal(found[key], vectors[i]) for i, key in enumerate(keys))
        assert index.upkeep(ALL_DUE)["cache_optimized"] in {0, 1}


def test_looking_up_nothing_and_storing_nothing(index: ChunkIndex) -> None:
    assert index.lookup_vectors([]) == {}
    assert index.lookup_vectors(["0" * 64]) == {}
    index.store_vectors(MODEL, {})
    assert index.health()["cached_vectors"] == 0


def test_upkeep_beside_writers_loses_nothing(index: ChunkIndex) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def keep_up() -> None:
        while not stop.is_set():
            try:
                index.upkeep(ALL_DUE)
            except BaseException as error:  # noqa: BLE001 - any failure fails the test
                failures.append(error)
                return

    thread = threading.Thread(target=keep_up)
    thread.start()
    try:
        for turn in range(15):
            put(index, *[rows_of(f"d{i}", ["always", f"turn {turn} {i}"]) for i in range(5)])
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert index.count_rows() == 10
    assert len(find(index, "always", "text", limit=50)) == 5


def test_the_vector_index_finds_the_nearest(index: ChunkIndex) -> None:
    """Built from a number of rows on; tombstones have no vector and must not break it."""
    texts = [f"passage {i} about item{i}" for i in range(1500)]
    put(index, rows_of("a", texts))
    put(index, rows_of("a", texts[:-5]))
    done = index.upkeep(UpkeepLimits(tombstones=10**9, vector_index_rows=1000))
    assert done["vector_index_built"] == 1
    hits = 0
    for i in range(0, 1400, 100):
        hits += find(index, texts[i], "vector")[0] == texts[i]
    assert hits >= 13
    assert find(index, "item1499", "text") == []
    assert len(find(index, "passage", "vector", limit=200)) == 200
