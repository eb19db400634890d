"""Text of the XML inside office files, read as a stream: paragraphs, headings, items, tables.

Goes by local names, so that it reads Word, PowerPoint and OpenDocument alike, and what is damaged
as far as it goes. The second way of docx and pptx, the only one of odp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.extraction.office_package import MOST_XML, lxml_etree
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.tables import table_elements

_PIECE = 1024 * 1024
_PARAGRAPHS = frozenset({"p", "h"})
_TABLES = frozenset({"tbl", "table"})
_ROWS = frozenset({"tr", "table-row"})
_CELLS = frozenset({"tc", "table-cell"})
_TEXTS = frozenset({"t"})
_IGNORED = frozenset(
    (
        *("pPr", "rPr", "Fallback", "moveFrom", "delText", "instrText"),
        *("tracked-changes", "annotation", "forms", "date-time", "page-number"),
    )
)
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "line-break": "\n", "s": " "}
_FURNITURE = frozenset({"sldNum", "dt", "hdr", "ftr"})
_ITEMS = frozenset({"list-item"})
_HEADING = re.compile(r"(?:heading|titre|überschrift|berschrift|ttulo)\s*(\d)", re.IGNORECASE)
_TITLE_STYLES = frozenset({"Title", "Titel", "Titre"})
_OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:"


@dataclass(slots=True)
class Block:
    """A paragraph, or a table's rows. `level` is a heading's, 0 for the topmost."""

    text: str = ""
    level: int | None = None
    is_item: bool = False
    is_note: bool = False
    page: int | None = None
    rows: list[list[str]] = field(default_factory=list[list[str]])


def read_blocks(part: IO[bytes], most: int = MOST_XML) -> tuple[list[Block], bool]:
    """Blocks of one part, at most so many bytes of it, and whether the part was whole.

    Raises `OverLimit` where the part declares entities.
    """
    etree = lxml_etree()
    target = _Target()
    parser = etree.XMLParser(
        target=target, recover=True, resolve_entities=False, no_network=True, huge_tree=False
    )
    is_whole = True
    try:
        while piece := part.read(_PIECE):
            _refuse_entities(piece)
            parser.feed(piece)
            most -= len(piece)
            if most < 0:
                is_whole = False
                break
        parser.close()
    except etree.XMLSyntaxError:
        is_whole = False
    return target.finished(), is_whole and not parser.feed_error_log


def _refuse_entities(piece: bytes) -> None:
    """No office program writes any; they only serve to fill the memory."""
    found = piece.count(b"<!ENTITY")
    if found:
        raise OverLimit(limit="xml_nested_entities", allowed=0, found=found)


def block_elements(
    blocks: Iterable[Block], page: int | None = None, *, guesses_titles: bool = True
) -> Iterator[Element]:
    """Elements of blocks; unstructured's classes where the block has no style.

    Without `guesses_titles` only blocks that say so are titles.
    """
    for block in blocks:
        number = page if page is not None else block.page
        extra: dict[str, Any] = {"speaker_notes": True} if block.is_note else {}
        if block.rows:
            yield from table_elements(block.rows, page=number)
        elif block.level is not None:
            yield Element("Title", block.text, page=number, depth=block.level)
        elif block.is_item:
            yield Element("ListItem", block.text, page=number)
        elif block.is_note:
            yield Element("NarrativeText", block.text, page=number, extra=extra)
        else:
            found = classify_text(block.text)
            if found.type == "Title" and not guesses_titles:
                yield Element("UncategorizedText", block.text, page=number)
            else:
                yield Element(found.type, found.text, page=number, depth=found.depth)


class _Target:
    """What the parser calls. Paragraphs within paragraphs (text boxes) come before theirs."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._open: list[tuple[Block, list[str]]] = []
        self._tables: list[list[list[str]]] = []
        self._ignored: list[str] = []
        self._items = 0
        self._notes = 0
        self._pages = 0
        self._is_text = False
        self._is_title = False
        self._is_furniture = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        space, _, name = tag.rpartition("}")
        if name in _IGNORED or (name == "fld" and attributes.get("type") == "slidenum"):
            self._ignored.append(name)
        self._note_style(name, attributes)
        if self._ignored:
            return
        if name in _PARAGRAPHS:
            self._open.append((self._begun(name, attributes), []))
            self._is_text = _OPEN_DOCUMENT in space
        elif name in _TEXTS:
            self._is_text = True
        elif name in _BREAKS and self._open:
            self._open[-1][1].append(_BREAKS[name])
        elif name in _TABLES and _OPEN_DOCUMENT + "presentation" not in space:
            self._tables.append([])
        elif name in _ROWS and self._tables:
            self._tables[-1].append([])
        elif name in _CELLS and self._tables and self._tables[-1]:
            self._tables[-1][-1].append("")
        else:
            self._enter(space, name, attributes)

    def _enter(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        if name in _ITEMS:
            self._items += 1
        elif name == "notes":
            self._notes += 1
        elif name == "page" and "drawing" in space:
            self._pages += 1
        elif name in {"ph", "frame"}:
            kind = attributes.get("type") or _value(attributes, "}class") or ""
            self._is_title = kind in {"title", "ctrTitle"}
            self._is_furniture = kind in _FURNITURE

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if self._ignored:
            if self._ignored[-1] == name:
                self._ignored.pop()
            return
        if name in _PARAGRAPHS and self._open:
            self._emit(*self._open.pop())
            self._is_text = bool(self._open) and _OPEN_DOCUMENT in tag
        elif name in _TEXTS:
            self._is_text = False
        elif name in _TABLES and self._tables and _OPEN_DOCUMENT + "presentation" not in tag:
            self._emit_table(self._tables.pop())
        elif name in _ITEMS:
            self._items -= 1
        elif name == "notes":
            self._notes -= 1
        elif name in {"sp", "frame"}:
            self._is_title = self._is_furniture = False

    def data(self, text: str) -> None:
        if self._is_text and self._open and not self._ignored:
            self._open[-1][1].append(text.replace("\n", " "))

    def close(self) -> None:
        """Nothing to give back: `finished` does."""

    def finished(self) -> list[Block]:
        """All blocks, also those that were open where the part broke off."""
        while self._open:
            self._emit(*self._open.pop())
        while self._tables:
            self._emit_table(self._tables.pop())
        return self._blocks

    def _begun(self, name: str, attributes: Mapping[str, str]) -> Block:
        block = Block(is_item=self._items > 0, is_note=self._notes > 0, page=self._pages or None)
        if name == "p" and _value(attributes, "}style-name") in _TITLE_STYLES:
            block.level = 0
        elif name == "h":
            block.level = max(_number(_value(attributes, "}outline-level"), 1) - 1, 0)
        elif self._is_title:
            block.level, block.is_item = 0, False
        return block

    def _note_style(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._open or len(self._ignored) != 1:
            return
        block = self._open[-1][0]
        if name == "pStyle":
            style = _value(attributes, "}val") or ""
            if found := _HEADING.match(style):
                block.level = max(int(found[1]) - 1, 0)
            elif style.lower() == "title":
                block.level = 0
            block.is_item = block.is_item or style.startswith("List")
        elif name == "outlineLvl":
            level = _number(_value(attributes, "}val"), 9)
            block.level = level if level < 9 else block.level
        elif name in {"numPr", "buChar", "buAutoNum"}:
            block.is_item = True

    def _emit(self, block: Block, parts: list[str]) -> None:
        block.text = re.sub(r"[^\S\n]+", " ", "".join(parts)).strip()
        if not block.text or self._is_furniture:
            return
        if self._tables and self._tables[-1] and self._tables[-1][-1]:
            row = self._tables[-1][-1]
            row[-1] = f"{row[-1]}\n{block.text}" if row[-1] else block.text
        else:
            self._blocks.append(block)

    def _emit_table(self, rows: list[list[str]]) -> None:
        if self._tables and self._tables[-1] and self._tables[-1][-1]:
            outer = self._tables[-1][-1]
            inner = "\n".join(" ".join(filter(None, row)) for row in rows)
            outer[-1] = f"{outer[-1]}\n{inner}".strip()
        elif any(map(any, rows)):
            self._blocks.append(Block(rows=rows, page=self._pages or None, is_note=self._notes > 0))


def _value(attributes: Mapping[str, str], ending: str) -> str | None:
    return next((value for name, value in attributes.items() if name.endswith(ending)), None)


def _number(value: str | None, default: int) -> int:
    return int(value) if value and value.isdigit() and len(value) < 4 else default
