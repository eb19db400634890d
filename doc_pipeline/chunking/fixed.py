"""The fixed strategy: windows of an exact number of characters.

Knows nothing of sentences; only graphemes, the token limit and page furniture move a cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doc_pipeline.chunking.blocks import Block
from doc_pipeline.chunking.graphemes import boundary_at_or_before, is_boundary
from doc_pipeline.chunking.tokens import token_offset


@dataclass(frozen=True, slots=True)
class Window:
    """Characters of a window and of its overlap with the one before; most tokens in it."""

    size: int
    overlap: int
    max_tokens: int


def fixed_spans(text: str, blocks: Sequence[Block], window: Window) -> Iterator[tuple[int, int]]:
    """Spans of exactly `size` characters, shorter only where one of these would be broken.

    A grapheme, the token limit, the end of the text or a header or footer. A single grapheme that
    is larger than the window is cut: a limit is a limit.
    """
    for start, end in _runs(blocks):
        cursor, cut = start, _window_end(text, start, end, window)
        while cursor < end:
            if text[cursor:cut].strip():
                yield cursor, cut
            cursor = _next_start(text, (cursor, cut), end, window)
            cut = _window_end(text, cursor, end, window)


def _next_start(text: str, last: tuple[int, int], end: int, window: Window) -> int:
    """Where the next window begins: by the overlap before the end of the last, if that gets on."""
    cursor, cut = last
    wished = cut - window.overlap
    if cut < end and cursor < wished < cut:
        start = boundary_at_or_before(text, wished, cursor)
        if is_boundary(text, start, cursor) and _window_end(text, start, end, window) > cut:
            return start
    return cut


def _runs(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Stretches of text without page furniture."""
    start = end = 0
    for block in blocks:
        if block.opens_run:
            if start < end:
                yield start, end
            start = block.start
        end = block.end
    if start < end:
        yield start, end


def _window_end(text: str, cursor: int, end: int, window: Window) -> int:
    cut = min(cursor + window.size, end)
    over = token_offset(text, cursor, cut, window.max_tokens)
    if over is not None:
        cut = over
    return cut if cut == end else boundary_at_or_before(text, cut, cursor)
