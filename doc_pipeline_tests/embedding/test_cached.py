"""The cache in front of an embedder: what is paid once is never paid again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from doc_pipeline.domain.errors import (
    EmbeddingInvalid,
    EmbeddingQuotaSpent,
    EmbeddingUnavailable,
    IndexUnavailable,
    InputTooLong,
)
from doc_pipeline.domain.identity import embedding_key_of
from doc_pipeline.embedding.cached import embed_with_cache
from doc_pipeline.embedding.embedder import BatchListener, EmbedderSpec
from doc_pipeline.embedding.hashing import HashingEmbedder
from doc_pipeline.embedding.openai_embedder import OpenAIEmbedder
from doc_pipeline_tests.servers.openai_server import OpenAIServer, Refusal

SIZE = 32


class MemoryCache:
    """A cache that counts its calls."""

    def __init__(self) -> None:
        self.vectors: dict[str, np.ndarray] = {}
        self.lookups = 0
        self.stores = 0

    def lookup_vectors(self, keys: Sequence[str]) -> dict[str, np.ndarray]:
        self.lookups += 1
        return {key: self.vectors[key] for key in keys if key in self.vectors}

    def store_vectors(self, model_id: str, vectors: Mapping[str, np.ndarray]) -> None:
        self.stores += 1
        self.vectors.update(vectors)


class CountingEmbedder(HashingEmbedder):
    """Hashing, and what it was asked."""

    def __init__(self) -> None:
        super().__init__("hashing@1", SIZE)
        self.asked: list[str] = []

    def embed_documents(
        self, texts: Sequence[str], on_progress: BatchListener | None = None
    ) -> np.ndarray:
        self.asked.extend(texts)
        return super().embed_documents(texts, on_progress)


def test_equal_texts_and_known_texts_are_not_computed() -> None:
    cache, embedder = MemoryCache(), CountingEmbedder()
    first = embed_with_cache(["a", "b", "a"], embedder, cache)
    assert (first.computed, first.reused) == (2, 1)
    assert first.computed_flags == (True, True, False)
    second = embed_with_cache(["b", "c", "c", "a"], embedder, cache)
    assert (second.computed, second.reused) == (1, 3)
    assert second.computed_flags == (False, True, False, False)
    assert embedder.asked == ["a", "b", "c"]
    expected = HashingEmbedder("hashing@1", SIZE).embed_documents(["b", "c", "c", "a"])
    np.testing.assert_array_equal(second.vectors, expected)


def test_a_second_pass_costs_nothing() -> None:
    """A renamed file has other rows but the same texts: 0 computed, 0 tokens, 0 requests."""
    cache, embedder = MemoryCache(), CountingEmbedder()
    embed_with_cache(["a", "b"], embedder, cache)
    lookups, stores = cache.lookups, cache.stores
    outcome = embed_with_cache(["a", "b"], embedder, cache)
    assert (outcome.computed, outcome.tokens, outcome.requests) == (0, 0, 0)
    assert (cache.lookups, cache.stores) == (lookups + 1, stores)


def test_no_texts_ask_nobody() -> None:
    cache = MemoryCache()
    outcome = embed_with_cache([], CountingEmbedder(), cache)
    assert outcome.vectors.shape == (0, SIZE)
    assert (cache.lookups, cache.stores) == (0, 0)


def test_other_models_do_not_share_vectors() -> None:
    cache = MemoryCache()
    embed_with_cache(["a"], CountingEmbedder(), cache)
    other = HashingEmbedder("hashing@2", SIZE)
    assert embed_with_cache(["a"], other, cache).computed == 1


@pytest.mark.parametrize(
    "broken",
    [np.zeros(SIZE), np.full(SIZE, np.nan), np.ones(SIZE - 1)],
    ids=["zero", "nan", "size"],
)
def test_a_broken_entry_is_computed_again(broken: np.ndarray) -> None:
    cache = MemoryCache()
    cache.vectors[embedding_key_of("hashing@1", SIZE, "a")] = broken.astype(np.float32)
    outcome = embed_with_cache(["a"], CountingEmbedder(), cache)
    assert outcome.computed == 1
    assert outcome.vectors[0].any()


class FaultyEmbedder(HashingEmbedder):
    """Gives the vectors it was made with."""

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__("faulty", SIZE)
        self._vectors = vectors

    def embed_documents(
        self, texts: Sequence[str], on_progress: BatchListener | None = None
    ) -> np.ndarray:
        if on_progress:
            on_progress(range(len(self._vectors)), self._vectors)
        return self._vectors


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((2, SIZE)),
        np.full((2, SIZE), np.inf),
        np.ones((2, SIZE + 1)),
        np.ones((1, SIZE)),
        np.ones((0, SIZE)),
    ],
    ids=["zero", "infinite", "wrong size", "one missing", "none"],
)
def test_unusable_vectors_are_refused(vectors: np.ndarray) -> None:
    with pytest.raises(EmbeddingInvalid):
        embed_with_cache(["a", "b"], FaultyEmbedder(vectors.astype(np.float32)), MemoryCache())


def openai_embedder(server: OpenAIServer) -> OpenAIEmbedder:
    spec = EmbedderSpec(
        "openai", "m", server.dimensions, base_url=server.url, api_key="k", max_parallel=1
    )
    return OpenAIEmbedder(spec, "openai/m", server.dimensions, first_backoff_s=0.001)


def test_what_was_paid_before_a_failure_is_kept(openai_server: OpenAIServer) -> None:
    """Three batches of 256 are answered, then the quota is spent."""
    texts = [f"text {i}" for i in range(1000)]
    cache, embedder = MemoryCache(), openai_embedder(openai_server)

    class SpendAfterThree(list[list[str]]):
        def append(self, batch: list[str]) -> None:
            super().append(batch)
            if len(self) == 3:
                openai_server.always = Refusal(429, "insufficient_quota")

    openai_server.batches = SpendAfterThree()
    with pytest.raises(EmbeddingQuotaSpent):
        embed_with_cache(texts, embedder, cache)
    assert len(cache.vectors) == 768
    openai_server.always = None
    outcome = embed_with_cache(texts, embedder, cache)
    assert (outcome.computed, outcome.reused, outcome.requests) == (232, 768, 1)
    assert sorted(openai_server.texts) == sorted(texts)


def test_places_of_texts_that_are_too_long(openai_server: OpenAIServer) -> None:
    """Places among all texts, twins too, although only missing texts were sent."""
    openai_server.most_bytes = 50
    cache, embedder = MemoryCache(), openai_embedder(openai_server)
    embed_with_cache(["known"], embedder, cache)
    long = "long " * 20
    with pytest.raises(InputTooLong) as caught:
        embed_with_cache(["known", "new", long, "newer", long], embedder, cache)
    assert caught.value.fields["positions"] == (2, 4)
    assert embed_with_cache(["new", "newer"], embedder, cache).computed == 0


def test_a_cache_that_fails_says_so() -> None:
    class Broken(MemoryCache):
        def store_vectors(self, model_id: str, vectors: Mapping[str, np.ndarray]) -> None:
            raise IndexUnavailable

    with pytest.raises(IndexUnavailable):
        embed_with_cache(["a"], CountingEmbedder(), Broken())


def test_the_embedders_error_comes_before_the_caches(openai_server: OpenAIServer) -> None:
    class Broken(MemoryCache):
        def store_vectors(self, model_id: str, vectors: Mapping[str, np.ndarray]) -> None:
            raise IndexUnavailable

    openai_server.refusals = []
    openai_server.always = Refusal(500)
    with pytest.raises(EmbeddingUnavailable):
        embed_with_cache(["a"], openai_embedder(openai_server), Broken())
