"""Lines of a PDF to elements: headings, paragraphs, list items.

Layout only: size, weight, place and gaps. Knows neither pdfium nor elements' offsets.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from doc_pipeline.domain.element import MARGIN_TYPES, Box, Element
from doc_pipeline.extraction.pdf.lines import Line, PageLines
from doc_pipeline.extraction.pdf.margins import repeated_margins

_TITLE_SIZE = 1.12
_SMALL_TITLE_SIZE = 1.04
_MOST_SMALL_TITLES = 0.1
_TITLE_MAX_CHARS = 200
_BOLD_TITLE_MAX_CHARS = 100
_GAP = 1.28
_SIZE_CHANGE = 0.08
_MAX_DEPTH = 5
_BULLET = re.compile(r"^[•‣▪▫●○◦∙·⁃◆◇■□➢➤✓✔❖\uf0b7\uf0a7\uf076\u2043–—*-]\s+(?=\S)")
_NUMBER = re.compile(r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\])\s+(?=\S)")
_HEADING_NUMBER = re.compile(r"^(?:\d{1,3}(?:\.\d{1,3})*\.?|[A-Z]\.|[IVX]{1,5}\.)\s+(?=\S)")
_SENTENCE_END = tuple(".!?:;。！？：；؟…।")
_LEADERS = re.compile(r"(?:\.\s?){5}|…{2}")
"""Dots that lead to a page number in a table of contents."""
_PROSE_LINES = 4
_PROSE_CHARS = 35
_NARRATIVE_WORDS = 8
_TITLE_MAX_LINES = 3
_TITLE_MAX_WORDS = 25
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff00-\uff60\u3000-\u3003]")
_DIGIT_SHARE_OF_ROWS = 0.25
_AROUND_NUMBERS = "()+-–—%€$.,:"


@dataclass(frozen=True, slots=True)
class _Style:
    """What is normal in this document."""

    body_size: float
    is_body_bold: bool
    leading: dict[float, float]
    prose_sizes: frozenset[float]
    """Sizes, larger than the body's, in which whole paragraphs are set: no headings."""
    heading_sizes: frozenset[float]
    """Sizes little above the body's in which only short lines stand."""


@dataclass(slots=True)
class _Block:
    """Lines that belong together; `role` is an element type."""

    role: str
    page_width: float
    page_height: float
    lines: list[Line] = field(default_factory=list[Line])

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def box(self) -> Box:
        return Box(
            min(line.left for line in self.lines),
            min(line.top for line in self.lines),
            max(line.right for line in self.lines),
            max(line.bottom for line in self.lines),
            self.page_width,
            self.page_height,
        )

    @property
    def text(self) -> str:
        parts: list[str] = []
        between = "\n" if self._is_rows() else " "
        for line in self.lines:
            if parts:
                parts.append(_joint(parts[-1], line.text, between))
            parts.append(line.text + ("\0" if line.is_hyphenated else ""))
        return "".join(parts).replace("\0", "").strip()

    def _is_rows(self) -> bool:
        """Table rows, addresses, verses: lines that do not reach a common right edge."""
        if len(self.lines) < 2 or self.role == "Title":
            return False
        text = "".join(line.text for line in self.lines)
        if sum(map(str.isdigit, text)) > len(text) * _DIGIT_SHARE_OF_ROWS:
            return True
        values = sum(_ends_in_value(line.text) for line in self.lines)
        if values > len(self.lines) * 0.6:
            return True
        full = sum(sum(_reach_the_edge(column)) for column in self._columns())
        full -= _reach_the_edge(self._columns()[-1])[-1]
        return full * 2 < len(self.lines) - 1

    def _columns(self) -> list[list[Line]]:
        """The lines, parted where the block goes on in the next column."""
        columns = [[self.lines[0]]]
        for before, line in pairwise(self.lines):
            if line.top < before.top - line.size / 2:
                columns.append([])
            columns[-1].append(line)
        return columns


def _reach_the_edge(lines: Sequence[Line]) -> list[bool]:
    start = min(_start(line) for line in lines)
    end = max(_end(line) for line in lines)
    return [_end(line) >= end - 0.12 * (end - start) for line in lines]


def _ends_in_value(text: str) -> bool:
    """Whether the last word is a number or a dash, as in the last column of a table."""
    last = text.rsplit(maxsplit=1)[-1:]
    return bool(last) and (last[0] in "-–—" or _is_number(last[0]))


def _is_number(word: str) -> bool:
    return word.strip(_AROUND_NUMBERS).replace(",", "").replace(".", "").isdigit()


def _joint(before: str, after: str, between: str) -> str:
    """What stands between two lines: nothing in a divided word or in Chinese and Japanese."""
    if before.endswith("\0"):
        return ""
    if between == " " and _UNSPACED.match(before[-1]) and _UNSPACED.match(after[0]):
        return ""
    return between


