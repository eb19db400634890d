"""The body of an Outlook mail that is kept as compressed RTF only: unpacked and read as text.

Enough of RTF for what Outlook writes, html wrapped in RTF included; rtf files are read elsewhere.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from doc_pipeline.extraction.charset import decode_text

_PACKED = b"LZFu"
_PLAIN = b"MELA"
_HEADER = struct.Struct("<II4sI")
_WINDOW = 4096
_DEEPEST = 1000
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds before the first byte, by the format's definition."""
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)"
)
_HIDDEN = frozenset({"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "filetbl"})
_BREAKS = {"par": "\n", "line": "\n", "row": "\n", "sect": "\n", "tab": "\t", "cell": "\t"}
_SIGNS = {
    "bullet": "•", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”",
}  # fmt: skip
_WORDS = _BREAKS | _SIGNS
_SYMBOLS = {b"~": "\xa0", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n"}


def unpack_rtf(data: bytes, allowed_bytes: int) -> bytes:
    """The RTF that was packed, cut at `allowed_bytes`; b'' where it is no packed RTF."""
    if len(data) < _HEADER.size:
        return b""
    _, size_bytes, kind, _ = _HEADER.unpack_from(data)
    packed = data[_HEADER.size :]
    if kind == _PLAIN:
        return packed[: min(size_bytes, allowed_bytes)]
    return _unpack(packed, min(size_bytes, allowed_bytes)) if kind == _PACKED else b""


def rtf_text(data: bytes) -> tuple[str, bool]:
    """Text of an RTF, and whether it is html, which Outlook keeps inside of RTF."""
    reader = _RtfReader()
    for token in _TOKEN.finditer(data):
        reader.take(token)
    reader.flush()
    return "".join(reader.shown), b"\\fromhtml" in data[:4096]


@dataclass(slots=True)
class _Group:
    is_hidden: bool = False
    is_rtf_only: bool = False
    skipped: int = 1


class _RtfReader:
    """What is shown of the RTF so far. Groups in braces keep and give back their state."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self._groups = [_Group()]
        self._bytes = bytearray()
        self._charset = "cp1252"
        self._is_optional = False
        self._to_skip = 0

    def take(self, token: re.Match[bytes]) -> None:
        word, number, coded, symbol, brace, text = token.groups()
        if coded:
            self._add_bytes(bytes([int(coded, 16)]))
        elif text:
            self._add_bytes(text)
        elif brace == b"{" and len(self._groups) < _DEEPEST:
            self._groups.append(replace(self._groups[-1]))
        elif brace == b"}" and len(self._groups) > 1:
            self._groups.pop()
        elif symbol == b"*":
            self._is_optional = True
        elif symbol:
            self._add_text(_SYMBOLS.get(symbol, ""))
        elif word:
            self._take_word(word.decode(), int(number) if number else None)

    def flush(self) -> None:
        """Read the bytes that wait: those of one character may come in two tokens."""
        if self._bytes:
            self.shown.append(decode_text(bytes(self._bytes), self._charset)[0])
            self._bytes.clear()

    def _take_word(self, word: str, number: int | None) -> None:
        group = self._groups[-1]
        if word in _HIDDEN or (self._is_optional and word != "htmltag"):
            group.is_hidden = True
        elif word == "htmlrtf":
            group.is_rtf_only = number != 0
        elif word == "ansicpg" and number:
            self._charset = f"cp{number}"
        elif word == "uc":
            group.skipped = max(0, number or 0)
        elif word == "u" and number is not None:
            self._add_text(chr(number % 65536))
            self._to_skip = group.skipped
        elif word in _WORDS:
            self._add_text(_WORDS[word])
        self._is_optional = False

    def _add_bytes(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if not (self._groups[-1].is_hidden or self._groups[-1].is_rtf_only):
            self._bytes += data[skipped:]

    def _add_text(self, text: str) -> None:
        self.flush()
        if not (self._groups[-1].is_hidden or self._groups[-1].is_rtf_only):
            self.shown.append(text)


def _unpack(packed: bytes, wanted: int) -> bytes:
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    write = len(_START)
    out = bytearray()
    for token in _tokens(packed):
        if len(out) >= wanted or (token[1] and token[0] == write % _WINDOW):
            break
        for step in range(max(token[1], 1)):
            byte = window[(token[0] + step) % _WINDOW] if token[1] else token[0]
            out.append(byte)
            window[write % _WINDOW] = byte
            write += 1
    return bytes(out[:wanted])


def _tokens(packed: bytes) -> Iterator[tuple[int, int]]:
    """Pairs: a place in the window and how many bytes, or a byte and 0."""
    at = 0
    while at < len(packed):
        flags = packed[at]
        at += 1
        for bit in range(8):
            size = 2 if flags >> bit & 1 else 1
            if at + size > len(packed):
                return
            value = int.from_bytes(packed[at : at + size], "big")
            at += size
            yield (value >> 4, (value & 15) + 2) if size == 2 else (value, 0)
