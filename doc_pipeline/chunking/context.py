"""Words before and after a chunk, for ranking only: they cross paragraphs, never headings."""

from __future__ import annotations

from collections.abc import Sequence

from doc_pipeline.chunking.atoms import Atom
from doc_pipeline.chunking.tokens import estimate_tokens, token_starts

TOKENS_BEFORE = 30
TOKENS_AFTER = 15


def words_before(text: str, atoms: Sequence[Atom], first: int) -> str:
    """About 30 tokens before atom `first`."""
    parts: list[str] = []
    room = TOKENS_BEFORE
    while room > 0 and first > 0 and not atoms[first].starts_heading:
        first -= 1
        if atoms[first].ends_heading:
            break
        part = _ending(text[atoms[first].start : atoms[first].end], room)
        parts.append(part)
        room -= estimate_tokens(part)
    return " ".join(reversed(parts))


def words_after(text: str, atoms: Sequence[Atom], last: int) -> str:
    """About 15 tokens after atom `last`."""
    parts: list[str] = []
    room = TOKENS_AFTER
    while room > 0 and last + 1 < len(atoms) and not atoms[last + 1].starts_heading:
        last += 1
        part = _beginning(text[atoms[last].start : atoms[last].end], room)
        parts.append(part)
        room -= estimate_tokens(part)
    return " ".join(parts)


def _beginning(part: str, most: int) -> str:
    starts = token_starts(part)
    return part if len(starts) <= most else part[: starts[most]].rstrip()


def _ending(part: str, most: int) -> str:
    starts = token_starts(part)
    return part if len(starts) <= most else part[starts[len(starts) - most] :]
