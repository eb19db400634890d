"""Limits that a file must keep. Only numbers; who enforces them is in intake and extraction."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
STREAM_ABOVE_BYTES = 16 * MIB
"""Objects above this are never read whole."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest a file may be, and the most that extracting it may take.

    What is inside: `table_rows` are rows of one workbook or text table (the rest is left out with
    a warning), `image_pixels` of one picture, `attachments` of one mail or archive,
    `attachment_depth` levels of files within files (a mail in a mail in an upload: 2).

    What it takes: `cpu_s` and `wall_s` seconds for one document without OCR (each OCR page adds
    its own time), `memory_bytes` of address space, `processes` threads and processes together,
    `output_bytes` of text and elements as JSON.
    """

    file_bytes: int = 512 * MIB
    pages: int = 10_000
    zip_members: int = 10_000
    zip_expanded_bytes: int = 1024 * MIB
    zip_ratio: float = 200.0
    text_bytes: int = 64 * MIB
    table_rows: int = 200_000
    image_pixels: int = 200_000_000
    attachments: int = 1_000
    attachment_depth: int = 2
    cpu_s: float = 120.0
    wall_s: float = 300.0
    memory_bytes: int = 2048 * MIB
    processes: int = 64
    output_bytes: int = 256 * MIB
