"""Embedder, cache and index together: a rename costs nothing, an edit costs the edited passage."""

from __future__ import annotations

from doc_pipeline.embedding.cached import EmbedOutcome, embed_with_cache
from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.index.rows import IndexRow
from doc_pipeline_tests.index.conftest import EMBEDDER, find, rows_of

TEXTS = [f"passage {i} about item{i}" for i in range(20)]


def process(index: ChunkIndex, rows: list[IndexRow]) -> EmbedOutcome:
    plan = index.plan_replacement({rows[0].document_id: rows})
    outcome = embed_with_cache([row.embedded_text for row in plan.changed], EMBEDDER, index)
    index.commit_replacement(plan, outcome.vectors)
    return outcome


def test_rename_edit_and_second_pass(index: ChunkIndex) -> None:
    assert process(index, rows_of("old-name", TEXTS)).computed == 20
    assert process(index, rows_of("old-name", TEXTS)).computed == 0

    renamed = process(index, rows_of("new-name", TEXTS))
    assert (renamed.computed, renamed.reused) == (0, 20)
    index.remove_documents(["old-name"])

    edited = [*TEXTS[:5], "a walrus instead", *TEXTS[6:]]
    second_version = process(index, rows_of("new-name", edited, version=2))
    assert (second_version.computed, second_version.reused) == (1, 19)
    assert index.count_rows() == 20
    assert find(index, "walrus", "text") == ["a walrus instead"]
    assert find(index, "item5", "text") == []
    versions = index.rows_arrow(["version"]).column("version").to_pylist()
    assert set(versions) == {2}


def test_vectors_outlive_upkeep_and_removal(index: ChunkIndex) -> None:
    """An upload that was deleted and comes back costs nothing."""
    process(index, rows_of("a", TEXTS))
    index.remove_documents(["a"])
    index.upkeep()
    assert process(index, rows_of("a", TEXTS)).computed == 0
