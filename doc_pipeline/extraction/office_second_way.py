"""Word documents and presentations from the bare XML of their parts, where the library raises.

Needs no content types and no relationships; a damaged part is read as far as it goes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.office_xml import Block, block_elements, read_blocks
from doc_pipeline.extraction.slides import slide_extras, slide_names

_MAIN = re.compile(r"word/document\d*\.xml", re.IGNORECASE)
_OTHERS = {
    "Header": re.compile(r"word/header\d*\.xml", re.IGNORECASE),
    "Footer": re.compile(r"word/footer\d*\.xml", re.IGNORECASE),
}
_NOTES = {
    "footnote": "word/footnotes.xml",
    "endnote": "word/endnotes.xml",
    "comment": "word/comments.xml",
}


@dataclass(frozen=True, slots=True)
class PartsRead:
    """Elements of all parts, and which parts were damaged."""

    elements: list[Element]
    pages: int | None
    warnings: tuple[str, ...]


def docx_parts(file: BinaryIO) -> PartsRead:
    """Headers, body, notes and footers of a Word package. Raises `BadZipFile`."""
    with zipfile.ZipFile(file) as package:
        reader = _Reader(package)
        names = package.namelist()
        elements = [
            *_margins(reader, names, "Header"),
            *(each for name in names if _MAIN.fullmatch(name) for each in reader.elements(name)),
            *_notes(reader, names),
            *_margins(reader, names, "Footer"),
        ]
    return PartsRead(elements, None, reader.warnings())


def pptx_parts(file: BinaryIO) -> PartsRead:
    """Slides with their notes. Raises `BadZipFile`."""
    extras = slide_extras(file)
    elements: list[Element] = []
    with zipfile.ZipFile(file) as package:
        reader = _Reader(package)
        for number, name in enumerate(slide_names(package), start=1):
            elements += reader.elements(name, number)
            elements += extras[number - 1].elements(number)
    return PartsRead(elements, len(extras), reader.warnings())


class _Reader:
    """Reads parts and remembers which were damaged."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._damaged: list[str] = []

    def blocks(self, name: str) -> Sequence[Block]:
        try:
            with self._package.open(name) as part:
                blocks, is_whole = read_blocks(part)
        except (zipfile.BadZipFile, KeyError, OSError, EOFError, NotImplementedError):
            blocks, is_whole = [], False
        if not is_whole:
            self._damaged.append(name)
        return blocks

    def elements(self, name: str, page: int | None = None) -> list[Element]:
        return list(block_elements(self.blocks(name), page))

    def warnings(self) -> tuple[str, ...]:
        return tuple(
            f"the part {name} is damaged: text in it may be missing" for name in self._damaged
        )


def _margins(reader: _Reader, names: Sequence[str], kind: str) -> Iterator[Element]:
    texts = [
        "\n".join(block.text for block in reader.blocks(name) if block.text)
        for name in sorted(names)
        if _OTHERS[kind].fullmatch(name)
    ]
    for text in dict.fromkeys(filter(None, texts)):
        yield Element(kind, text)


def _notes(reader: _Reader, names: Sequence[str]) -> Iterator[Element]:
    for kind, name in _NOTES.items():
        if name in names:
            for element in reader.elements(name):
                kept = "NarrativeText" if element.type == "NarrativeText" else "UncategorizedText"
                yield replace(element, type=kept, depth=None, extra={"note": kind})