def build_elements(pages: Sequence[PageLines]) -> list[Element]:
    """Elements of all pages in reading order."""
    margins = repeated_margins(pages)
    prose = [line for page in pages for line in page.lines if line.element is None]
    body = [line for line in prose if id(line) not in margins and not line.is_sideways]
    style = _measure(body or prose)
    blocks: list[_Block] = []
    for page in pages:
        page_blocks: list[_Block] = []
        for line in page.lines:
            role = margins.get(id(line)) or _role(line, style)
            last = page_blocks[-1] if page_blocks else None
            if last and _is_bold_prose(last, line, role, style):
                last.role = role
            if last and _continues(last, line, role, style):
                last.lines.append(line)
            else:
                page_blocks.append(_Block(role, page.width, page.height, [line]))
        blocks.extend(page_blocks)
    depths = _depths(blocks)
    return [_element(block, depths) for block in blocks]


def _measure(lines: Sequence[Line]) -> _Style:
    sizes: Counter[float] = Counter()
    in_prose: Counter[float] = Counter()
    run: list[Line] = []
    bold = 0
    gaps: dict[float, list[float]] = defaultdict(list)
    for line in lines:
        sizes[_half_points(line)] += len(line.text)
        if run and not _is_next_of_prose(run[-1], line):
            run = []
        run.append(line)
        if len(run) >= _PROSE_LINES:
            added = run if len(run) == _PROSE_LINES else [line]
            in_prose[_half_points(line)] += sum(len(each.text) for each in added)
        bold += len(line.text) if line.is_bold else 0
    for before, line in pairwise(lines):
        pitch = line.top - before.top
        if line.page == before.page and _is_same_size(before, line) and 0 < pitch < 3 * line.size:
            gaps[round(line.size)].append(pitch)
    leading = {size: sorted(values)[len(values) // 3] for size, values in gaps.items()}
    body_size = max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 10.0
    prose_sizes = frozenset(size for size, chars in in_prose.items() if chars * 2 > sizes[size])
    heading_sizes = _heading_sizes(lines, body_size)
    return _Style(body_size, bold * 2 > sum(sizes.values()), leading, prose_sizes, heading_sizes)


def _heading_sizes(lines: Sequence[Line], body_size: float) -> frozenset[float]:
    """Sizes of 4 to 12 % above the body's that are rare, and only in short lines."""
    near: dict[float, list[str]] = defaultdict(list)
    for line in lines:
        if body_size * _SMALL_TITLE_SIZE <= line.size < body_size * _TITLE_SIZE:
            near[line.size].append(line.text)
    return frozenset(
        size
        for size, texts in near.items()
        if 1 < len(texts) <= len(lines) * _MOST_SMALL_TITLES
        and max(map(len, texts)) <= _BOLD_TITLE_MAX_CHARS
        and sum(text.endswith(_SENTENCE_END) for text in texts) * 5 <= len(texts)
    )


def _half_points(line: Line) -> float:
    return round(line.size * 2) / 2


def _is_next_of_prose(before: Line, line: Line) -> bool:
    is_long = min(len(before.text), len(line.text)) >= _PROSE_CHARS
    pitch = line.top - before.top
    return is_long and before.size == line.size and 0 < pitch < 1.8 * line.size


def _is_same_size(before: Line, line: Line) -> bool:
    return abs(before.size - line.size) <= _SIZE_CHANGE * max(before.size, line.size)


def _role(line: Line, style: _Style) -> str:
    if line.element is not None:
        return line.element.type
    if line.is_sideways:
        return "NarrativeText"
    has_words = sum(map(str.isalpha, line.text)) * 2 >= len(line.text.replace(" ", ""))
    if has_words and _stands_out(line, style):
        return "Title"
    if _BULLET.match(line.text) or _NUMBER.match(line.text):
        return "ListItem"
    return "NarrativeText"


def _stands_out(line: Line, style: _Style) -> bool:
    if _LEADERS.search(line.text):
        return False
    if line.size >= style.body_size * _TITLE_SIZE and _half_points(line) not in style.prose_sizes:
        return len(line.text) <= _TITLE_MAX_CHARS
    if line.size in style.heading_sizes:
        return not line.text.endswith(_SENTENCE_END)
    if not line.is_bold or style.is_body_bold or line.size < style.body_size * 0.95:
        return False
    is_short = len(line.text) <= _BOLD_TITLE_MAX_CHARS
    return is_short and not line.text.endswith((".", ",", ";")) and not _BULLET.match(line.text)


def _continues(block: _Block, line: Line, role: str, style: _Style) -> bool:
    """Whether a line belongs to the block before it."""
    before = block.lines[-1]
    if before.element is not None or line.element is not None:
        return False
    if before.is_sideways or line.is_sideways:
        return before.is_sideways and line.is_sideways and _is_same_size(before, line)
    if {role, block.role} & MARGIN_TYPES:
        return role == block.role and abs(line.top - before.top) < before.size / 2
    if not _is_same_size(before, line) or line.is_bold != before.is_bold:
        return _is_same_row(before, line) and role != "Title" and block.role != "Title"
    if role == "ListItem" or (role == "Title") != (block.role == "Title"):
        return False
    if line.top - before.top < -line.size / 2:
        return role != "Title" and _goes_on_in_next_column(block, line)
    if _is_gap(before, line, style):
        return False
    if role == "Title":
        return not _HEADING_NUMBER.match(line.text) and len(block.text) < _TITLE_MAX_CHARS
    return _is_same_row(before, line) or not _ends_paragraph(block, line)


def _is_gap(before: Line, line: Line, style: _Style) -> bool:
    leading = style.leading.get(round(line.size), line.size * 1.2)
    return line.top - before.top > max(leading, line.size * 0.9) * _GAP


def _is_bold_prose(block: _Block, line: Line, role: str, style: _Style) -> bool:
    """What began as a heading is a sentence in bold: it goes on in small letters to a full stop."""
    before = block.lines[-1]
    return (
        (block.role, role) == ("Title", "NarrativeText")
        and before.is_bold
        and line.is_bold
        and _is_same_size(before, line)
        and before.top < line.top
        and not _is_gap(before, line, style)
        and line.text[0].islower()
    )


def _goes_on_in_next_column(block: _Block, line: Line) -> bool:
    """A sentence that stops at the foot of a column and goes on at the head of the next."""
    before = block.lines[-1]
    is_beside = line.left > before.right or line.right < min(each.left for each in block.lines[-6:])
    is_open = before.is_hyphenated or not before.text.endswith(_SENTENCE_END)
    return is_beside and is_open and (before.is_hyphenated or line.text[0].islower())


def _is_same_row(before: Line, line: Line) -> bool:
    return abs(line.top - before.top) < line.size / 2 and line.left >= before.right - 1


def _ends_paragraph(block: _Block, line: Line) -> bool:
    """A short last line with a full stop, or a first line that is set in or out."""
    before = block.lines[-1]
    end = max(_end(each) for each in (*block.lines[-6:], line))
    width = end - min(_start(before), _start(line))
    is_short = _end(before) < end - max(0.15 * width, 2 * before.size)
    if is_short and before.text.endswith(_SENTENCE_END):
        return True
    indent = _start(line) - _start(before)
    if indent > line.size * 0.8 and len(block.lines) > 1:
        return True
    return block.role == "ListItem" and indent < -line.size * 0.8


def _start(line: Line) -> float:
    """Where the line begins, growing in the direction in which it is read."""
    return -line.right if line.is_rtl else line.left


def _end(line: Line) -> float:
    return -line.left if line.is_rtl else line.right


def _depths(blocks: Iterable[_Block]) -> dict[tuple[float, bool], int]:
    """Heading level of each title style: larger first, then bold before plain."""
    styles = {_title_style(block) for block in blocks if block.role == "Title"}
    ranked = sorted(styles, reverse=True)
    return {style: min(rank, _MAX_DEPTH) for rank, style in enumerate(ranked)}


def _title_style(block: _Block) -> tuple[float, bool]:
    return round(block.size), block.lines[0].is_bold


def _element(block: _Block, depths: dict[tuple[float, bool], int]) -> Element:
    whole = block.lines[0].element
    if whole is not None:
        return whole
    text = block.text
    kind, depth = block.role, None
    if kind == "Title" and _is_large_prose(block, text):
        kind = "NarrativeText"
    if kind == "Title":
        depth = depths[_title_style(block)]
    elif kind == "ListItem":
        text = _BULLET.sub("", text, count=1)
    elif kind == "NarrativeText":
        is_prose = text.endswith(_SENTENCE_END) or len(text.split()) >= _NARRATIVE_WORDS
        kind = "NarrativeText" if is_prose else "UncategorizedText"
    extra = {"font_size": round(block.size, 1)}
    page = block.lines[0].page
    return Element(kind, text, page=page, depth=depth, box=block.box, extra=extra)


def _is_large_prose(block: _Block, text: str) -> bool:
    """A paragraph in larger letters, such as a lead, is no heading."""
    is_sentence = text.endswith((".", "。", ";")) and len(text.split()) > _NARRATIVE_WORDS
    is_long = len(text.split()) > _TITLE_MAX_WORDS or len(block.lines) > _TITLE_MAX_LINES
    return is_sentence or is_long
