"""Messages between the pool and a child: JSON objects with a length in front, over a socket.

Never pickle: what a child sends may come from a file that took it over.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any, cast

_HEADER = struct.Struct("!4sQ")
_MAGIC = b"DPX1"
_PIECE = 1024 * 1024


class WireGarbage(Exception):
    """What came is no message."""


class MessageTooLong(Exception):
    """A message is announced that is longer than this side takes. `args`: its bytes."""


def send(to: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one message. Raises OSError when nobody reads any more."""
    send_bytes(to, encode(message))


def encode(message: Mapping[str, Any]) -> bytes:
    """The message as it travels, without its header."""
    return json.dumps(message, separators=(",", ":")).encode()


def send_bytes(to: socket.socket, body: bytes) -> None:
    """Send a message that was encoded before."""
    to.sendall(_HEADER.pack(_MAGIC, len(body)))
    to.sendall(body)


class Reader:
    """Reads messages; what came of one before a time-out is kept."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._buffer = bytearray()

    def read(self, most_bytes: int, timeout_s: float | None = None) -> dict[str, Any] | None:
        """The next message; None when the other side has closed.

        The time-out is for the whole message, however slowly it drips. Raises `TimeoutError`,
        `WireGarbage`, `MessageTooLong`.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        if not self._fill(_HEADER.size, deadline):
            return None
        magic, length = cast("tuple[bytes, int]", _HEADER.unpack_from(self._buffer))
        if magic != _MAGIC:
            raise WireGarbage
        if length > most_bytes:
            raise MessageTooLong(length)
        if not self._fill(_HEADER.size + length, deadline):
            return None
        with memoryview(self._buffer) as view:
            body = bytes(view[_HEADER.size : _HEADER.size + length])
        del self._buffer[: _HEADER.size + length]
        try:
            message: object = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise WireGarbage from error
        if not isinstance(message, dict):
            raise WireGarbage
        return cast("dict[str, Any]", message)

    def _fill(self, size: int, deadline: float | None) -> bool:
        while len(self._buffer) < size:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._source.settimeout(left)
            try:
                piece = self._source.recv(min(_PIECE, max(size - len(self._buffer), 4096)))
            except ConnectionError:
                return False
            if not piece:
                return False
            self._buffer += piece
        return True
