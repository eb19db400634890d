"""Plain text to blocks: wrapped lines become paragraphs, list items and headings stand alone.

unstructured's own grouping makes an element of every line where blank lines are few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

_WIDEST_WRAP = 130
_FULL_SHARE = 0.72
_BEYOND = 1.7
_NARROWEST_WRAP = 40
_LONGEST_BLOCK = 20_000
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_ITEM = re.compile(r"^\s*(?:[•‣▪●○◦∙·*+–-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+\S")
_RULE = re.compile(r"^\s*(?:[=\-_~*#]\s*){4,}$")
_SENTENCE_END = (".", "!", "?", ":", ";", ",", "。", "！", "？", "؟", "।")


def split_blocks(text: str) -> Iterator[str]:
    """Blocks in reading order, none of them empty or longer than 20,000 characters."""
    wrap = _wrap_width(text)
    for paragraph in _BLANK.split(text):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        lines = [line for line in lines if line.strip() and not _RULE.match(line)]
        for block in _group(lines, wrap):
            yield from _pieces(block)


def _wrap_width(text: str) -> int | None:
    """Width at which the lines were wrapped; None where every line is a paragraph."""
    lengths = sorted(len(line.rstrip()) for line in text[:200_000].split("\n") if line.strip())
    if len(lengths) < 2:
        return None
    width = lengths[int(len(lengths) * 0.8)]
    return width if _NARROWEST_WRAP <= width <= _WIDEST_WRAP else None


def _group(lines: Sequence[str], wrap: int | None) -> Iterator[str]:
    """Join wrapped lines; keep runs of short lines (addresses, verses, tables) as rows."""
    if wrap is None:
        yield from (line.strip() for line in lines) if len(lines) > 1 else map(str.strip, lines)
        return
    block: list[str] = []
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if block and _starts_new(block, line, following, wrap):
            yield _joined(block, wrap)
            block = []
        block.append(line)
    if block:
        yield _joined(block, wrap)


def _starts_new(block: Sequence[str], line: str, following: str, wrap: int) -> bool:
    before = block[-1]
    if _ITEM.match(line):
        return True
    if _is_full(before, wrap):
        return False
    if before.rstrip().endswith(_SENTENCE_END) and len(block) > 1:
        return True
    # A short line between prose is a heading; a run of short lines stays together.
    is_prose_next = _is_full(line, wrap)
    was_prose = len(block) > 1 and _is_full(block[-2], wrap)
    return is_prose_next or (was_prose and _is_full(following, wrap))


def _is_full(line: str, wrap: int) -> bool:
    """Whether a line was broken by the wrap; one far beyond it is a paragraph of its own."""
    return wrap * _FULL_SHARE <= len(line) <= wrap * _BEYOND


def _joined(block: Sequence[str], wrap: int) -> str:
    """One paragraph where the lines were wrapped, rows where each line ends early."""
    parts = [block[0].strip()]
    for before, line in pairwise(block):
        is_wrapped = _is_full(before, wrap) or _ITEM.match(block[0])
        parts.append((" " if is_wrapped else "\n") + line.strip())
    return "".join(parts)


def _pieces(block: str) -> Iterator[str]:
    rest = block.strip()
    while len(rest) > _LONGEST_BLOCK:
        cut = max(rest.rfind("\n", 0, _LONGEST_BLOCK), rest.rfind(" ", 0, _LONGEST_BLOCK))
        cut = cut if cut > 0 else _LONGEST_BLOCK
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest
