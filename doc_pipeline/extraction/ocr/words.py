"""Words on a page, as tesseract's TSV tells them, and which of them are noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean

_COLUMNS = 12
_WORD_LEVEL = "5"
_GOOD = 60.0
_NOISE = 35.0
_NOISE_CHARS = 2
_LONG_WORD = 4
_STANDING = 1.5


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


def turn_of(words: Sequence[Word]) -> int:
    """Degrees clockwise that set upright what tesseract read on its side: 0, 90 or 270."""
    letters = [word for word in words if len(word.text) >= _LONG_WORD]
    standing = [w for w in letters if w.bottom - w.top > _STANDING * (w.right - w.left)]
    if not letters or len(standing) * 2 <= len(letters):
        return 0
    same_line = [(a, b) for a, b in pairwise(words) if _line_of(a) == _line_of(b)]
    down = sum(after.top > before.top for before, after in same_line)
    return 270 if down * 2 >= len(same_line) else 90


def _line_of(word: Word) -> tuple[int, int, int]:
    return word.block, word.paragraph, word.line


def turn_word(word: Word, turn: int, width: int, height: int) -> Word:
    """The word on its page of `width` x `height` turned clockwise by 90 or 270 degrees."""
    if turn == 90:
        left, right, top, bottom = height - word.bottom, height - word.top, word.left, word.right
    else:
        left, right, top, bottom = word.top, word.bottom, width - word.right, width - word.left
    return replace(word, left=left, top=top, right=right, bottom=bottom)


def mean_confidence(words: Sequence[Word]) -> float | None:
    """Mean over the words, 0 to 100; None without words."""
    return round(fmean(word.confidence for word in words), 1) if words else None


def count_good_chars(words: Sequence[Word]) -> int:
    """Characters in words that tesseract is sure of: the measure by which readings compare."""
    return sum(len(word.text) for word in words if word.confidence >= _GOOD)
