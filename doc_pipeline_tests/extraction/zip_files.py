"""Locked zips, written as zip programs write them: with the old cipher and with AES."""

from __future__ import annotations

import hashlib
import hmac
import io
import struct
import zipfile
import zlib
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_SALT = bytes(range(16))


def plain_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip that is not locked."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def locked_zip(name: str, content: bytes, password: bytes) -> bytes:
    """One member under the cipher of PKZIP."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    crc = zlib.crc32(content)
    body = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + content:
        salted = keys[2] | 2
        body.append(byte ^ ((salted * (salted ^ 1)) >> 8) & 0xFF)
        update(byte)
    return _one_member(name, bytes(body), content, 0, b"", crc)


def aes_zip(name: str, content: bytes, password: bytes) -> bytes:
    """One member under AES-256, as WinZip writes it (AE-2)."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(content) + packer.flush()
    keys = hashlib.pbkdf2_hmac("sha1", password, _SALT, 1000, 66)
    cipher: Any = Cipher(algorithms.AES(keys[:32]), modes.ECB()).encryptor()  # noqa: S305
    locked = bytearray()
    for number, start in enumerate(range(0, len(packed), 16), start=1):
        stream = cipher.update(number.to_bytes(16, "little"))
        locked += bytes(a ^ b for a, b in zip(packed[start : start + 16], stream, strict=False))
    seal = hmac.new(keys[32:64], locked, "sha1").digest()[:10]
    field = struct.pack("<HHHsBBH", 0x9901, 7, 2, b"A", ord("E"), 3, 8)
    return _one_member(name, _SALT + keys[64:] + locked + seal, content, 99, field, 0)


def _crc(value: int, byte: int) -> int:
    value ^= byte
    for _ in range(8):
        value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
    return value


def _one_member(
    name: str, body: bytes, content: bytes, method: int, extra: bytes, crc: int
) -> bytes:
    common = struct.pack(
        "<HHHHHIIIHH", 20, 1, method, 0, 0, crc, len(body), len(content), len(name), len(extra)
    )
    local = b"PK\x03\x04" + common + name.encode() + extra + body
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0)
    entry += name.encode() + extra
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + end
