"""Texts of at least sixty words and the old charsets that their languages were written in."""

from __future__ import annotations

from pathlib import Path

_CHARSETS = {
    "English": "cp1252",
    "German": "cp1252 latin-1",
    "French": "cp1252 latin-1",
    "Spanish": "cp1252 latin-1",
    "Russian": "cp1251 koi8-r iso8859-5 cp866",
    "Ukrainian": "cp1251 koi8-u",
    "Polish": "cp1250 iso8859-2",
    "Czech": "cp1250 iso8859-2",
    "Hungarian": "cp1250 iso8859-2",
    "Greek": "iso8859-7 cp1253",
    "Hebrew": "iso8859-8 cp1255",
    "Arabic": "iso8859-6 cp1256",
    "Turkish": "cp1254 iso8859-9",
    "Lithuanian": "cp1257 iso8859-13",
    "Japanese": "shift_jis euc_jp iso2022_jp",
    "Chinese": "gb18030",
    "Chinese (Taiwan)": "big5",
    "Korean": "euc_kr",
    "Thai": "tis-620",
}
_UNICODE = "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32"
_IN_UNICODE = ("German", "Russian", "Greek", "Chinese")


def charset_cases() -> list[tuple[str, str, str]]:
    """Language, text and charset of every file of the table."""
    path = Path(__file__).with_name("charset_texts.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = dict(line.split("\t") for line in lines)
    pairs = [(name, charset) for name, known in _CHARSETS.items() for charset in known.split()]
    pairs += [(name, charset) for name in _IN_UNICODE for charset in _UNICODE.split()]
    return [(name, texts[name], charset) for name, charset in pairs]
