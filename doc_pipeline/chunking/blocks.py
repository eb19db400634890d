"""Blocks: the elements as cutting sees them, white space trimmed and page furniture taken out.

Text that no element covers becomes a block of its own, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from doc_pipeline.domain.element import MARGIN_TYPES, ExtractedText

UNCOVERED_TYPE = "UncategorizedText"
HEADING_TYPE = "Title"
MAX_HEADING_CHARACTERS = 300
"""A longer Title is prose that an extractor took for one."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text of one kind. `opens_run`: page furniture stands before it."""

    start: int
    end: int
    type: str
    page: int | None
    depth: int | None
    opens_run: bool = False

    @property
    def is_heading(self) -> bool:
        """Whether it names what follows."""
        return self.type == HEADING_TYPE and self.end - self.start <= MAX_HEADING_CHARACTERS


def blocks_of(extracted: ExtractedText) -> list[Block]:
    """The blocks of a text, in order, never overlapping and never blank."""
    blocks: list[Block] = []
    opens_run = True
    for span in _spans(extracted):
        if span.type in MARGIN_TYPES:
            opens_run = True
            continue
        piece = extracted.text[span.start : span.end]
        start = span.start + len(piece) - len(piece.lstrip())
        end = span.start + len(piece.rstrip())
        if start < end:
            blocks.append(Block(start, end, span.type, span.page, span.depth, opens_run))
            opens_run = False
    return blocks


def _spans(extracted: ExtractedText) -> Iterator[Block]:
    """All of the text: placed elements by position, clipped, and the gaps between them."""
    cursor, length = 0, len(extracted.text)
    placed = [element for element in extracted.elements if element.start >= 0]
    for element in sorted(placed, key=lambda element: (element.start, element.end)):
        start, end = max(element.start, cursor), min(element.end, length)
        if start >= end:
            continue
        if cursor < start:
            yield Block(cursor, start, UNCOVERED_TYPE, None, None)
        yield Block(start, end, element.type, element.page, element.depth)
        cursor = end
    if cursor < length:
        yield Block(cursor, length, UNCOVERED_TYPE, None, None)
