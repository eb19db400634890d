"""Slides of a pptx in their order, and what unstructured leaves out of them.

Speakers' notes, charts and diagrams; each ends the slide it belongs to.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.office_mending import drawn_texts, related_parts
from doc_pipeline.extraction.office_package import parse_xml, read_part
from doc_pipeline.extraction.office_xml import read_blocks

_PRESENTATION = "ppt/presentation.xml"
_SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
_DRAWN = re.compile(r"ppt/(?:diagrams/data|charts/chart)[^/]*\.xml")
_NOTES = re.compile(r"ppt/notesSlides/[^/]+\.xml")


@dataclass(frozen=True, slots=True)
class SlideExtras:
    """Texts of one slide that are not in its shapes."""

    drawn: tuple[str, ...] = ()
    notes: str = ""

    def elements(self, number: int) -> Iterator[Element]:
        """As elements of the slide with this number."""
        for text in self.drawn:
            yield Element("UncategorizedText", text, page=number)
        if self.notes:
            yield Element("NarrativeText", self.notes, page=number, extra={"speaker_notes": True})


def slide_extras(file: BinaryIO) -> list[SlideExtras]:
    """For each slide in the order of the presentation. Raises `BadZipFile`."""
    with zipfile.ZipFile(file) as package:
        return [_extras(package, name) for name in slide_names(package)]


def slide_names(package: zipfile.ZipFile) -> Sequence[str]:
    """Parts of the slides in the order of the presentation; by number where that is damaged."""
    numbered = [found for found in map(_SLIDE.fullmatch, package.namelist()) if found]
    names = [found[0] for found in sorted(numbered, key=lambda found: int(found[1]))]
    root = parse_xml(read_part(package, _PRESENTATION) or b"")
    if root is None:
        return names
    targets = related_parts(package, _PRESENTATION)
    told = [
        targets.get(next((v for k, v in slide.items() if k.startswith("{")), ""), "")
        for slide in root.iter("{*}sldId")
    ]
    return told if told and set(told) <= set(package.namelist()) else names


def _extras(package: zipfile.ZipFile, name: str) -> SlideExtras:
    parts = related_parts(package, name).values()
    drawn = [
        text for part in parts if _DRAWN.fullmatch(part) for text in drawn_texts(package, part)
    ]
    notes = [part_text(package, part) for part in parts if _NOTES.fullmatch(part)]
    return SlideExtras(tuple(drawn), "\n".join(filter(None, notes)))


def part_text(package: zipfile.ZipFile, name: str) -> str:
    """Paragraphs of a part, one a line; nothing where it is missing."""
    try:
        with package.open(name) as part:
            blocks, _ = read_blocks(part)
    except (KeyError, zipfile.BadZipFile, OSError, EOFError):
        return ""
    return "\n".join(block.text for block in blocks if block.text)
