"""Search: words of every script, the blend of both scores, and rows no index knows yet."""

from __future__ import annotations

import pytest

from doc_pipeline.index.chunk_index import ChunkIndex
from doc_pipeline.index.upkeep import UpkeepLimits
from doc_pipeline_tests.index.conftest import EMBEDDER, find, put, rows_of

PASSAGES = {
    "en": "Invoices were paid for running shoes, see order INV-2024-001 in price_list.pdf",
    "zh": "这是一份关于机器学习的合同文件",
    "ja": "これは日本語の契約書です。東京大学で作成されました",
    "ar": "هذا عقد إيجار للشقة في المدينة",
    "ru": "Договор аренды квартиры в Москве",
    "ko": "한국어 계약서 문서입니다",
    "th": "สัญญาเช่าบ้านในกรุงเทพ",
    "hi": "यह एक अनुबंध दस्तावेज़ है",
    "de": "Größe der Straßenbahn, ein Café",
    "he": "זהו חוזה שכירות לדירה",
    "el": "Αυτό είναι ένα συμβόλαιο ενοικίασης",
}
WORDS = [
    ("en", "invoice"),
    ("en", "run"),
    ("en", "INV-2024-001"),
    ("en", "price"),
    ("en", "price_list.pdf"),
    ("zh", "机器学习"),
    ("zh", "合同"),
    ("ja", "契約書"),
    ("ja", "東京"),
    ("ar", "عقد"),
    ("ar", "إيجار"),
    ("ru", "аренды"),
    ("ru", "ДОГОВОР"),
    ("ko", "계약서"),
    ("th", "สัญญา"),
    ("hi", "अनुबंध"),
    ("de", "größe"),
    ("de", "cafe"),
    ("he", "חוזה"),
    ("el", "συμβόλαιο"),
]


def put_passages(index: ChunkIndex) -> None:
    put(index, *[rows_of(name, [text], language=name) for name, text in PASSAGES.items()])


def test_words_of_every_script_are_found_before_and_after_upkeep(index: ChunkIndex) -> None:
    """The full-text index was made on the empty table; its tail is read until the next optimize."""
    put_passages(index)
    assert index.health()["unindexed_rows"] == len(PASSAGES)
    for name, word in WORDS:
        assert find(index, word, "text") == [PASSAGES[name]], word
    index.upkeep(UpkeepLimits(unindexed_rows=1))
    assert index.health()["unindexed_rows"] == 0
    for name, word in WORDS:
        assert find(index, word, "text") == [PASSAGES[name]], word
    put(index, rows_of("late", ["a late walrus"]))
    assert find(index, "walrus", "text") == ["a late walrus"]


@pytest.mark.parametrize(("name", "word"), WORDS)
def test_hybrid_puts_the_passage_first(index: ChunkIndex, name: str, word: str) -> None:
    put_passages(index)
    assert find(index, word)[0] == PASSAGES[name]


@pytest.mark.parametrize(
    "query",
    ["", "   ", "???", '"paid AND (', "a:b^2~*", "NOT shoes OR", "\0", "\ud800", "x" * 5000],
)
@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
def test_no_query_breaks_search(index: ChunkIndex, query: str, mode: str) -> None:
    put_passages(index)
    find(index, query, mode)


def test_an_empty_index_finds_nothing(index: ChunkIndex) -> None:
    for mode in ("text", "vector", "hybrid"):
        assert find(index, "word", mode) == []


def test_context_words_rank_but_are_not_shown(index: ChunkIndex) -> None:
    """`ranked_text` holds heading and neighbours; the hit shows the passage alone."""
    row = rows_of("a", ["The rent is 900."])[0]
    from dataclasses import replace

    put(index, [replace(row, ranked_text="Lease > Payment\nThe rent is 900.", section="Payment")])
    hits = index.search("lease", None, vector_weight=0.25)
    assert [(hit.text, hit.section, hit.page_start) for hit in hits] == [
        ("The rent is 900.", "Payment", 1)
    ]


def test_the_blend_keeps_words_first_and_lets_the_vector_order_the_rest(index: ChunkIndex) -> None:
    """A weight of 0.25 never lifts a passage without the words over one that has all of them."""
    put(index, rows_of("a", ["alpha beta gamma", "alpha delta", "epsilon zeta"]))
    hits = index.search(
        "alpha beta", EMBEDDER.embed_query("alpha beta"), vector_weight=EMBEDDER.vector_weight
    )
    assert [hit.text for hit in hits] == ["alpha beta gamma", "alpha delta", "epsilon zeta"]
    assert hits[0].score == 1.0
    assert all(0 <= hit.score <= 1 for hit in hits)
    by_vector = index.search("alpha beta", EMBEDDER.embed_query("epsilon zeta"), vector_weight=1.0)
    assert by_vector[0].text == "epsilon zeta"


def test_a_text_hit_outside_the_vector_list_still_gets_its_similarity(index: ChunkIndex) -> None:
    """The vector list holds 50 candidates; here 60 rows are nearer than the one with the word."""
    near = [f"moon moon moon {i}" for i in range(60)]
    put(index, rows_of("near", near), rows_of("far", ["moon walrus " + "filler " * 30]))
    hits = index.search("walrus", EMBEDDER.embed_query("moon"), vector_weight=0.25, limit=3)
    assert hits[0].document_id == "far"
    assert hits[0].score > 0.75


def test_limit_and_order_are_stable(index: ChunkIndex) -> None:
    put(index, *[rows_of(f"d{i}", ["same words"]) for i in range(20)])
    first = [hit.chunk_id for hit in index.search("same", None, vector_weight=0.25, limit=5)]
    assert len(first) == 5
    assert first == [
        hit.chunk_id for hit in index.search("same", None, vector_weight=0.25, limit=5)
    ]


def test_filters_reach_rows_beyond_the_best_candidates(index: ChunkIndex) -> None:
    """Filters act before ranking: the only row of this owner ranks last of 200."""
    put(index, rows_of("many", [f"word word {i}" for i in range(200)], owner="ann"))
    put(index, rows_of("one", ["word " + "filler " * 50], owner="bob"))
    for mode in ("text", "vector", "hybrid"):
        assert len(find(index, "word", mode, owner="bob")) == 1
        assert len(find(index, "word", mode, document_ids=["one"])) == 1
        assert find(index, "word", mode, document_ids=[]) == []
