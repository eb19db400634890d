"""Choosing an embedder, packing requests, the rate gate's arithmetic, the hashing embedder."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doc_pipeline.domain.errors import SettingInvalid
from doc_pipeline.embedding.embedder import (
    Embedder,
    EmbedderSpec,
    dimensions_of,
    model_id_of,
    open_embedder,
)
from doc_pipeline.embedding.hashing import HashingEmbedder
from doc_pipeline.embedding.packing import pack_requests, tokens_at_most
from doc_pipeline.embedding.rate_gate import RateGate, pause_announced, pause_asked
from doc_pipeline.embedding.words import split_words

SMALL = "text-embedding-3-small"


@pytest.mark.parametrize(
    ("spec", "model_id", "dimensions"),
    [
        (EmbedderSpec(), "hashing@1", 1024),
        (EmbedderSpec(dimensions=256), "hashing@1", 256),
        (EmbedderSpec("openai", SMALL), f"openai/{SMALL}", 1536),
        (EmbedderSpec("openai", SMALL, 512), f"openai/{SMALL}", 512),
        (EmbedderSpec("openai", "text-embedding-3-large"), "openai/text-embedding-3-large", 3072),
        (EmbedderSpec("openai", "bge-m3", 1024), "openai/bge-m3", 1024),
    ],
)
def test_names_and_sizes(spec: EmbedderSpec, model_id: str, dimensions: int) -> None:
    embedder = open_embedder(spec)
    assert (model_id_of(spec), dimensions_of(spec)) == (model_id, dimensions)
    assert (embedder.model_id, embedder.dimensions) == (model_id, dimensions)


@pytest.mark.parametrize(
    "spec",
    [
        EmbedderSpec("openai", "bge-m3"),
        EmbedderSpec("openai", SMALL, 2000),
        EmbedderSpec("openai", "text-embedding-ada-002", 512),
        EmbedderSpec("openai", SMALL, 0),
        EmbedderSpec(dimensions=-1),
    ],
)
def test_sizes_that_cannot_be_are_refused(spec: EmbedderSpec) -> None:
    with pytest.raises(SettingInvalid):
        dimensions_of(spec)


def test_opening_imports_nothing_heavy() -> None:
    """A code location opens an embedder's spec at load; numpy and openai come at first use."""
    code = (
        "import sys; from doc_pipeline.embedding.embedder import *; import doc_pipeline.embedding"
        ".cached; open_embedder(EmbedderSpec('openai', 'text-embedding-3-small'));"
        "open_embedder(EmbedderSpec());"
        "import doc_pipeline.index.chunk_index;"
        "print([m for m in ('openai', 'numpy', 'lancedb', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- packing -----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 2000), max_size=300), st.integers(1, 20), st.integers(100, 5000))
def test_requests_hold_every_text_once_within_the_limits(
    sizes: list[int], max_parallel: int, most_tokens: int
) -> None:
    texts = ["x" * size for size in sizes]
    parts = pack_requests(texts, max_parallel, most_inputs=100, most_tokens=most_tokens)
    assert [i for part in parts for i in part] == list(range(len(texts)))
    for part in parts:
        assert 1 <= len(part) <= 100
        assert len(part) == 1 or sum(tokens_at_most(texts[i]) for i in part) <= most_tokens


def test_few_texts_are_one_request_and_many_are_spread() -> None:
    """A request has a price of its own; below 64 texts it is not worth a second one."""
    assert [len(part) for part in pack_requests(["a"] * 60, 5)] == [60]
    assert [len(part) for part in pack_requests(["a"] * 500, 5)] == [100] * 5
    assert {len(part) for part in pack_requests(["a"] * 5120, 5)} == {256}
    assert [len(part) for part in pack_requests(["x" * 450_000] * 5, 5)] == [2, 2, 1]


# -- rate gate ---------------------------------------------------------------------------------


def test_a_refusal_halves_the_limit_once_per_burst() -> None:
    """Eight requests sent together and refused together are one lesson, not eight."""
    gate = RateGate(8)
    stopped = threading.Event()
    entered = [gate.enter(stopped) or 0.0 for _ in range(8)]
    for at in entered:
        gate.refused(at, 0.0)
    assert gate.limit == 4
    for _ in range(8):
        gate.leave()
    for _ in range(200):
        gate.succeeded()
    assert gate.limit == 8


def test_a_stopped_gate_lets_nobody_in() -> None:
    gate = RateGate(1)
    stopped = threading.Event()
    assert gate.enter(stopped) is not None
    stopped.set()
    assert gate.enter(stopped) is None


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after-ms": "250", "retry-after": "2"}, 0.25),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_pause_that_a_refusal_asks_for(headers: dict[str, str], pause: float | None) -> None:
    assert pause_asked(headers) == pause


@pytest.mark.parametrize(
    ("remaining", "limit", "reset", "pause"),
    [
        ("0", "5000", "6m0s", 360.0),
        ("0", "5000", "120ms", 0.12),
        ("1000", "5000", "1s", 0.0),
        ("999", "5000", "1.5s", 1.5),
        ("10", "900", "1s", 0.0),
        ("", "", "", 0.0),
    ],
)
def test_pause_that_headers_announce(remaining: str, limit: str, reset: str, pause: float) -> None:
    headers = {
        "x-ratelimit-remaining-tokens": remaining,
        "x-ratelimit-limit-tokens": limit,
        "x-ratelimit-reset-tokens": reset,
    }
    assert pause_announced(headers, tokens_next=1000) == pytest.approx(pause)


# -- hashing -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hashing() -> Embedder:
    return open_embedder(EmbedderSpec())


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_has_a_vector_of_length_one(texts: list[str]) -> None:
    vectors = HashingEmbedder("hashing@1", 1024).embed_documents(texts)
    assert vectors.shape == (len(texts), 1024)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


@given(st.lists(st.text(alphabet="abc ", max_size=8), min_size=1, max_size=4))
def test_words_that_cancel_out_still_give_a_vector(texts: list[str]) -> None:
    """With three buckets, words of opposite sign meet all the time."""
    vectors = HashingEmbedder("hashing@1", 3).embed_documents(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "???", "——", "\ud800", "\0", "👩‍👩‍👧"])
