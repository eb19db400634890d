"""The mail inside a signature envelope (S/MIME, `smime.p7m`), which is signed but not encrypted.

Reads the few levels of ASN.1 around the content. Verifies nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_SEQUENCE, _CONTENT, _OCTETS, _OCTETS_IN_PARTS = 0x30, 0xA0, 0x04, 0x24
_DEEPEST = 20

_Item = tuple[int, int, int, int]
"""Kind of an item, where its content begins and ends, and where the next one is."""


def signed_content(envelope: bytes) -> bytes | None:
    """The content that was signed; None where there is none, as in an encrypted envelope."""
    try:
        outer = _only(envelope, 0, len(envelope), _SEQUENCE)
        oid = _item(envelope, outer[1])
        if envelope[oid[1] : oid[2]] != _SIGNED_DATA:
            return None
        wrapped = _only(envelope, oid[3], outer[2], _CONTENT)
        signed = _only(envelope, wrapped[1], wrapped[2], _SEQUENCE)
        inner = _only(envelope, signed[1], signed[2], _SEQUENCE)
        content = _only(envelope, inner[1], inner[2], _CONTENT)
        return b"".join(_octets(envelope, content[1], content[2], 0)) or None
    except (IndexError, ValueError):
        return None


def _only(data: bytes, start: int, end: int, kind: int) -> _Item:
    """The first item of a kind between two places. Raises `ValueError`."""
    while start < end:
        item = _item(data, start)
        if item[0] == kind:
            return item
        start = item[3]
    raise ValueError


def _item(data: bytes, at: int, depth: int = 0) -> _Item:
    size = data[at + 1]
    if size == 0x80:  # without a length: up to two zeros
        if depth > _DEEPEST:
            raise ValueError
        place = at + 2
        while data[place : place + 2] != b"\0\0":
            place = _item(data, place, depth + 1)[3]
        return data[at], at + 2, place, place + 2
    start = at + 2
    if size > 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start], "big")
    if start + size > len(data):
        raise ValueError
    return data[at], start, start + size, start + size


def _octets(data: bytes, start: int, end: int, depth: int) -> Iterator[bytes]:
    while start < end and depth <= _DEEPEST:
        kind, inside, after, following = _item(data, start)
        if kind == _OCTETS:
            yield data[inside:after]
        elif kind == _OCTETS_IN_PARTS:
            yield from _octets(data, inside, after, depth + 1)
        start = following
