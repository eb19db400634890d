"""Charsets: marks, UTF-8, what the file declares, then a guess that prefers Western Europe."""

from __future__ import annotations

import pytest

from doc_pipeline.extraction.charset import declared_charset, decode_text

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
