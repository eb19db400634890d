"""Word documents and presentations to elements: unstructured first, their bare XML second."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, PipelineError
from doc_pipeline.extraction.docx_flow import MARKERS
from doc_pipeline.extraction.office_mending import mended
from doc_pipeline.extraction.office_package import member_names, opened
from doc_pipeline.extraction.office_properties import read_properties
from doc_pipeline.extraction.office_second_way import PartsRead, docx_parts, pptx_parts
from doc_pipeline.extraction.partitions import load_partition, to_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest
from doc_pipeline.extraction.slides import SlideExtras, slide_extras
from doc_pipeline.extraction.xpath_seam import keep_xpaths

XML_EXTRACTOR = "office-xml@1"
_MARGINS = frozenset({"Header", "Footer"})
_NOTE_OF = {marker: kind for kind, marker in MARKERS.items()}


def extract_docx(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a Word document. It has pages only where Word left page breaks in the file.

    Notes and comments follow the block that refers to them (`extra["note"]` says which kind),
    headers and footers come once. Raises `FileEncrypted`, `PasswordWrong`, `FileCorrupt`.
    """
    return _extract(path, request, _docx_elements, docx_parts)


def extract_pptx(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a presentation, a slide being a page; speakers' notes end their slide.

    Raises `FileEncrypted`, `PasswordWrong`, `FileCorrupt`.
    """
    return _extract(path, request, _pptx_elements, pptx_parts)


def _extract(
    path: Path,
    request: ExtractRequest,
    first: Callable[[BinaryIO, ExtractRequest], Draft],
    parts: Callable[[BinaryIO], PartsRead],
) -> Draft:
    with opened(path, request) as file:
        member_names(file)  # a broken package is named here; unstructured raises ValueError
        properties = read_properties(file)
        draft = Draft([])
        try:
            draft = first(file, request)
        except (PipelineError, MemoryError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise
            draft = _second(file, parts, f"failed ({type(error).__name__})", request)
            if not draft.elements:
                raise FileCorrupt(kind=request.kind) from error
        else:
            if not draft.elements:
                draft = _second(file, parts, "found no text", request)
    return properties.put_into(draft)


def _second(
    file: BinaryIO, parts: Callable[[BinaryIO], PartsRead], why: str, request: ExtractRequest
) -> Draft:
    file.seek(0)
    read = parts(file)
    return Draft(
        read.elements,
        pages=read.pages,
        extractor=XML_EXTRACTOR,
        fallback=f"unstructured-{request.kind} {why}",
        warnings=read.warnings,
    )


def _docx_elements(file: BinaryIO, _request: ExtractRequest) -> Draft:
    keep_xpaths("docx")
    found = to_elements(load_partition("docx")(file=mended(file), languages=[""]))
    elements = list(_once(map(_told_note, found)))
    pages = max((element.page or 0 for element in elements), default=0)
    return Draft(elements, pages=pages or None)


def _told_note(element: Element) -> Element:
    kind = _NOTE_OF.get(element.text[:1])
    if kind is None:
        return element
    is_heading = element.type in {"Title", "ListItem"}
    return replace(
        element,
        type="UncategorizedText" if is_heading else element.type,
        text=element.text[1:].lstrip(),
        depth=None,
        extra={**element.extra, "note": kind},
    )


def _once(elements: Sequence[Element] | Iterator[Element]) -> Iterator[Element]:
    """Headers and footers that other sections repeat are left out."""
    seen: set[tuple[str, str]] = set()
    for element in elements:
        if element.type in _MARGINS:
            key = (element.type, element.text)
            if key in seen:
                continue
            seen.add(key)
        yield element


def _pptx_elements(file: BinaryIO, request: ExtractRequest) -> Draft:
    package = mended(file)
    extras = slide_extras(package)
    package.seek(0)
    keep_xpaths("pptx")
    partition = load_partition("pptx")
    elements = to_elements(partition(file=package, include_slide_notes=False, languages=[""]))
    request.report(len(extras), len(extras))
    return Draft(list(_with_extras(elements, extras)), pages=len(extras))


def _with_extras(elements: list[Element], extras: Sequence[SlideExtras]) -> Iterator[Element]:
    by_slide = {
        page: list(group) for page, group in groupby(elements, lambda element: element.page)
    }
    for number, extra in enumerate(extras, start=1):
        yield from by_slide.pop(number, [])
        yield from extra.elements(number)
    for rest in by_slide.values():
        yield from rest
