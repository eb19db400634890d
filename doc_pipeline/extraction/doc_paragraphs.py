"""Paragraphs of an old Word document as elements: headings, items, tables, notes, margins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import BinaryIO

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.doc_records import Paragraph, read_paragraphs
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.tables import table_elements

DOC_EXTRACTOR = "doc-records@1"
_NOTES = frozenset({"footnote", "endnote", "comment"})
_MARGINS = frozenset({"Header", "Footer"})
_CELL = "\x07"


def paragraph_elements(file: BinaryIO) -> list[Element]:
    """Elements of the whole document; none where its records are damaged or hold no text.

    Headers come first and footers last, each once; notes and text boxes follow the body.
    """
    file.seek(0)
    try:
        paragraphs = read_paragraphs(file)
    except Exception:  # noqa: BLE001 - olefile raises anything on damaged files
        return []
    stories = {
        story: list(group)
        for story, group in groupby(
            sorted(paragraphs, key=lambda each: each.story), lambda each: each.story
        )
    }
    has_headings = any(each.style.level is not None for each in stories.get("body", []))
    return [
        *_margin(stories, "Header"),
        *_body(stories.get("body", []), has_headings=has_headings),
        *_body(stories.get("box", []), has_headings=True),
        *(element for kind in sorted(_NOTES) for element in _notes(stories, kind)),
        *_margin(stories, "Footer"),
    ]


def _body(paragraphs: Sequence[Paragraph], *, has_headings: bool) -> Iterator[Element]:
    rows: list[list[str]] = [[]]
    cell: list[str] = []
    for paragraph in paragraphs:
        if paragraph.end == _CELL or paragraph.style.is_in_table:
            _add_to_table(paragraph, rows, cell)
            continue
        yield from _table(rows, cell)
        rows, cell = [[]], []
        yield from _element(paragraph, has_headings=has_headings)
    yield from _table(rows, cell)


def _add_to_table(paragraph: Paragraph, rows: list[list[str]], cell: list[str]) -> None:
    is_row_end = paragraph.style.is_row_end or (not paragraph.text and not cell and rows[-1])
    if paragraph.end == _CELL and is_row_end:
        rows.append([])
        return
    cell.append(paragraph.text)
    if paragraph.end == _CELL:
        rows[-1].append("\n".join(filter(None, cell)))
        cell.clear()


def _table(rows: list[list[str]], cell: list[str]) -> Iterator[Element]:
    rest = [*rows, ["\n".join(cell)]] if any(cell) else rows
    yield from table_elements(row for row in rest if row)


def _element(paragraph: Paragraph, *, has_headings: bool) -> Iterator[Element]:
    text, style = paragraph.text, paragraph.style
    if not text:
        return
    if style.level is not None:
        yield Element("Title", " ".join(text.split()), depth=style.level)
    elif style.is_item:
        yield Element("ListItem", text)
    else:
        found = classify_text(text)
        if found.type == "Title" and has_headings:
            found = replace(found, type="UncategorizedText", depth=None)
        yield Element(found.type, found.text, depth=found.depth)


def _notes(stories: dict[str, list[Paragraph]], kind: str) -> Iterator[Element]:
    for paragraph in stories.get(kind, []):
        if paragraph.text:
            yield Element("UncategorizedText", paragraph.text, extra={"note": kind})


def _margin(stories: dict[str, list[Paragraph]], kind: str) -> Iterator[Element]:
    texts = (paragraph.text for paragraph in stories.get(kind, []))
    for text in dict.fromkeys(filter(None, texts)):
        yield Element(kind, text)
