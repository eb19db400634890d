"""Bytes of a text file to characters. Knows nothing of formats.

Order: byte order mark, strict UTF-8, what the file says of itself, then a guess.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
_WESTERN_BYTES = frozenset(
    "ÄÖÜäöüßéèêëàâçñóíúáôîïìòùûøåæØÅÆÉÀÇÑ’‘“”„–—…€£§©®°«»· ¿¡".encode("cp1252")
)
_WESTERN_SHARE = 0.5
"""Western European prose has few accented letters; Cyrillic or Greek has nearly all of them."""
_MULTIBYTE = frozenset({"gb18030", "big5", "cp932", "euc_jp", "cp949", "iso2022_jp"})
_GUESSED = [
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "cp874", "mac_roman", "cp850", "cp437"),
    *sorted(_MULTIBYTE),
]
"""Charsets that people's files are really in. With all of Python's to choose from, one line of
Russian is taken for Big5 and one of Polish for HP Roman."""


def decode_text(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Text and the encoding it was in. Never fails: bytes that fit nothing become U+FFFD."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    for encoding in (_wide_encoding(data), "utf-8", declared):
        text = _try(data, encoding)
        if text is not None and encoding is not None:
            return text, encoding
    encoding = "utf-8" if _is_nearly_utf8(data) else _guess(data)
    return data.decode(encoding, "replace"), encoding


def declared_charset(head: bytes) -> str | None:
    """The charset an html or xml file names in its first bytes."""
    found = re.search(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", head[:4096], re.I)
    return found[1].decode("ascii", "ignore") if found else None


def _try(data: bytes, encoding: str | None) -> str | None:
    if encoding is None:
        return None
    if encoding.lower() in {"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"}:
        # What pages call latin-1 is cp1252, as every browser reads it.
        encoding = "cp1252"
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is nearly always zero."""
    sample = data[:4096]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    return None


def _is_nearly_utf8(data: bytes) -> bool:
    """UTF-8 with a few broken bytes: a guess would turn all of it into mojibake."""
    text = data[:_SAMPLE].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(char > "\x7f" for char in text) > broken * 20


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_GUESSED).best()
    encoding = "cp1252" if best is None else best.encoding
    high = [byte for byte in sample if byte >= 0x80]
    letters = sum(chr(byte).isalpha() for byte in sample) or 1
    is_western = len(high) < letters * _WESTERN_SHARE and _WESTERN_BYTES.issuperset(high)
    if encoding not in _MULTIBYTE and is_western:
        return "cp1252"
    return encoding
