"""Members of a zip that WinZip or 7-Zip locked with AES, which the standard library cannot open."""

from __future__ import annotations

import hashlib
import hmac
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

AES_METHOD = 99
_AES_FIELD = 0x9901
_ROUNDS = 1000
_CHECK_BYTES = 2
_SEAL_BYTES = 10
_BLOCK = 16
_PIECE = 1 << 20
_LOCAL_HEADER = 30


def read_aes_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, password: str
) -> Iterator[bytes]:
    """Pieces of the member, unlocked and unpacked one by one, never more than it declares.

    Raises `RuntimeError` for a wrong password, `NotImplementedError` for a packing nobody knows,
    `BadZipFile` where it is damaged.
    """
    strength, method = _aes_field(member.extra)
    if method not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise NotImplementedError
    packed = io.BytesIO(_packed(archive, member))
    salt = packed.read(4 + 4 * strength)
    check = packed.read(_CHECK_BYTES)
    size = 8 + 8 * strength
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, _ROUNDS, 2 * size + _CHECK_BYTES)
    if keys[2 * size :] != check:
        raise RuntimeError
    locked = packed.read()
    body, seal = locked[:-_SEAL_BYTES], locked[-_SEAL_BYTES:]
    expected = hmac.new(keys[size : 2 * size], body, "sha1").digest()[:_SEAL_BYTES]
    if not hmac.compare_digest(seal, expected):
        raise zipfile.BadZipFile
    return _unpacked(_unlocked(body, keys[:size]), method, member.file_size)


def _aes_field(extra: bytes) -> tuple[int, int]:
    """Strength (1 to 3) and how the plain bytes are packed."""
    at = 0
    while at + 11 <= len(extra):
        size = int.from_bytes(extra[at + 2 : at + 4], "little")
        if int.from_bytes(extra[at : at + 2], "little") == _AES_FIELD and extra[at + 8] in {
            1,
            2,
            3,
        }:
            return extra[at + 8], int.from_bytes(extra[at + 9 : at + 11], "little")
        at += 4 + size
    raise NotImplementedError


def _packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    file = archive.fp
    if file is None:
        raise zipfile.BadZipFile
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(member.header_offset + _LOCAL_HEADER + names)
    return file.read(member.compress_size)


def _unlocked(body: bytes, key: bytes) -> Iterator[bytes]:
    """AES in counter mode with the counter's lowest byte first, unlike every library's."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher: Any = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the counter mode is made below
    count = 1
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        blocks = -(-len(piece) // _BLOCK)
        counters = b"".join((count + n).to_bytes(_BLOCK, "little") for n in range(blocks))
        count += blocks
        stream = cipher.update(counters)[: len(piece)]
        plain = int.from_bytes(piece, "big") ^ int.from_bytes(stream, "big")
        yield plain.to_bytes(len(piece), "big")


def _unpacked(pieces: Iterator[bytes], method: int, declared: int) -> Iterator[bytes]:
    left = declared
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in pieces:
        waiting = piece
        while waiting and left > 0:
            if method == zipfile.ZIP_STORED:
                out, waiting = waiting, b""
            else:
                out, waiting = inflater.decompress(waiting, _PIECE), inflater.unconsumed_tail
            yield out[:left]
            left -= len(out)
