"""The OpenAI embedder against a server over HTTP: order, packing, limits, faults, secrets."""

from __future__ import annotations

import traceback
from dataclasses import replace

import numpy as np
import pytest

from doc_pipeline.domain.errors import (
    EmbeddingInvalid,
    EmbeddingQuotaSpent,
    EmbeddingRateLimited,
    EmbeddingRefused,
    EmbeddingUnavailable,
    InputTooLong,
    PipelineError,
)
from doc_pipeline.embedding.embedder import EmbedderSpec, dimensions_of, model_id_of
from doc_pipeline.embedding.openai_embedder import OpenAIEmbedder
from doc_pipeline_tests.servers.openai_server import TEST_KEY, OpenAIServer, Refusal

PRIVATE = " ".join(["private", "words"])
"""Written so that a traceback, which quotes our own lines, does not hold it."""


def embedder_of(server: OpenAIServer, **changes: object) -> OpenAIEmbedder:
    spec = EmbedderSpec(
        provider="openai",
        model="text-embedding-3-small",
        dimensions=server.dimensions,
        base_url=server.url,
        api_key=TEST_KEY,
        timeout_s=10,
    )
    spec = replace(spec, **changes)  # pyright: ignore[reportArgumentType]
    return OpenAIEmbedder(spec, model_id_of(spec), dimensions_of(spec), first_backoff_s=0.005)


def expected(server: OpenAIServer, texts: list[str]) -> np.ndarray:
    return np.array([server.vector_of(text) for text in texts], np.float32)


@pytest.mark.parametrize("fault", [None, "shuffled"])
@pytest.mark.parametrize("sends_floats", [False, True])
def test_vectors_come_back_in_the_order_of_the_texts(
    openai_server: OpenAIServer, fault: str | None, sends_floats: bool
) -> None:
    openai_server.fault, openai_server.sends_floats = fault, sends_floats
    openai_server.latency_s = 0.002
    texts = [f"text {i}" for i in range(1000)]
    embedder = embedder_of(openai_server)
    vectors = embedder.embed_documents(texts)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected(openai_server, texts), atol=1e-6)
    assert embedder.requests_made == len(openai_server.batches) == 5
    assert embedder.tokens_used > 1000
    assert openai_server.keys == {TEST_KEY}
    assert {body["encoding_format"] for body in openai_server.bodies} == {"base64"}


def test_a_question_is_one_request(openai_server: OpenAIServer) -> None:
    vector = embedder_of(openai_server).embed_query("what?")
    assert vector.shape == (openai_server.dimensions,)
    assert openai_server.batches == [["what?"]]


def test_no_texts_make_no_request(openai_server: OpenAIServer) -> None:
    assert embedder_of(openai_server).embed_documents([]).shape == (0, openai_server.dimensions)
    assert openai_server.batches == []


def test_dimensions_are_sent_only_when_vectors_are_shortened(openai_server: OpenAIServer) -> None:
    """Servers of other models refuse the parameter."""
    embedder_of(openai_server).embed_query("a")
    embedder_of(openai_server, model="bge-m3").embed_query("a")
    assert [body.get("dimensions") for body in openai_server.bodies] == [32, None]


def test_odd_texts_reach_the_service(openai_server: OpenAIServer) -> None:
    """It refuses an empty input, and JSON cannot carry half a surrogate pair."""
    embedder_of(openai_server).embed_documents(["", "\ud800", "\0", "文"])
    assert openai_server.texts == [" ", "?", "\0", "文"]


def test_the_rate_gate_loses_no_request(openai_server: OpenAIServer) -> None:
    openai_server.most_at_once, openai_server.latency_s = 2, 0.01
    texts = [f"text {i}" for i in range(3000)]
    embedder = embedder_of(openai_server, max_parallel=8)
    vectors = embedder.embed_documents(texts)
    np.testing.assert_allclose(vectors, expected(openai_server, texts), atol=1e-6)
    assert sorted(openai_server.texts) == sorted(texts)
    assert openai_server.refused > 0


def test_a_number_of_requests_per_second_loses_no_request(openai_server: OpenAIServer) -> None:
    openai_server.most_per_second = 40
    texts = [f"text {i}" for i in range(2000)]
    vectors = embedder_of(openai_server, max_parallel=10).embed_documents(texts)
    assert vectors.any(axis=1).all()
    assert sorted(openai_server.texts) == sorted(texts)


def test_never_more_at_once_than_set(openai_server: OpenAIServer) -> None:
    openai_server.latency_s = 0.01
    embedder_of(openai_server, max_parallel=3).embed_documents([f"t{i}" for i in range(2000)])
    assert openai_server.peak <= 3


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(500),
        Refusal(503),
        Refusal(0),
        Refusal(408),
        Refusal(429, "rate_limit_exceeded", headers={"retry-after-ms": "5"}),
        Refusal(429, "rate_limit_exceeded", headers={"retry-after": "0.01"}),
        Refusal(429, "rate_limit_exceeded", headers={"retry-after": "nonsense"}),
    ],
    ids=lambda refusal: f"{refusal.status} {dict(refusal.headers)}",
)
def test_passing_faults_are_tried_again(openai_server: OpenAIServer, refusal: Refusal) -> None:
    openai_server.refusals = [refusal] * 3
    assert embedder_of(openai_server).embed_query("a").any()


