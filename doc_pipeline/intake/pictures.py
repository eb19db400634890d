"""How many pixels a picture has, from its header. Decodes nothing.

A few kilobytes can declare a picture of gigabytes, which only the size in the header tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

_HEAD_BYTES = 64 * 1024
_MOST_SEGMENTS = 1000
_MOST_PAGES = 1000
_MOST_ENTRIES = 4096
_WIDTH, _HEIGHT = 256, 257
_SHORT = 3
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def count_pixels(file: BinaryIO, kind: str) -> int:
    """Width times height, of the largest page where there are several; 0 when it is not told."""
    measure = _MEASURES.get(kind)
    if measure is None:
        return 0
    file.seek(0)
    try:
        return measure(file, file.read(_HEAD_BYTES))
    except (IndexError, OverflowError, ValueError):
        return 0


def _number(data: bytes, order: str = "little") -> int:
    return int.from_bytes(data, "big" if order == "big" else "little")


def _png(_: BinaryIO, head: bytes) -> int:
    return _number(head[16:20], "big") * _number(head[20:24], "big")


def _gif(_: BinaryIO, head: bytes) -> int:
    return _number(head[6:8]) * _number(head[8:10])


def _bmp(_: BinaryIO, head: bytes) -> int:
    if _number(head[14:18]) == 12:
        return _number(head[18:20]) * _number(head[20:22])
    height = int.from_bytes(head[22:26], "little", signed=True)
    return _number(head[18:22]) * abs(height)


def _webp(_: BinaryIO, head: bytes) -> int:
    form = head[12:16]
    if form == b"VP8X":
        return (_number(head[24:27]) + 1) * (_number(head[27:30]) + 1)
    if form == b"VP8L":
        bits = _number(head[21:25])
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    return (_number(head[26:28]) & 0x3FFF) * (_number(head[28:30]) & 0x3FFF)


def _heic(_: BinaryIO, head: bytes) -> int:
    """The largest 'ispe' property: that of the whole picture, tiles are smaller."""
    largest, at = 0, head.find(b"ispe")
    while at >= 0:
        width, height = head[at + 8 : at + 12], head[at + 12 : at + 16]
        largest = max(largest, _number(width, "big") * _number(height, "big"))
        at = head.find(b"ispe", at + 4)
    return largest


def _jpg(file: BinaryIO, head: bytes) -> int:
    """Segment by segment to the frame's header."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 10 > len(head):
            file.seek(at)
            mark = file.read(10)
        else:
            mark = head[at : at + 10]
        if len(mark) < 10 or mark[0] != 0xFF:
            return 0
        if mark[1] in _START_OF_FRAME:
            return _number(mark[5:7], "big") * _number(mark[7:9], "big")
        if mark[1] == 0xFF:
            at += 1
        elif mark[1] in _STANDALONE:
            at += 2
        else:
            at += 2 + max(2, _number(mark[2:4], "big"))
    return 0


def _tiff(file: BinaryIO, head: bytes) -> int:
    """Page by page through the chain of directories."""
    order = "little" if head.startswith(b"II") else "big"
    is_big = _number(head[2:4], order) == 43
    at = _number(head[8:16] if is_big else head[4:8], order)
    largest, seen = 0, set[int]()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        pixels, at = _tiff_page(file, at, order, is_big=is_big)
        largest = max(largest, pixels)
    return largest


def _tiff_page(file: BinaryIO, at: int, order: str, *, is_big: bool) -> tuple[int, int]:
    """Pixels of one page, and where the next directory stands (0: nowhere)."""
    count_bytes, entry_bytes, value_at, next_bytes = (8, 20, 12, 8) if is_big else (2, 12, 8, 4)
    file.seek(at)
    count = min(_number(file.read(count_bytes), order), _MOST_ENTRIES)
    data = file.read(count * entry_bytes + next_bytes)
    sizes = {_WIDTH: 0, _HEIGHT: 0}
    for start in range(0, count * entry_bytes, entry_bytes):
        tag = _number(data[start : start + 2], order)
        if tag in sizes:
            length = 2 if _number(data[start + 2 : start + 4], order) == _SHORT else 4
            value = data[start + value_at : start + value_at + length]
            sizes[tag] = _number(value, order)
    following = _number(data[count * entry_bytes :][:next_bytes], order)
    return sizes[_WIDTH] * sizes[_HEIGHT], following


_MEASURES: dict[str, Callable[[BinaryIO, bytes], int]] = {
    "png": _png,
    "jpg": _jpg,
    "gif": _gif,
    "bmp": _bmp,
    "webp": _webp,
    "tiff": _tiff,
    "heic": _heic,
    "avif": _heic,
}
