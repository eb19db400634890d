"""Slides of an old presentation as elements: titles, bodies, notes, with the slide's number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.ppt_records import SlideText, read_slides

PPT_EXTRACTOR = "ppt-records@1"


def slide_elements(file: BinaryIO) -> list[Element]:
    """Elements of all slides; none where the records are damaged or hold no text."""
    file.seek(0)
    try:
        slides = read_slides(file)
    except Exception:  # noqa: BLE001 - olefile raises anything on damaged files
        return []
    elements: list[Element] = []
    for number, slide in enumerate(slides, start=1):
        has_title = any(text.role == "title" for text in slide.texts)
        for place, text in enumerate(slide.texts):
            may_be_title = not has_title and place == 0
            elements.extend(_text_elements(text, number, may_be_title=may_be_title))
        if slide.notes:
            extra = {"speaker_notes": True}
            elements.append(Element("NarrativeText", slide.notes, page=number, extra=extra))
    return elements


def _text_elements(text: SlideText, number: int, *, may_be_title: bool) -> Iterator[Element]:
    if text.role == "title":
        yield Element("Title", " ".join(text.text.split()), page=number, depth=0)
        return
    for line in filter(str.strip, text.text.split("\n")):
        if text.role == "body":
            yield Element("ListItem", line.strip(), page=number)
            continue
        found = classify_text(line)
        if found.type != "Title":
            yield Element(found.type, found.text, page=number)
        elif may_be_title:
            yield Element("Title", found.text, page=number, depth=0)
        else:
            yield Element("UncategorizedText", found.text, page=number)
