"""Search in the chunk table: by words, by vector, and both blended.

Decides nothing about who may see what; the filter comes from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from doc_pipeline.index.rows import SearchHit
from doc_pipeline.index.tables import clean, named_errors, one_of, quoted

if TYPE_CHECKING:
    import numpy as np

SearchMode = Literal["hybrid", "text", "vector"]

_SHOWN = [
    *("chunk_id", "document_id", "title", "source_key", "section"),
    *("page_start", "page_end", "text"),
]
# An index by IVF_RQ finds 30 % of the neighbours by itself, 99.8 % when it refines 50 times
# the limit; both settings do nothing while there is no vector index.
_PROBES = 20
_REFINE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. `vector` is needed by the modes `hybrid` and `vector`."""

    text: str
    vector: np.ndarray | None
    limit: int
    vector_weight: float
    mode: SearchMode

    @property
    def candidates(self) -> int:
        """Hits taken from each list before blending."""
        return max(50, 4 * self.limit)


@dataclass(slots=True)
class _Candidate:
    row: Mapping[str, Any]
    text_score: float = 0.0
    similarity: float = 0.0


def filter_of(document_ids: Sequence[str] | None, owner: str | None) -> str:
    """Filter for rows that are there, of these documents and this owner."""
    parts = ["NOT deleted"]
    if document_ids is not None:
        parts.append(one_of("document_id", document_ids))
    if owner is not None:
        parts.append(f"owner = {quoted(owner)}")
    return " AND ".join(parts)


def search_table(table: Any, question: Question, where: str) -> list[SearchHit]:
    """The best rows, best first; equal scores in the order of chunk ids."""
    found: dict[str, _Candidate] = {}
    wants_vector = question.mode != "text" and question.vector is not None
    with named_errors():
        if question.mode != "vector":
            _add_text_hits(found, table, question, where, with_vectors=wants_vector)
        if wants_vector:
            _add_vector_hits(found, table, question, where)
    weight = {"text": 0.0, "vector": 1.0}.get(question.mode, question.vector_weight)
    if not wants_vector:
        weight = 0.0
    best_text = max((each.text_score for each in found.values()), default=0.0) or 1.0
    best_similarity = max((each.similarity for each in found.values()), default=0.0) or 1.0
    hits = [
        _hit_of(
            each.row,
            (1 - weight) * each.text_score / best_text + weight * each.similarity / best_similarity,
        )
        for each in found.values()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[: question.limit]


def _add_text_hits(
    found: dict[str, _Candidate], table: Any, question: Question, where: str, *, with_vectors: bool
) -> None:
    from lancedb import query as lance_query

    # MatchQuery takes the words as they are: quotes, brackets and AND have no meaning in it
    # (the type checker does not see the defaults of its pydantic dataclass)
    match: Any = lance_query.MatchQuery
    query = match(clean(question.text), "ranked_text")
    columns = [*_SHOWN, "_score", *(["vector"] if with_vectors else [])]
    rows = (
        table.search(query, query_type="fts")
        .where(where)
        .select(columns)
        .limit(question.candidates)
        .to_arrow()
        .to_pylist()
    )
    for row in cast("list[dict[str, Any]]", rows):
        vector = row.pop("vector", None)
        similarity = _similarity(vector, question.vector) if vector is not None else 0.0
        found[row["chunk_id"]] = _Candidate(row, float(row["_score"]), similarity)


def _add_vector_hits(
    found: dict[str, _Candidate], table: Any, question: Question, where: str
) -> None:
    rows = (
        table.search(question.vector, vector_column_name="vector", query_type="vector")
        .distance_type("cosine")
        .where(where)
        .nprobes(_PROBES)
        .refine_factor(_REFINE)
        .select([*_SHOWN, "_distance"])
        .limit(question.candidates)
        .to_arrow()
        .to_pylist()
    )
    for row in cast("list[dict[str, Any]]", rows):
        candidate = found.setdefault(row["chunk_id"], _Candidate(row))
        candidate.similarity = max(0.0, 1.0 - float(row["_distance"]))


def _similarity(stored: Sequence[float], asked: np.ndarray | None) -> float:
    import numpy as np

    if asked is None:
        return 0.0
    vector = np.asarray(stored, np.float32)
    length = float(np.linalg.norm(vector) * np.linalg.norm(asked))
    return max(0.0, float(vector @ asked) / length) if length else 0.0


def _hit_of(row: Mapping[str, Any], score: float) -> SearchHit:
    return SearchHit(
        chunk_id=row["chunk_id"],
        document_id=row["document_id"],
        title=row["title"] or "",
        source_key=row["source_key"] or "",
        section=row["section"] or "",
        page_start=row["page_start"],
        page_end=row["page_end"],
        score=round(score, 6),
        text=row["text"] or "",
    )
