"""Words on a page, as tesseract's TSV tells them, and which of them are noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

_COLUMNS = 12
_WORD_LEVEL = "5"
_GOOD = 60.0
_NOISE = 35.0
_NOISE_CHARS = 2


@dataclass(frozen=True, slots=True)
class Word:
    """One word; its box is in pixels from the top left corner, `confidence` goes from 0 to 100.

    `block`, `paragraph` and `line` count from 1, each within the one before.
    """

    block: int
    paragraph: int
    line: int
    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int


def parse_words(tsv: str) -> list[Word]:
    """Words in reading order, without noise."""
    words: list[Word] = []
    for row in tsv.split("\n")[1:]:
        cells = row.split("\t", _COLUMNS - 1)
        if len(cells) == _COLUMNS and cells[0] == _WORD_LEVEL and cells[11].strip():
            words.append(_word(cells))
    return [word for word in words if not is_noise(word)]


def _word(cells: Sequence[str]) -> Word:
    block, paragraph, line = map(int, cells[2:5])
    left, top, width, height = map(int, cells[6:10])
    return Word(
        block=block,
        paragraph=paragraph,
        line=line,
        text=cells[11].strip(),
        confidence=float(cells[10]),
        left=left,
        top=top,
        right=left + width,
        bottom=top + height,
    )


def is_noise(word: Word) -> bool:
    """Whether this is a speck, a rule or a stain that was taken for one or two characters."""
    if word.confidence >= _GOOD:
        return False
    has_letters = any(map(str.isalnum, word.text))
    if not has_letters:
        return True
    return word.confidence < _NOISE and len(word.text) <= _NOISE_CHARS


def mean_confidence(words: Sequence[Word]) -> float | None:
    """Mean over the words, 0 to 100; None without words."""
    return round(fmean(word.confidence for word in words), 1) if words else None


def count_good_chars(words: Sequence[Word]) -> int:
    """Characters in words that tesseract is sure of: the measure by which readings compare."""
    return sum(len(word.text) for word in words if word.confidence >= _GOOD)
