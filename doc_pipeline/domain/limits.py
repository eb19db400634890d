"""Limits that a file must keep. Only numbers; who enforces them is in intake and extraction."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
STREAM_ABOVE_BYTES = 16 * MIB
"""Objects above this are never read whole."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest a file may be, in bytes, pages, members or elements."""

    file_bytes: int = 512 * MIB
    pages: int = 10_000
    zip_members: int = 10_000
    zip_expanded_bytes: int = 1024 * MIB
    zip_ratio: float = 200.0
    text_bytes: int = 64 * MIB
    table_rows: int = 200_000
