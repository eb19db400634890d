"""Upkeep of the tables: small files joined, tombstones swept, indexes brought up to date.

For one scheduled job; never needed for results to be right, only for them to stay fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from doc_pipeline.index.tables import commit, named_errors

KEEP_VERSIONS = timedelta(days=1)
"""Longer than any run: removing files that a writer still reads makes the writer fail."""


@dataclass(frozen=True, slots=True)
class UpkeepLimits:
    """Debts that are left alone up to here. An optimize rewrites all small files."""

    small_fragments: int = 50
    unindexed_rows: int = 5_000
    tombstones: int = 1_000
    vector_index_rows: int = 50_000
    cache_index_rows: int = 20_000


def create_text_indexes(table: Any) -> None:
    """Create the indexes on words and on document ids, when they are missing.

    `icu/split` finds words of scripts without spaces and the parts of `report_2024.pdf`; rows
    committed later are found as well, by reading them until the next optimize.
    """
    from lancedb.index import FTS, BTree

    with named_errors():
        there = indexed_columns(table)
    if "ranked_text" not in there:
        config = FTS(base_tokenizer="icu/split", stem=True, remove_stop_words=False)
        commit(lambda: table.create_index("ranked_text", config=config))
    if "document_id" not in there:
        commit(lambda: table.create_index("document_id", config=BTree()))


def indexed_columns(table: Any) -> set[str]:
    """Columns that have an index."""
    return {column for index in table.list_indices() for column in index.columns}


def tend_chunks(table: Any, limits: UpkeepLimits) -> dict[str, int]:
    """Do what is due on the chunk table; figures of what was done."""
    from lancedb.index import IvfRq

    done = {"tombstones_swept": 0, "vector_index_built": 0}
    with named_errors():
        tombstones = int(table.count_rows("deleted"))
        rows = int(table.count_rows())
    if tombstones >= limits.tombstones:
        commit(lambda: table.delete("deleted"))
        done["tombstones_swept"] = tombstones
    if rows - tombstones >= limits.vector_index_rows and "vector" not in indexed_columns(table):
        commit(lambda: table.create_index("vector", config=IvfRq(distance_type="cosine")))
        done["vector_index_built"] = 1
    return {**done, "chunks_optimized": _optimize_on_debt(table, limits)}


def tend_cache(table: Any, limits: UpkeepLimits) -> dict[str, int]:
    """Do what is due on the vector cache; figures of what was done."""
    from lancedb.index import BTree

    built = 0
    with named_errors():
        is_due = table.count_rows() >= limits.cache_index_rows and not indexed_columns(table)
    if is_due:
        commit(lambda: table.create_index("key", config=BTree()))
        built = 1
    return {"cache_index_built": built, "cache_optimized": _optimize_on_debt(table, limits)}


def unindexed_rows(table: Any) -> int:
    """Rows that the index furthest behind does not know yet."""
    stats = [table.index_stats(index.name) for index in table.list_indices()]
    return max((int(each.num_unindexed_rows) for each in stats if each), default=0)


def small_fragments(table: Any) -> int:
    """Files that an optimize would join."""
    return int(table.stats()["fragment_stats"]["num_small_fragments"])


def _optimize_on_debt(table: Any, limits: UpkeepLimits) -> int:
    with named_errors():
        is_due = (
            small_fragments(table) >= limits.small_fragments
            or unindexed_rows(table) >= limits.unindexed_rows
        )
    if is_due:
        commit(lambda: table.optimize(cleanup_older_than=KEEP_VERSIONS))
    return int(is_due)
