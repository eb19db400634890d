"""The table `embedding_cache`: vectors by content, kept across documents, renames and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from doc_pipeline.index.tables import cache_schema, commit, named_errors, one_of

if TYPE_CHECKING:
    import numpy as np

# one IN list of 10,000 keys on a million rows: 0.4 CPU-s; single look-ups 6 ms each
_KEYS_PER_QUERY = 10_000


def lookup_vectors(table: Any, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """The vectors that are there, by key."""
    import numpy as np

    found: dict[str, np.ndarray] = {}
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        batch = keys[start : start + _KEYS_PER_QUERY]
        with named_errors():
            rows = table.search().where(one_of("key", batch)).select(["key", "vector"]).to_arrow()
        column = rows.column("vector").combine_chunks()
        flat = np.asarray(column.flatten(), np.float32)
        names = rows.column("key").to_pylist()
        found.update(zip(names, flat.reshape(len(names), column.type.list_size), strict=True))
    return found


def store_vectors(
    table: Any, model_id: str, dimensions: int, vectors: Mapping[str, np.ndarray]
) -> None:
    """Append the vectors. An append never conflicts; a key stored twice does no harm."""
    if not vectors:
        return
    import numpy as np
    import pyarrow as pa

    flat = np.concatenate([np.asarray(vector, np.float32) for vector in vectors.values()])
    rows = pa.table(
        [
            pa.array(list(vectors), pa.string()),
            pa.array([model_id] * len(vectors), pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(flat), dimensions),
        ],
        schema=cache_schema(model_id, dimensions),
    )
    commit(lambda: table.add(rows))
