"""The index of chunks: replace documents in one commit, search, remove, keep vectors.

Runs that work on the same document must be serialised by the caller (the catalog's claim).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from doc_pipeline.domain.errors import EmbeddingInvalid, IndexUnavailable
from doc_pipeline.index import upkeep, vector_cache
from doc_pipeline.index.rows import IndexRow, Replacement, SearchHit
from doc_pipeline.index.search import Question, SearchMode, filter_of, search_table
from doc_pipeline.index.tables import (
    CACHE,
    CHUNKS,
    SCHEMA_VERSION,
    cache_schema,
    check_table,
    chunk_schema,
    clean,
    commit,
    connect,
    named_errors,
    one_of,
)

if TYPE_CHECKING:
    import numpy as np

_DOCUMENTS_PER_QUERY = 1_000


def open_index(
    url: str,
    *,
    model_id: str,
    dimensions: int,
    storage_options: dict[str, str] | None = None,
    create: bool = True,
) -> ChunkIndex:
    """Open the index at a folder or object store URL, or create it.

    Raises `ModelMismatch` or `SchemaNewer` without changing anything, else `IndexUnavailable`.
    """
    database = connect(url, storage_options, create)
    chunks = _open_table(database, CHUNKS)
    cache = _open_table(database, CACHE)
    for table in (chunks, cache):
        if table is not None:
            check_table(table, model_id, dimensions)
    if not create and (chunks is None or cache is None):
        raise IndexUnavailable
    if chunks is None:
        chunks = _create_table(database, CHUNKS, chunk_schema(model_id, dimensions))
        check_table(chunks, model_id, dimensions)
    if cache is None:
        cache = _create_table(database, CACHE, cache_schema(model_id, dimensions))
        check_table(cache, model_id, dimensions)
    if create:
        upkeep.create_text_indexes(chunks)
    return ChunkIndex(chunks, cache, model_id=model_id, dimensions=dimensions)


def _open_table(database: Any, name: str) -> Any | None:
    with named_errors():
        try:
            return database.open_table(name)
        except (ValueError, FileNotFoundError) as error:
            if "not found" in str(error).lower():
                return None
            raise


def _create_table(database: Any, name: str, schema: Any) -> Any:
    with named_errors():
        try:
            return database.create_table(name, schema=schema)
        except (OSError, RuntimeError, ValueError) as error:
            # another process created it between our look and now
            if "already exists" not in str(error).lower():
                raise
        return database.open_table(name)


class ChunkIndex:
    """The chunks and the cached vectors of one model. Safe to share between threads."""

    def __init__(self, chunks: Any, cache: Any, *, model_id: str, dimensions: int) -> None:
        self.model_id = model_id
        self.dimensions = dimensions
        self._chunks = chunks
        self._cache = cache

    # -- writing ---------------------------------------------------------------------------

    def plan_replacement(self, documents: Mapping[str, Sequence[IndexRow]]) -> Replacement:
        """Compare the rows that these documents shall have with those that are there."""
        known = self._known_rows(list(documents))
        changed: list[IndexRow] = []
        unchanged = 0
        wanted: dict[str, IndexRow] = {}
        for rows in documents.values():
            for row in rows:
                # twins inside one commit would both be inserted, silently
                wanted.setdefault(row.chunk_id, row)
        for chunk_id, row in wanted.items():
            if known.get(chunk_id, ("", ""))[1] == row.row_hash:
                unchanged += 1
            else:
                changed.append(row)
        vanished = [(known[chunk_id][0], chunk_id) for chunk_id in known if chunk_id not in wanted]
        return Replacement(changed, vanished, unchanged)

    def commit_replacement(self, plan: Replacement, vectors: np.ndarray) -> int:
        """Write changed rows and tombstones in one commit, none when there is nothing to write.

        `vectors` are those of `plan.changed`, in its order. Returns the table's version.
        """
        self._check_vectors(vectors, len(plan.changed))
        if plan.changed or plan.vanished:
            rows = self._arrow_rows(plan, vectors)
            commit(lambda: self._merge(rows))
        return self.version

    def remove_documents(self, document_ids: Sequence[str]) -> int:
        """Take all rows of these documents out, in one commit; how many they were.

        Rows are deleted, not given tombstones: nothing has to be written beside in this commit.
        """
        removed = 0
        for ids in _portions(sorted(set(document_ids))):
            where = filter_of(ids, None)
            removed += (found := self.count_rows(ids))
            if found:
                commit(lambda where=where: self._chunks.delete(where))
        return removed

    # -- reading ---------------------------------------------------------------------------

    def search(
        self,
        text: str,
        vector: np.ndarray | None,
        *,
        limit: int = 10,
        vector_weight: float,
        document_ids: Sequence[str] | None = None,
        owner: str | None = None,
        mode: SearchMode = "hybrid",
    ) -> list[SearchHit]:
        """The best chunks, best first.

        `hybrid` blends both scores, each scaled by its best: rank fusion with a weak embedder is
        worse than words alone, this is not. Without a vector, words alone decide.
        """
        question = Question(text, vector, limit, vector_weight, mode)
        return search_table(self._chunks, question, filter_of(document_ids, owner))

    def count_rows(self, document_ids: Sequence[str] | None = None) -> int:
        """Chunks that are there, of all or of these documents."""
        with named_errors():
            return int(self._chunks.count_rows(filter_of(document_ids, None)))

    def rows_arrow(self, columns: Sequence[str], where: str | None = None) -> Any:
        """Chosen columns of the chunks that are there, as an Arrow table, for analysts."""
        condition = f"NOT deleted AND ({where})" if where else "NOT deleted"
        with named_errors():
            return self._chunks.search().where(condition).select(list(columns)).to_arrow()

    @property
    def version(self) -> int:
        """Number of the chunk table's newest commit."""
        with named_errors():
            return int(self._chunks.version)

    # -- the vector cache ------------------------------------------------------------------

    def lookup_vectors(self, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The cached vectors that are there, by key."""
        return vector_cache.lookup_vectors(self._cache, keys)

    def store_vectors(self, model_id: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep vectors for later documents."""
        vector_cache.store_vectors(self._cache, model_id, self.dimensions, vectors)

    # -- upkeep ----------------------------------------------------------------------------

    def health(self) -> dict[str, int | str]:
        """Figures on size and debt of both tables."""
        with named_errors():
            return {
                "model_id": self.model_id,
                "dimensions": self.dimensions,
                "schema_version": SCHEMA_VERSION,
                "table_version": int(self._chunks.version),
                "rows": self.count_rows(),
                "tombstones": int(self._chunks.count_rows("deleted")),
                "small_fragments": upkeep.small_fragments(self._chunks),
                "unindexed_rows": upkeep.unindexed_rows(self._chunks),
                "size_bytes": int(self._chunks.stats()["total_bytes"]),
                "cached_vectors": int(self._cache.count_rows()),
                "cache_small_fragments": upkeep.small_fragments(self._cache),
            }

    def upkeep(self, limits: upkeep.UpkeepLimits | None = None) -> dict[str, int]:
        """Do what is due; figures of what was done. One process at a time, beside writers."""
        limits = limits or upkeep.UpkeepLimits()
        return {
            **upkeep.tend_chunks(self._chunks, limits),
            **upkeep.tend_cache(self._cache, limits),
        }

    # -- inside ----------------------------------------------------------------------------

    def _known_rows(self, document_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        known: dict[str, tuple[str, str]] = {}
        for ids in _portions(document_ids):
            rows = self.rows_arrow(
                ["chunk_id", "document_id", "row_hash"], one_of("document_id", ids)
            )
            for row in rows.to_pylist():
                known[row["chunk_id"]] = (row["document_id"], row["row_hash"])
        return known

    def _check_vectors(self, vectors: np.ndarray, rows: int) -> None:
        import numpy as np

        problem = None
        if len(vectors) != rows or (rows and vectors.shape[1:] != (self.dimensions,)):
            problem = "wrong number or size of vectors"
        elif not np.isfinite(vectors).all():
            problem = "not a number"
        elif rows and not vectors.any(axis=1).all():
            problem = "zero vector"
        if problem:
            raise EmbeddingInvalid(model=self.model_id, problem=problem)

    def _merge(self, rows: Any) -> None:
        merge = self._chunks.merge_insert("chunk_id").when_matched_update_all()
        # use_index(False): a scalar index would hide rows of racing writers, see tables.py.
        # "null" lets tombstones pass; real vectors were checked before.
        merge.when_not_matched_insert_all().use_index(False).execute(rows, on_bad_vectors="null")

    def _arrow_rows(self, plan: Replacement, vectors: np.ndarray) -> Any:
        import numpy as np
        import pyarrow as pa

        schema = chunk_schema(self.model_id, self.dimensions)
        absent = [True] * len(plan.vanished)
        flat = np.zeros((len(plan.changed) + len(absent), self.dimensions), np.float32)
        flat[: len(plan.changed)] = vectors
        mask = pa.array([False] * len(plan.changed) + absent)
        tombstones = [
            {"chunk_id": chunk_id, "document_id": document_id}
            for document_id, chunk_id in plan.vanished
        ]
        rows = [_row_values(row) for row in plan.changed] + tombstones
        columns = {
            name: pa.array([row.get(name) for row in rows], schema.field(name).type)
            for name in schema.names
            if name not in {"deleted", "vector"}
        }
        columns["deleted"] = mask
        columns["vector"] = pa.FixedSizeListArray.from_arrays(
            pa.array(flat.reshape(-1)), self.dimensions, mask=mask
        )
        return pa.table([columns[name] for name in schema.names], schema=schema)


def _row_values(row: IndexRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in row.__slots__ if name != "embedded_text"}
    values = {k: clean(v) if isinstance(v, str) else v for k, v in values.items()}
    return {**values, "row_hash": row.row_hash}


def _portions(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[i : i + _DOCUMENTS_PER_QUERY] for i in range(0, len(ids), _DOCUMENTS_PER_QUERY)]
