"""The cache in front of an embedder: a text that was ever embedded costs nothing again.

Does not know where vectors are kept.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from doc_pipeline.domain.errors import EmbeddingInvalid, InputTooLong, PipelineError
from doc_pipeline.domain.identity import embedding_key_of

if TYPE_CHECKING:
    import numpy as np

    from doc_pipeline.embedding.embedder import Embedder

STORE_AFTER_VECTORS = 1024
STORE_AFTER_S = 10.0
"""A killed process loses at most this many vectors, or this many seconds of paid work."""


class VectorCache(Protocol):
    """Keeps vectors by the key of `domain.identity.embedding_key_of`."""

    def lookup_vectors(self, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors that are there."""
        ...

    def store_vectors(self, model_id: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep these vectors of a model; storing one twice does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class EmbedOutcome:
    """Vectors in the order of the texts, and what they cost.

    `computed` counts distinct texts that the embedder saw; `computed_flags` marks, text by text,
    the first place of each of them. All other texts are `reused`.
    """

    vectors: np.ndarray
    computed: int
    reused: int
    tokens: int
    requests: int
    computed_flags: tuple[bool, ...]


def embed_with_cache(texts: Sequence[str], embedder: Embedder, cache: VectorCache) -> EmbedOutcome:
    """Vectors of the texts, embedding only what neither the cache nor an equal text brings.

    What the embedder has done is stored also when it fails in the middle. `InputTooLong` then
    names the places of the texts in its field `positions`.
    """
    import numpy as np

    keys = [embedding_key_of(embedder.model_id, embedder.dimensions, text) for text in texts]
    first_place: dict[str, int] = {}
    for place, key in enumerate(keys):
        first_place.setdefault(key, place)
    vectors = np.zeros((len(texts), embedder.dimensions), np.float32)
    found = {
        key: vector
        for key, vector in (cache.lookup_vectors(list(first_place)) if keys else {}).items()
        if _problem_of(vector[None, :], 1, embedder.dimensions) is None
    }
    missing = [place for key, place in first_place.items() if key not in found]
    tokens, requests = embedder.tokens_used, embedder.requests_made
    try:
        found.update(
            _embed_missing({keys[place]: texts[place] for place in missing}, embedder, cache)
        )
    except InputTooLong as error:
        _name_places(error, keys, [keys[place] for place in missing])
        raise
    for place, key in enumerate(keys):
        vectors[place] = found[key]
    computed = set(missing)
    return EmbedOutcome(
        vectors=vectors,
        computed=len(missing),
        reused=len(texts) - len(missing),
        tokens=embedder.tokens_used - tokens,
        requests=embedder.requests_made - requests,
        computed_flags=tuple(place in computed for place in range(len(texts))),
    )


def _name_places(error: InputTooLong, keys: Sequence[str], missing: Sequence[str]) -> None:
    """Turn the positions among the missing texts into positions among all texts."""
    positions = cast("Sequence[int]", error.fields.get("positions", ()))
    too_long = {missing[position] for position in positions}
    error.fields["positions"] = tuple(i for i, key in enumerate(keys) if key in too_long)


class _Store:
    """Gathers vectors and hands them to the cache in portions."""

    def __init__(self, model_id: str, cache: VectorCache) -> None:
        self._model_id = model_id
        self._cache = cache
        self._waiting: dict[str, np.ndarray] = {}
        self._stored_at = time.monotonic()

    def add(self, keys: Sequence[str], vectors: np.ndarray) -> None:
        self._waiting.update(zip(keys, vectors, strict=True))
        age = time.monotonic() - self._stored_at
        if len(self._waiting) >= STORE_AFTER_VECTORS or age >= STORE_AFTER_S:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if waiting:
            self._cache.store_vectors(self._model_id, waiting)
        self._stored_at = time.monotonic()


def _embed_missing(
    texts: Mapping[str, str], embedder: Embedder, cache: VectorCache
) -> dict[str, np.ndarray]:
    if not texts:
        return {}
    keys = list(texts)
    computed: dict[str, np.ndarray] = {}
    store = _Store(embedder.model_id, cache)

    def keep(positions: Sequence[int], vectors: np.ndarray) -> None:
        problem = _problem_of(vectors, len(positions), embedder.dimensions)
        if problem:
            raise EmbeddingInvalid(model=embedder.model_id, problem=problem)
        batch = [keys[position] for position in positions]
        computed.update(zip(batch, vectors, strict=True))
        store.add(batch, vectors)

    try:
        embedder.embed_documents(list(texts.values()), keep)
    except BaseException:
        # the first error is the one to tell; the cache only saves money
        with contextlib.suppress(PipelineError):
            store.flush()
        raise
    store.flush()
    if len(computed) != len(keys):
        raise EmbeddingInvalid(model=embedder.model_id, problem="too few vectors")
    return computed


def _problem_of(vectors: np.ndarray, rows: int, dimensions: int) -> str | None:
    """Why these vectors cannot be used, or None."""
    import numpy as np

    if vectors.ndim != 2 or vectors.shape[0] != rows:
        return "wrong number of vectors"
    if vectors.shape[1] != dimensions:
        return f"{vectors.shape[1]} dimensions instead of {dimensions}"
    if not np.isfinite(vectors).all():
        return "not a number"
    if not vectors.any(axis=1).all():
        return "zero vector"
    return None