def test_texts_without_words(hashing: Embedder, text: str) -> None:
    assert np.linalg.norm(hashing.embed_query(text)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("how much is the rent", "The monthly rents are due on the first", "A recipe for bread"),
        ("机器学习合同", "这是一份关于机器学习的合同文件", "今天的天气很好"),
        ("契約書", "これは日本語の契約書です", "今日は天気がいい"),
        ("عقد الإيجار", "هذا عقد إيجار للشقة", "وصفة خبز"),
        ("аренда квартир", "Договор аренды квартиры", "Рецепт хлеба"),
        ("계약서", "한국어 계약서입니다", "오늘 날씨"),
        ("สัญญาเช่า", "นี่คือสัญญาเช่าบ้าน", "วันนี้อากาศดี"),
        ("अनुबंध", "यह एक अनुबंध दस्तावेज़ है", "आज मौसम अच्छा है"),
        ("strasse", "Die Straße ist lang", "Der Hund bellt"),
        ("CAFÉ", "a small cafe", "a large house"),
    ],
)
def test_related_passages_are_nearer_in_every_script(
    hashing: Embedder, question: str, answer: str, other: str
) -> None:
    asked = hashing.embed_query(question)
    vectors = hashing.embed_documents([answer, other])
    assert vectors[0] @ asked > vectors[1] @ asked + 0.1


def test_the_same_text_has_the_same_vector_in_every_process(hashing: Embedder) -> None:
    """Python salts `hash`; vectors must outlive the process that made them."""
    code = (
        "from doc_pipeline.embedding.embedder import *;"
        "print(open_embedder(EmbedderSpec()).embed_query('running shoes 文').tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashing.embed_query("running shoes 文").tobytes().hex()


def test_vectors_of_version_1_stay_as_they_are(hashing: Embedder) -> None:
    """Changed vectors need a new HASHING_VERSION, else old indexes are silently mixed."""
    import hashlib

    texts = ["The invoices were paid.", "机器学习", "Договор аренды", "???", "Straße café हिन्दी"]
    digest = hashlib.sha256(np.round(hashing.embed_documents(texts), 4).tobytes()).hexdigest()
    assert digest[:16] == "cba319d54b0572ac"


def test_words_of_mixed_scripts() -> None:
    assert split_words("Running iPhone15契約書 for Größe") == [
        "runn",
        "iphone15",
        "契約",
        "約書",
        "for",
        "grosse",
    ]
