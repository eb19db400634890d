"""Atoms: the spans that a chunk is put together from, never cut inside.

A heading, a sentence, a line, a table row; only what exceeds the limit is cut further.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from doc_pipeline.chunking.blocks import Block
from doc_pipeline.chunking.graphemes import boundary_at_or_before
from doc_pipeline.chunking.sentences import (
    line_starts,
    prose_line_starts,
    sentence_starts,
    skip_space,
)
from doc_pipeline.chunking.tokens import estimate_tokens, token_offset

SHORT_CHARACTERS = 10
"""Shorter atoms are glued to the next: a hundred thousand lines of two letters cost seconds."""

_SHORT_SHARE = 24
_TOP_LEVELS = 3


class Edge(Enum):
    """What stands between an atom and the one before."""

    BREAK = auto()  # start of the text, or page furniture: always cut
    HEADING = auto()
    SUBHEADING = auto()
    PAGE = auto()  # a new page where pages are units of their own (slides)
    PARAGRAPH = auto()
    ITEM = auto()
    LINE = auto()
    SENTENCE = auto()
    ROW = auto()
    CODE = auto()
    CLAUSE = auto()


@dataclass(slots=True)
class Atom:
    """A span, its size (wide white space behind it included) and the edge before it."""

    start: int
    end: int
    tokens: int
    edge: Edge
    starts_heading: bool
    ends_heading: bool


@dataclass(frozen=True, slots=True)
class AtomSizes:
    """Most tokens of an atom, and what a chunk aims at."""

    limit: int
    target: int


def atoms_of(
    text: str, blocks: list[Block], sizes: AtomSizes, *, pages_are_units: bool = False
) -> list[Atom]:
    """The atoms of all blocks, in order."""
    atoms: list[Atom] = []
    before: Block | None = None
    for block in blocks:
        edge = _edge_of(block, before, pages_are_units=pages_are_units)
        for start, end, inner in _pieces(text, block, sizes):
            piece = Atom(
                start,
                end,
                estimate_tokens(text[start:end]),
                edge if start == block.start else inner,
                starts_heading=block.is_heading,
                ends_heading=block.is_heading,
            )
            _append(atoms, piece, sizes)
        before = block
    return atoms


def _append(atoms: list[Atom], piece: Atom, sizes: AtomSizes) -> None:
    """Add the piece, glued to the atom before when that one is short."""
    if not atoms or piece.edge in {Edge.BREAK, Edge.PAGE}:
        atoms.append(piece)
        return
    last = atoms[-1]
    last.tokens += (piece.start - last.end) // 16
    if (
        not _is_short(last, sizes)
        or last.tokens + piece.tokens > sizes.limit
        or (piece.starts_heading and not last.ends_heading)
    ):
        atoms.append(piece)
    else:
        last.end = piece.end
        last.tokens += piece.tokens
        last.ends_heading = piece.ends_heading


def _is_short(atom: Atom, sizes: AtomSizes) -> bool:
    if atom.end - atom.start < SHORT_CHARACTERS:
        return True
    return atom.tokens * _SHORT_SHARE < sizes.target


def _edge_of(block: Block, before: Block | None, *, pages_are_units: bool) -> Edge:
    if before is None or block.opens_run:
        return Edge.BREAK
    if pages_are_units and block.page != before.page:
        return Edge.PAGE
    if block.is_heading:
        is_top = block.depth is not None and block.depth < _TOP_LEVELS
        return Edge.HEADING if is_top else Edge.SUBHEADING
    return Edge.ITEM if block.type == "ListItem" else Edge.PARAGRAPH


def _pieces(text: str, block: Block, sizes: AtomSizes) -> Iterator[tuple[int, int, Edge]]:
    """Trimmed spans of one block, each with the edge before it."""
    for start, end, edge in _natural_pieces(text, block):
        if estimate_tokens(text[start:end]) <= sizes.limit:
            yield start, end, edge
        else:
            for cut_start, cut_end in _cut_long(text, start, end, sizes):
                yield cut_start, cut_end, edge if cut_start == start else Edge.CLAUSE


def _natural_pieces(text: str, block: Block) -> Iterator[tuple[int, int, Edge]]:
    start, end = block.start, block.end
    if block.is_heading:
        yield start, end, Edge.PARAGRAPH
    elif block.type == "Table":
        yield from _split(text, start, end, line_starts(text, start, end), Edge.ROW)
    elif block.type == "CodeSnippet":
        yield from _split(text, start, end, line_starts(text, start, end), Edge.CODE)
    else:
        yield from _prose_pieces(text, start, end)


def _prose_pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, Edge]]:
    last_end = start
    for line, line_end, _ in _split(
        text, start, end, prose_line_starts(text, start, end), Edge.LINE
    ):
        has_blank_line = text.count("\n", last_end, line) > 1
        edge = Edge.PARAGRAPH if has_blank_line else Edge.LINE
        sentences = sentence_starts(text, line, line_end)
        for piece, piece_end, _ in _split(text, line, line_end, sentences, Edge.SENTENCE):
            yield piece, piece_end, edge if piece == line else Edge.SENTENCE
        last_end = line_end


def _split(
    text: str, start: int, end: int, offsets: Iterable[int], edge: Edge
) -> Iterator[tuple[int, int, Edge]]:
    """Spans between the offsets, white space trimmed at their ends."""
    cursor = start
    for offset in offsets:
        yield cursor, cursor + len(text[cursor:offset].rstrip()), edge
        cursor = offset
    yield cursor, end, edge


def _cut_long(text: str, start: int, end: int, sizes: AtomSizes) -> Iterator[tuple[int, int]]:
    """Cut at '; ', then ', ', then a space, then between graphemes."""
    for mark in ("; ", ", "):
        offsets = _starts_after(text, start, end, mark)
        if offsets:
            for piece, piece_end, _ in _split(text, start, end, offsets, Edge.CLAUSE):
                if estimate_tokens(text[piece:piece_end]) <= sizes.limit:
                    yield piece, piece_end
                else:
                    yield from _cut_long(text, piece, piece_end, sizes)
            return
    yield from _cut_at_spaces(text, start, end, min(sizes.target, sizes.limit))


def _starts_after(text: str, start: int, end: int, mark: str) -> list[int]:
    """Offsets behind each mark, white space passed over."""
    offsets: list[int] = []
    found = text.find(mark, start, end)
    while found != -1:
        offset = skip_space(text, found + len(mark), end)
        if offset < end:
            offsets.append(offset)
        found = text.find(mark, offset, end)
    return offsets


def _cut_at_spaces(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """Spans of at most `most` tokens, cut at white space where there is any."""
    cursor = start
    while (edge := token_offset(text, cursor, end, most)) is not None:
        cut = edge
        while cut > cursor and not text[cut - 1].isspace():
            cut -= 1
        if cut == cursor:
            cut = boundary_at_or_before(text, edge, cursor)
        yield cursor, cursor + len(text[cursor:cut].rstrip())
        cursor = skip_space(text, cut, end)
    yield cursor, end
