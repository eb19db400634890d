"""The language of a document: told once, always the same, quickly, and not from a few words."""

from __future__ import annotations

import time

import pytest

from doc_pipeline.extraction.language import detect_language
from doc_pipeline_tests.extraction.charset_cases import charset_cases

_CODES = {
    "English": "en", "German": "de", "French": "fr", "Spanish": "es", "Russian": "ru",
    "Ukrainian": "uk", "Polish": "pl", "Czech": "cs", "Hungarian": "hu", "Greek": "el",
    "Hebrew": "he", "Arabic": "ar", "Turkish": "tr", "Lithuanian": "lt", "Japanese": "ja",
    "Chinese": "zh", "Chinese (Taiwan)": "zh", "Korean": "ko", "Thai": "th",
}  # fmt: skip
_TEXTS = {name: text for name, text, _ in charset_cases()}


@pytest.mark.parametrize("name", _CODES)
def test_languages(name: str) -> None:
    assert detect_language(_TEXTS[name]) == _CODES[name]


def test_the_same_text_has_always_the_same_language() -> None:
    mixed = _TEXTS["German"][:200] + _TEXTS["English"][:200]
    assert len({detect_language(mixed) for _ in range(20)}) == 1


@pytest.mark.parametrize("text", ["", "  \n", "Hi", "1234 5678 " * 1000, "a@b.c " * 500, "|" * 99])
def test_too_little_says_nothing(text: str) -> None:
    assert detect_language(text) is None


def test_a_long_text_is_sampled() -> None:
    text = "Contents 1 2 3\n" + _TEXTS["German"] * 50_000
    detect_language("warm up the tables of letters before the clock starts")
    started = time.process_time()
    assert detect_language(text) == "de"
    assert time.process_time() - started < 0.5


def test_a_word_without_end_is_no_trap() -> None:
    started = time.process_time()
    detect_language("a" * 1_000_000)
    detect_language("@" * 100_000 + "x@" * 100_000)
    assert time.process_time() - started < 2
