"""Bytes of a text file to characters. Knows nothing of formats.

Order: byte order mark, strict UTF-8, what the file says of itself, then a guess.
"""

from __future__ import annotations

import codecs
import re

from doc_pipeline.extraction.charset_guess import guess_charset

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
_MULTIBYTE = ["gb18030", "big5", "cp932", "euc_jp", "cp949"]
_ONE_BYTE = [
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "cp874", "mac_roman", "cp850", "cp437"),
]
"""Charsets that people's files are really in. With all of Python's to choose from, one line of
Russian is taken for Big5 and one of Polish for HP Roman."""
_EAST_ASIAN = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_SURE_BYTES = 8
"""Fewer accented letters make no words: then Western Europe is the better guess."""
_SHIFTED = ("iso2022_jp_2", "iso2022_kr")
_KOREAN_SHIFT = b"\x1b$)C"
_CONTROLS = bytes({*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_WIDE_SHARE = 0.9


def decode_text(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Text and the encoding it was in. Never fails: bytes that fit nothing become U+FFFD."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    for encoding in (_wide_encoding(data), _shifted_encoding(data), "utf-8", declared):
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
    """UTF-16 without a mark: half of its bytes are what no text of single bytes has."""
    sample = data[:4096]
    sample = sample[: len(sample) // 2 * 2]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if len(sample) < 8 or controls * 50 < len(sample):
        return None
    shares = {name: _plain_share(sample, name) for name in ("utf-16-le", "utf-16-be")}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _WIDE_SHARE else None


def _plain_share(sample: bytes, encoding: str) -> float:
    """Share of characters in ASCII, the commonest alphabet of the text, or East Asian scripts."""
    text = sample.decode(encoding, "replace")
    blocks = [ord(char) >> 7 for char in text if char >= "\x80"]
    alphabet = max(set(blocks), key=blocks.count) if blocks else -1
    plain = sum(
        (" " <= char < "\x7f") or char in "\t\n\r" or ord(char) >> 7 == alphabet
        or bool(_EAST_ASIAN.match(char)) or "\u2010" <= char <= "\u203a"
        for char in text
    )  # fmt: skip
    return plain / max(len(text), 1)


def _shifted_encoding(data: bytes) -> str | None:
    """The seven-bit charsets of old Japanese and Korean mails, which are valid UTF-8 as well."""
    if b"\x1b$" not in data:
        return None
    names = reversed(_SHIFTED) if _KOREAN_SHIFT in data else _SHIFTED
    return next((name for name in names if _try(data, name) is not None), None)


def _is_nearly_utf8(data: bytes) -> bool:
    """UTF-8 with a few broken bytes: a guess would turn all of it into mojibake."""
    text = data[:_SAMPLE].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(char > "\x7f" for char in text) > broken * 20


def _guess(data: bytes) -> str:
    sample = data[:_SAMPLE]
    high = [byte for byte in sample if byte >= 0x80]
    letters = sum(chr(byte).isalpha() for byte in sample) or 1
    is_western = len(high) < letters * _WESTERN_SHARE and _WESTERN_BYTES.issuperset(high)
    accented = sum(byte >= 0xC0 for byte in high)
    if is_western and accented < _SURE_BYTES:
        return "cp1252"
    return _guess_multibyte(sample) or guess_charset(sample) or "cp1252"


def _guess_multibyte(sample: bytes) -> str | None:
    """A charset of several bytes, where its library finds one likelier than all others."""
    found = _best_of([*_ONE_BYTE, *_MULTIBYTE], sample)
    if found == "cp949" and _CHINESE.search(sample.decode(found, "replace")):
        # Korean of today has no Chinese characters, and short Chinese reads as such a mixture.
        found = _best_of([name for name in _MULTIBYTE if name != found], sample) or found
    return found if found in _MULTIBYTE else None


def _best_of(charsets: list[str], sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=charsets).best()
    return None if best is None else best.encoding