@pytest.mark.parametrize(
    ("refusal", "error", "requests"),
    [
        (Refusal(429, "insufficient_quota"), EmbeddingQuotaSpent, 1),
        (
            Refusal(429, "rate_limit_exceeded", headers={"retry-after": "900"}),
            EmbeddingRateLimited,
            1,
        ),
        (Refusal(401, "invalid_api_key"), EmbeddingRefused, 1),
        (Refusal(403), EmbeddingRefused, 1),
        (Refusal(404, "model_not_found"), EmbeddingRefused, 1),
        (Refusal(400, "bad"), EmbeddingRefused, 1),
        (Refusal(400, "bad", "This model's maximum context length is 8192"), InputTooLong, 1),
        (Refusal(500), EmbeddingUnavailable, 6),
        (Refusal(0), EmbeddingUnavailable, 6),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(getattr(value, "status", value)),
)
def test_lasting_faults_have_a_name_and_show_no_secret(
    openai_server: OpenAIServer, refusal: Refusal, error: type[PipelineError], requests: int
) -> None:
    """The server's message quotes the key; neither our sentence nor the traceback may."""
    openai_server.always = refusal
    embedder = embedder_of(openai_server)
    with pytest.raises(error) as caught:
        embedder.embed_query(PRIVATE)
    assert type(caught.value) is error
    shown = "".join(traceback.format_exception(caught.value))
    assert TEST_KEY not in shown
    assert PRIVATE not in shown
    assert embedder.requests_made == requests


@pytest.mark.heavy
def test_refusals_for_the_rate_end_in_the_end(
    openai_server: OpenAIServer,
) -> None:
    headers = {"retry-after-ms": "1"}
    openai_server.always = Refusal(429, "rate_limit_exceeded", headers=headers)
    with pytest.raises(EmbeddingRateLimited):
        embedder_of(openai_server).embed_query("a")
    assert openai_server.refused < 100


@pytest.mark.parametrize("fault", ["short", "duplicate", "wrong_size", "nan", "zero", "garbage"])
@pytest.mark.parametrize("sends_floats", [False, True])
def test_unusable_answers_are_refused(
    openai_server: OpenAIServer, fault: str, sends_floats: bool
) -> None:
    openai_server.fault, openai_server.sends_floats = fault, sends_floats
    with pytest.raises(EmbeddingInvalid) as caught:
        embedder_of(openai_server).embed_documents(["a", "b"])
    assert "gateway page" not in "".join(traceback.format_exception(caught.value))


def test_one_text_too_long_does_not_cost_the_others(openai_server: OpenAIServer) -> None:
    openai_server.most_bytes = 100
    texts = [f"text {i}" for i in range(100)]
    texts[7] = texts[60] = "long " * 50
    kept: dict[int, np.ndarray] = {}
    with pytest.raises(InputTooLong) as caught:
        embedder_of(openai_server).embed_documents(
            texts, lambda places, vectors: kept.update(zip(places, vectors, strict=True))
        )
    assert caught.value.fields["positions"] == (7, 60)
    assert set(range(100)) - set(kept) == {7, 60}
    for place, vector in kept.items():
        np.testing.assert_allclose(vector, openai_server.vector_of(texts[place]), atol=1e-6)


def test_the_first_failure_stops_the_rest(openai_server: OpenAIServer) -> None:
    """A spent quota must not be asked for again by hundreds of waiting requests."""
    openai_server.always = Refusal(429, "insufficient_quota")
    openai_server.latency_s = 0.01
    with pytest.raises(EmbeddingQuotaSpent):
        embedder_of(openai_server, max_parallel=2).embed_documents([f"t{i}" for i in range(5000)])
    assert openai_server.refused <= 6


def test_a_service_that_is_not_there() -> None:
    spec = EmbedderSpec("openai", "bge-m3", 8, base_url="http://127.0.0.1:9/v1", api_key=TEST_KEY)
    embedder = OpenAIEmbedder(spec, "openai/bge-m3", 8, first_backoff_s=0.001)
    with pytest.raises(EmbeddingUnavailable) as caught:
        embedder.embed_query("a")
    assert TEST_KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("key", [None, "", "sk-ключ", "sk-two\nlines"])
def test_a_key_that_is_none_never_leaves_the_process(key: str | None) -> None:
    """The HTTP library would quote it in its own error."""
    spec = EmbedderSpec("openai", "text-embedding-3-small", api_key=key)
    embedder = OpenAIEmbedder(spec, "m", 1536)
    with pytest.raises(EmbeddingRefused) as caught:
        embedder.embed_query("a")
    shown = "".join(traceback.format_exception(caught.value))
    assert "ключ" not in shown
    assert "two" not in shown


def test_a_server_of_ones_own_needs_no_key(openai_server: OpenAIServer) -> None:
    assert embedder_of(openai_server, api_key=None).embed_query("a").any()


def test_announced_limits_hold_the_next_request_back(openai_server: OpenAIServer) -> None:
    openai_server.headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "30ms",
    }
    embedder_of(openai_server, max_parallel=1).embed_documents([f"t{i}" for i in range(1000)])
    assert openai_server.refused == 0
    assert len(openai_server.batches) == 4


def test_the_key_is_not_in_the_spec_text() -> None:
    assert TEST_KEY not in repr(EmbedderSpec("openai", "m", api_key=TEST_KEY))
