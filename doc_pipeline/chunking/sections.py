"""The trail of headings above each chunk. Does not decide where a chunk begins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from doc_pipeline.chunking.blocks import Block
from doc_pipeline.chunking.graphemes import boundary_at_or_before

MAX_TRAIL_CHARACTERS = 160
TRAIL_SEPARATOR = " > "

_OFTEN = 4
_NO_LEVEL = 99
_NUMBERING = re.compile(r"^[\W\d_]+|[\W_]+$")
_SAY_NOTHING_NAMES = """
introduction|overview|summary|background|conclusion|conclusions|contents|table of contents
notes|general|misc|miscellaneous|other|appendix|references|see also|external links
einleitung|überblick|zusammenfassung|inhalt|inhaltsverzeichnis|allgemeines|anhang
résumé|sommaire|annexe|introducción|resumen|índice|conclusión|anexo
"""
_SAY_NOTHING = frozenset(_SAY_NOTHING_NAMES.strip().replace("\n", "|").split("|"))


def section_trails(
    text: str, blocks: Sequence[Block], starts: Sequence[int]
) -> Iterator[tuple[str, ...]]:
    """For each start, in order: the headings above it, outermost first, at most 160 characters.

    A heading that a chunk begins with is its text, not its trail. Headings that repeat often, or
    say nothing, are left out: they would make passages look alike.
    """
    headings = [block for block in blocks if block.is_heading]
    names = [" ".join(text[heading.start : heading.end].split()) for heading in headings]
    count = Counter(name.lower() for name in names)
    stack: list[tuple[int, str]] = []
    position = 0
    for start in starts:
        while position < len(headings) and headings[position].start < start:
            level = _level(headings[position])
            stack = [*_above(stack, level), (level, names[position])]
            position += 1
        above = stack
        if position < len(headings) and headings[position].start == start:
            above = _above(stack, _level(headings[position]))
        yield _shortened([name for _, name in above if _tells(name, count)])


def _level(heading: Block) -> int:
    return _NO_LEVEL if heading.depth is None else heading.depth


def _above(stack: list[tuple[int, str]], level: int) -> list[tuple[int, str]]:
    return [item for item in stack if item[0] < level]


def _tells(name: str, count: Counter[str]) -> bool:
    key = name.lower()
    return count[key] < _OFTEN and _NUMBERING.sub("", key) not in _SAY_NOTHING


def _shortened(names: list[str]) -> tuple[str, ...]:
    """Drop the outermost until it fits; a single name that is too long loses its end."""
    while len(names) > 1 and len(TRAIL_SEPARATOR.join(names)) > MAX_TRAIL_CHARACTERS:
        names = names[1:]
    if names and len(names[0]) > MAX_TRAIL_CHARACTERS:
        cut = boundary_at_or_before(names[0], MAX_TRAIL_CHARACTERS, 0)
        names = [names[0][:cut].rstrip()]
    return tuple(names)
