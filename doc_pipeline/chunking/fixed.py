"""The fixed strategy: windows of an exact number of characters.

Knows nothing of sentences; only graphemes, the token limit and page furniture move a cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doc_pipeline.chunking.blocks import Block
from doc_pipeline.chunking.graphemes import boundary_at_or_before
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
        cursor = start
        while cursor < end:
            cut = _window_end(text, cursor, end, window)
            if text[cursor:cut].strip():
                yield cursor, cut
            if cut == end:
                break
            step_back = boundary_at_or_before(text, cut - window.overlap, cursor)
            cursor = step_back if cursor < step_back < cut else cut


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
