"""Older office formats (doc, ppt, odt, odp) and e-books, most through the optional part `legacy`.

The library stands behind one function, `legacy_text`, so that another can take its place; what it
must give is in its contract tests and in docs/decisions/0007.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import ExtraMissing, FileCorrupt
from doc_pipeline.extraction.doc_paragraphs import DOC_EXTRACTOR, paragraph_elements
from doc_pipeline.extraction.legacy_lines import doc_elements
from doc_pipeline.extraction.markdown import is_endless, markdown_elements
from doc_pipeline.extraction.office_package import opened
from doc_pipeline.extraction.office_properties import (
    Properties,
    clean_properties,
    read_properties,
)
from doc_pipeline.extraction.open_document import EXTRACTOR as OPEN_EXTRACTOR
from doc_pipeline.extraction.open_document import extract_open_document
from doc_pipeline.extraction.plain_text import text_elements
from doc_pipeline.extraction.ppt_slides import PPT_EXTRACTOR, slide_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_MIME = {
    "doc": "application/msword",
    "ppt": "application/vnd.ms-powerpoint",
    "odt": "application/vnd.oasis.opendocument.text",
    "epub": "application/epub+zip",
}
_NO_OCR: dict[str, Any] = {"disable_ocr": True}
"""Beside the other options because the library's type stubs do not know it."""
_SILENT = "-records found no text"
_SLIDE_RULE = re.compile(r"^-----\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LegacyText:
    """What the library read: Markdown, for `doc` plain text with one paragraph a line.

    Slides are parted by a line `-----`. `properties` are those the library found in the file.
    """

    text: str
    properties: Properties


def extract_legacy(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a file of one of these kinds; slides are pages.

    doc, ppt, odt and odp are read from their own records first, which tell headings, notes and
    slide numbers; the library is the second way of doc, ppt and odt, the first of epub.
    Raises `ExtraMissing`, `FileEncrypted`, `PasswordWrong`, `FileCorrupt`.
    """
    if request.kind == "odp":
        return extract_open_document(path, request)
    if request.kind == "odt":
        return _open_text(path, request)
    with opened(path, request) as file:
        told = read_properties(file)
        draft = _by_records(file, request.kind)
        if draft.elements:
            draft = replace(draft, fallback=None)
        else:
            second = _by_library(file, request)
            draft = replace(second, fallback=second.fallback or draft.fallback)
    return told.or_else(Properties.of(draft)).put_into(draft)


LIBRARY = "kreuzberg@4.10.4"


def _by_records(file: BinaryIO, kind: str) -> Draft:
    """What our own readers find; without elements where they have none for the kind."""
    if kind == "ppt":
        slides = slide_elements(file)
        pages = slides[-1].page if slides else None
        return Draft(slides, pages=pages, extractor=PPT_EXTRACTOR, fallback=f"{kind}{_SILENT}")
    if kind == "doc":
        paragraphs = paragraph_elements(file)
        return Draft(paragraphs, extractor=DOC_EXTRACTOR, fallback=f"{kind}{_SILENT}")
    return Draft([])


def _open_text(path: Path, request: ExtractRequest) -> Draft:
    """The library loses what stands in nested spans and behind repeated spaces, so it is second."""
    draft = Draft([])
    try:
        draft = extract_open_document(path, request)
        why = "found no text"
    except (BadZipFile, FileCorrupt):
        why = "failed"
    if draft.elements:
        return draft
    try:
        with path.open("rb") as file:
            second = _by_library(file, request)
    except ExtraMissing:
        if why == "failed":
            raise FileCorrupt(kind=request.kind) from None
        return draft
    return replace(second, fallback=f"{OPEN_EXTRACTOR} {why}")


def _by_library(file: BinaryIO, request: ExtractRequest) -> Draft:
    file.seek(0)
    found = legacy_text(file.read(), request.kind)
    elements = _READERS.get(request.kind, _markdown)(found.text)
    pages = max((element.page or 0 for element in elements), default=0) or None
    warnings = ("read as plain text",) if is_endless(found.text) else ()
    draft = Draft(elements, pages=pages, extractor=LIBRARY, warnings=warnings)
    return found.properties.put_into(draft)


def legacy_text(data: bytes, kind: str) -> LegacyText:
    """The text of a whole file; the only function that knows the library.

    The type is told, not guessed; nothing is cached, recognized from pictures or downloaded.
    Raises `ExtraMissing`, `FileCorrupt`.
    """
    try:
        import kreuzberg
    except ImportError:
        raise ExtraMissing(kind=kind, extra="legacy") from None
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format="plain" if kind == "doc" else "markdown",
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        content_filter=kreuzberg.ContentFilterConfig(
            # with these on, the master of a presentation comes with every slide
            include_headers=kind != "ppt",
            include_footers=kind != "ppt",
            strip_repeating_text=False,
        ),
        **_NO_OCR,
    )
    try:
        read = kreuzberg.extract_bytes_sync(data, _MIME[kind], config)
    except kreuzberg.KreuzbergError as error:
        raise FileCorrupt(kind=kind) from error
    return LegacyText(read.content, _told(read.metadata))


def _told(metadata: Mapping[str, Any]) -> Properties:
    authors = metadata.get("authors") or [metadata.get("initial_creator")]
    return clean_properties(
        metadata.get("title"),
        "; ".join(str(author) for author in authors if author),
        metadata.get("created_at"),
        metadata.get("modified_at"),
    )


def _markdown(text: str) -> list[Element]:
    return list(text_elements(text)) if is_endless(text) else markdown_elements(text)


def _slides(text: str) -> list[Element]:
    return list(_numbered(_SLIDE_RULE.split(text)))


def _numbered(slides: list[str]) -> Iterator[Element]:
    begun = slides[1:] if len(slides) > 1 and not slides[0].strip() else slides
    for number, slide in enumerate(begun, start=1):
        for element in _markdown(slide):
            yield replace(element, page=number)


_READERS: dict[str, Callable[[str], list[Element]]] = {
    "doc": doc_elements,
    "ppt": _slides,
}
