"""Words of a page to elements: lines, paragraphs, headings, list items.

Reading order and paragraphs are tesseract's; heights of lines tell the headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, repeat
from statistics import fmean, median

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.extraction.ocr.reading import Reading
from doc_pipeline.extraction.ocr.words import Word

_TITLE_SIZE = 1.2
_TITLE_MAX_WORDS = 14
_TITLE_MAX_LINES = 3
_NARRATIVE_WORDS = 8
_X_HEIGHT, _REACH = 0.55, 0.225
"""Shares of the size: small letters such as x, and what others reach above or below."""
_UP = frozenset("bdfhijkltßäöüáàâéèêíìîóòôúùûñåčšžёйбф!?()[]/|&%$€\"'")
_DOWN = frozenset("gjpqyçşруфцщд,;()[]/|§")
_DIGITS_OF_ROWS = 0.25
_SHORT_LINE = 0.2
_BULLETS = "•‣▪▫●○◦∙·⁃◆◇■□➢➤✓✔❖–—*-"
_MISREAD_BULLETS = frozenset("eEoO0*©®°¢«».·")
_UNSURE = 75.0
_BULLET_GAP = 0.6
_BULLET = re.compile(rf"^[{_BULLETS}]\s+(?=\S)")
_NUMBER = re.compile(r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\])\s+(?=\S)")
_NO_TITLE_END = (".", ",", ";", "。", "،", "۔")
_SENTENCE_END = tuple(".!?:;。！？：；؟…।")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff00-\uff60\u3000-\u3003]")
_HYPHENS = "-\u2010\u00ad¬"


@dataclass(frozen=True, slots=True)
class _Line:
    """Words side by side."""

    words: Sequence[Word]

    @property
    def text(self) -> str:
        return _join_words([word.text for word in self.words])

    @property
    def has_misread_bullet(self) -> bool:
        """Whether it begins with a dot that was taken for a letter, and then a gap."""
        if len(self.words) < 2:
            return False
        dot, word = self.words[:2]
        is_dot = dot.text in _MISREAD_BULLETS and dot.confidence < _UNSURE
        return is_dot and word.left - dot.right >= _BULLET_GAP * _size_of(word)

    @property
    def right(self) -> int:
        return max(word.right for word in self.words)

    @property
    def size(self) -> float:
        """Size of the letters in pixels, as fonts count it."""
        return median(_size_of(word) for word in self.words)


def _size_of(word: Word) -> float:
    """Height of the box, as it would be with letters that reach up and down."""
    if any(letter > "\u0590" for letter in word.text):
        return word.bottom - word.top
    share = _X_HEIGHT
    if any(letter in _UP or letter.isupper() or letter.isdigit() for letter in word.text):
        share += _REACH
    if any(letter in _DOWN for letter in word.text):
        share += _REACH
    return (word.bottom - word.top) / share


def build_elements(reading: Reading, page: int, size: tuple[int, int]) -> list[Element]:
    """Elements of one page in reading order; `size` is the picture's width and height."""
    paragraphs = [
        [_Line(list(line)) for _, line in groupby(words, key=lambda word: word.line)]
        for _, words in groupby(reading.words, key=lambda word: (word.block, word.paragraph))
    ]
    usual = _usual_size(paragraphs)
    return [
        _element(role, lines, reading, page, size)
        for paragraph in paragraphs
        for role, lines in _split(paragraph, usual)
    ]


def _usual_size(paragraphs: Sequence[Sequence[_Line]]) -> float:
    """Size of the line in which the page's middle letter stands."""
    sizes = [
        size
        for paragraph in paragraphs
        for line in paragraph
        for size in repeat(line.size, len(line.text))
    ]
    return median(sizes) if sizes else 0.0


def _split(paragraph: Sequence[_Line], usual: float) -> Iterator[tuple[str, list[_Line]]]:
    """Pieces of a paragraph with their type: headings and list items stand alone."""
    role, piece = "", list[_Line]()
    for line in paragraph:
        kind = _role(line, usual)
        if piece and (kind == "ListItem" or (kind == "Title") != (role == "Title")):
            yield role, piece
            role, piece = "", []
        role = role or kind
        piece.append(line)
    if piece:
        yield role, piece


def _role(line: _Line, usual: float) -> str:
    text = line.text
    letters = sum(map(str.isalpha, text))
    is_short = len(line.words) <= _TITLE_MAX_WORDS
    if line.has_misread_bullet:
        return "ListItem"
    is_title = is_short and not text.endswith(_NO_TITLE_END)
    if is_title and letters * 2 >= len(text) and line.size >= usual * _TITLE_SIZE:
        return "Title"
    return "ListItem" if _BULLET.match(text) or _NUMBER.match(text) else ""


def _element(
    role: str, lines: Sequence[_Line], reading: Reading, page: int, size: tuple[int, int]
) -> Element:
    words = [word for line in lines for word in line.words]
    is_rows = not role and _are_rows(lines)
    texts = [line.text for line in lines]
    if lines[0].has_misread_bullet:
        texts[0] = _join_words([word.text for word in lines[0].words[1:]])
    text = "\n".join(texts) if is_rows else _join_lines(texts)
    if role == "Title" and len(lines) > _TITLE_MAX_LINES:
        role = ""
    if role == "ListItem":
        text = _BULLET.sub("", text)
    extra: dict[str, object] = {"ocr_confidence": round(fmean(w.confidence for w in words), 1)}
    if reading.rotation:
        extra["ocr_rotation"] = reading.rotation
    left, top, right, bottom = reading.place(
        (
            min(word.left for word in words),
            min(word.top for word in words),
            max(word.right for word in words),
            max(word.bottom for word in words),
        )
    )
    return Element(
        type=role or ("UncategorizedText" if is_rows else _prose_type(text)),
        text=text,
        page=page,
        depth=0 if role == "Title" else None,
        box=Box(left, top, right, bottom, *size, unit="pixels"),
        extra=extra,
    )


def _are_rows(lines: Sequence[_Line]) -> bool:
    """Rows of a table, addresses, verses: lines that end before the paragraph's right edge."""
    if len(lines) < 2:
        return False
    text = "".join(line.text for line in lines)
    if sum(map(str.isdigit, text)) > len(text) * _DIGITS_OF_ROWS:
        return True
    left = min(word.left for line in lines for word in line.words)
    right = max(line.right for line in lines)
    short = sum(line.right < right - _SHORT_LINE * (right - left) for line in lines[:-1])
    return len(lines) > 2 and short * 2 > len(lines) - 1


def _prose_type(text: str) -> str:
    if text.endswith(_SENTENCE_END) or len(text.split()) >= _NARRATIVE_WORDS:
        return "NarrativeText"
    return "UncategorizedText"


def _join_words(words: Sequence[str]) -> str:
    """Words with spaces between them, but none within Chinese and Japanese."""
    text = words[0]
    for word in words[1:]:
        is_dense = _UNSPACED.match(text[-1]) and _UNSPACED.match(word[0])
        text += word if is_dense else f" {word}"
    return text


def _join_lines(lines: Sequence[str]) -> str:
    """Lines of a paragraph as one line; a word divided at a line's end becomes whole."""
    text = lines[0]
    for line in lines[1:]:
        if text[-1] in _HYPHENS and text[-2:-1].isalnum():
            is_divided = text[-2].isalpha() and line[0].islower()
            text = (text[:-1] if is_divided else text) + line
        else:
            text = _join_words([text, line])
    return text
