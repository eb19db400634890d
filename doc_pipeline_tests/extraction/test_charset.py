"""Charsets: marks, UTF-8, what the file declares, then a guess that prefers Western Europe."""

from __future__ import annotations

import random
import time

import pytest

from doc_pipeline.extraction.charset import declared_charset, decode_text
from doc_pipeline_tests.extraction.charset_cases import charset_cases
from doc_pipeline_tests.house.sources import ROOT

CASES = charset_cases()
GERMAN = "Größe, Äpfel und Übermut kosten 5 €. Das war köstlich, sagte die schöne Frau. " * 3
RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 4
CHINESE = "这是一个用于测试的中文文本文件。机器学习和文档处理。" * 4
JAPANESE = "これは日本語のテストです。文書を処理します。" * 6


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "cp1252"),
        ("Naïve café, déjà vu.", "cp1252"),
        ("“Quotes” – and ‘dashes’", "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        ("Мост закрыт до понедельника, объезд по набережной.", "cp1251"),
        ("Most zamknięty do poniedziałku, objazd nabrzeżem żółtym.", "cp1250"),
        (CHINESE, "gb18030"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
    ],
)
def test_text_comes_back(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding))[0] == text


def test_declared_charset_is_tried_before_guessing() -> None:
    head = b'<html><head><meta http-equiv="x" content="text/html; charset=windows-1251">'
    assert declared_charset(head) == "windows-1251"
    data = "Мост".encode("cp1251")
    assert decode_text(data, "windows-1251") == ("Мост", "windows-1251")
    assert decode_text("Мост".encode(), "no-such-charset")[0] == "Мост"


def test_one_broken_byte_does_not_spoil_utf8() -> None:
    data = (GERMAN * 5).encode() + b"\xff" + b" end"
    assert decode_text(data)[0] == GERMAN * 5 + "\ufffd end"


def test_any_bytes_give_some_text() -> None:
    assert isinstance(decode_text(bytes(range(256)))[0], str)
    assert decode_text(b"") == ("", "utf-8")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param(text, encoding, id=f"{name}-{encoding}")
        for name, text, encoding in charset_cases()
    ],
)
def test_sixty_words_come_back_exactly(text: str, encoding: str) -> None:
    """The table of benchmarks/extraction/charset/README.md: nobody says which charset it is."""
    assert len(text.split()) >= 60 or len(text) >= 150
    assert decode_text(text.encode(encoding))[0] == text


def test_the_table_of_the_benchmark_is_that_of_the_test() -> None:
    readme = (ROOT / "benchmarks/extraction/charset/README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in readme.splitlines() if line.endswith(" yes |")]
    assert [(row[0].lstrip("| "), row[1]) for row in rows] == [
        (n, e) for n, _, e in charset_cases()
    ]


def test_a_few_words_are_taken_for_western() -> None:
    for text in ("Köln", "señor", "Ça va?", "5 € – déjà", "Müller & Söhne"):
        assert decode_text(text.encode("cp1252"))[0] == text


def test_seven_bits_of_korean_are_no_japanese() -> None:
    data = "다리는 월요일까지 닫힙니다.\n".encode("iso2022_kr")
    assert decode_text(data) == ("다리는 월요일까지 닫힙니다.\n", "iso2022_kr")


def test_seven_bits_of_japanese_are_no_ascii() -> None:
    data = "橋は閉鎖".encode("iso2022_jp")
    assert decode_text(data)[0] == "橋は閉鎖"
    assert decode_text(b"\x1b[31mred\x1b[0m $5")[1] == "utf-8"


@pytest.mark.parametrize("length", [1, 2, 3, 9, 4097])
def test_binary_bytes_never_fail(length: int) -> None:
    source = random.Random(length)
    for _ in range(30):
        assert isinstance(decode_text(source.randbytes(length))[0], str)


def test_a_large_file_is_guessed_from_its_beginning() -> None:
    data = (RUSSIAN * 100_000).encode("koi8-r")
    started = time.process_time()
    assert decode_text(data)[1] == "koi8_r"
    assert time.process_time() - started < 2
