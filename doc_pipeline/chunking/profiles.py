"""How large a chunk should be in a document of this kind. Small numbers, one table, no cutting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doc_pipeline.chunking.blocks import Block
from doc_pipeline.chunking.tokens import estimate_tokens

_SLIDE_KINDS = frozenset({"pptx", "ppt", "odp", "key"})
_TABLE_KINDS = frozenset({"csv", "tsv", "xlsx", "xls", "ods"})
_MEMO_TOKENS = 800
_REPORT_TOKENS = 12_000
_LIST_BLOCK_TOKENS = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """What sort of document it is, and the tokens a chunk aims at."""

    name: str
    target: int
    pages_are_units: bool = False


MEMO = Profile("memo", 60)
SLIDES = Profile("slides", 60, pages_are_units=True)
TABLE = Profile("table", 90)
LIST = Profile("list", 50)
PROSE = Profile("prose", 70)
REPORT = Profile("report", 80)


def profile_of(text: str, blocks: Sequence[Block], kind: str) -> Profile:
    """Pick the profile of a document; the first row that fits wins.

    | profile | fits                                             | target |
    |---------|--------------------------------------------------|--------|
    | slides  | the kind is one of presentations                 | 60     |
    | table   | the kind is one of sheets, or tables are most of it | 90  |
    | list    | chats and lists: blocks of 12 tokens on average  | 50     |
    | memo    | at most 800 tokens                               | 60     |
    | report  | more than 12,000 tokens                          | 80     |
    | prose   | everything else                                  | 70     |

    Between 50 and 80 tokens the size changes what a search finds by less than can be measured, so
    the table follows sense: rows want their neighbours, messages stand alone, and a short note
    should still give more than one passage.
    """
    if kind in _SLIDE_KINDS:
        return SLIDES
    characters = sum(block.end - block.start for block in blocks)
    tabular = sum(block.end - block.start for block in blocks if block.type == "Table")
    if kind in _TABLE_KINDS or tabular * 2 > characters:
        return TABLE
    tokens = estimate_tokens(text)
    if len(blocks) > 8 and tokens <= _LIST_BLOCK_TOKENS * len(blocks):
        return LIST
    if tokens <= _MEMO_TOKENS:
        return MEMO
    return REPORT if tokens > _REPORT_TOKENS else PROSE
