"""The tagger: has this text a verb, and how many sentences. Sentences are our own."""

from __future__ import annotations

import pytest

from doc_pipeline.extraction.tagger import pos_tag, sent_tokenize, word_tokenize


def _has_verb(text: str) -> bool:
    return any(tag.startswith("VB") for _, tag in pos_tag(text))


@pytest.mark.parametrize(
    "text",
    [
        "The bridge was closed for two years.",
        "She reports on trade and prices.",
        "We plan a new office in the north",
        "It doesn't matter",
        "Please return the signed form to the address below",
        "Costs have risen since the last review",
        "They work at night",
        "The council wants to sell the land",
        "Der Ausschuss trat am Montag zusammen und beschloss den Haushalt.",
        "Комитет собрался в понедельник и решил сохранить мост.",
        "这是一个用于测试的中文文本文件。",
    ],
)
def test_prose_has_a_verb(text: str) -> None:
    assert _has_verb(text)


@pytest.mark.parametrize(
    "text",
    [
        "Annual report",
        "Table of contents",
        "Terms and conditions",
        "Price list for the spring",
        "Chapter 4: Results",
        "The last report of the committee",
        "Appendix B",
        "Einleitung",
        "2024",
        "",
    ],
)
def test_headings_have_none(text: str) -> None:
    assert not _has_verb(text)


def test_sentences() -> None:
    text = "Dr. Smith paid 3.50 at J. Jones Ltd. in May. Was it dear? It was! 好。是的。"
    assert sent_tokenize(text) == [
        "Dr. Smith paid 3.50 at J. Jones Ltd. in May.",
        "Was it dear?",
        "It was! 好。",
        "是的。",
    ]
    assert sent_tokenize("") == []


def test_words() -> None:
    assert word_tokenize("It doesn't cost 3.50, U.S. firms say.") == (
        ["It", "does", "n't", "cost", "3.50", ",", "U.S.", "firms", "say", "."]
    )


def test_answers_are_lists_of_the_callers_own() -> None:
    """Unstructured's functions return lists; a cached one must not be changed from outside."""
    word_tokenize("a b").append("c")
    assert word_tokenize("a b") == ["a", "b"]
