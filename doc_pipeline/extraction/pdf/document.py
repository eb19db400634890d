"""PDF to elements: opens the document, reads its pages and puts together what each way found.

How lines, tables, forms and pictures are read is in the modules beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, NoTextFound
from doc_pipeline.extraction.attachments import FoundFiles
from doc_pipeline.extraction.language import detect_language
from doc_pipeline.extraction.pdf.blocks import build_elements
from doc_pipeline.extraction.pdf.embedded import add_embedded_files, listed
from doc_pipeline.extraction.pdf.opening import open_document
from doc_pipeline.extraction.pdf.page_names import page_names
from doc_pipeline.extraction.pdf.properties import Properties, read_properties
from doc_pipeline.extraction.pdf.reading import PagesRead, read_all_pages
from doc_pipeline.extraction.pdf.recognition import Recognized, recognize_pages
from doc_pipeline.extraction.pdf.second_way import read_with_pypdf
from doc_pipeline.extraction.request import Draft, ExtractRequest

_SHORT_TEXT = 300
_LANGUAGE_SAMPLE = 4_000


def extract_pdf(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a PDF with page, box in points and heading depth, in reading order.

    Pages without a text layer go to OCR, pages without a map to Unicode to pypdf first. A page
    that fails is named in a warning. Embedded files become attachments.

    Raises `FileEncrypted`, `PasswordWrong`, `FileCorrupt`, `OverLimit`, `NoTextFound`,
    `OcrUnavailable`, `OcrOff` and `OcrLanguageMissing` (when no page has text without OCR).
    """
    document = open_document(path, request)
    try:
        properties = read_properties(document)
        found = FoundFiles(request)
        add_embedded_files(document, found)
        read = read_all_pages(document, request)
        second = read_with_pypdf(path, [*read.garbled, *read.failed], request.password, read.count)
        unread = sorted({*read.pictures, *read.garbled} - set(second))
        lined = build_elements(read.pages)
        ocr = _recognize(document, unread, request, properties, [*lined, *_flat(second)])
    finally:
        document.close()
    lost = [number for number in read.failed if number not in second]
    if len(lost) == read.count:
        raise FileCorrupt(kind="pdf")
    elements = _in_order(lined, read.fields, second, ocr) or listed(found)
    if not elements:
        raise NoTextFound(kind="pdf")
    return Draft(
        elements,
        pages=read.count,
        title=properties.title,
        author=properties.author,
        created_at=properties.created_at,
        modified_at=properties.modified_at,
        language=_told_language(properties, elements),
        ocr_pages=len(ocr.elements),
        ocr_confidence=ocr.confidence,
        fallback=_fallback(second, read),
        warnings=(*_warnings(lost, read), *ocr.warnings, *found.warnings),
        attachments=tuple(found.attachments),
    )


def _recognize(
    document: Any,
    unread: list[int],
    request: ExtractRequest,
    properties: Properties,
    known: list[Element],
) -> Recognized:
    """OCR in the language of the text that is already there, else in the one the file tells."""
    language = request.language
    if unread and language is None:
        text = "\n".join(element.text for element in known[:200])
        language = detect_language(text[:_LANGUAGE_SAMPLE]) or properties.language
    return recognize_pages(
        document, unread, replace(request, language=language), has_text=bool(known)
    )


def _in_order(
    lined: list[Element],
    fields: list[Element],
    second: Mapping[int, list[Element]],
    ocr: Recognized,
) -> list[Element]:
    """All elements page by page. OCR replaces the few words a page had, unless it found fewer."""
    words: dict[int, int] = {}
    for element in lined:
        number = element.page or 0
        words[number] = words.get(number, 0) + len(element.text.split())
    better = {number for number, count in ocr.words.items() if count > words.get(number, 0)}
    chosen = [element for element in lined if element.page not in better]
    chosen += [each for number in sorted(better) for each in ocr.elements[number]]
    chosen += [*_flat(second), *fields]
    return sorted(chosen, key=lambda element: element.page or 0)


def _flat(pages: Mapping[int, Iterable[Element]]) -> list[Element]:
    return [element for number in sorted(pages) for element in pages[number]]


def _told_language(properties: Properties, elements: list[Element]) -> str | None:
    """What the file tells counts for short texts only: programs write their own language there."""
    chars = 0
    for element in elements:
        chars += len(element.text)
        if chars > _SHORT_TEXT:
            return None
    return properties.language


def _fallback(second: Mapping[int, list[Element]], read: PagesRead) -> str | None:
    if not second:
        return None
    reasons = [
        ("no map to Unicode", [number for number in read.garbled if number in second]),
        ("pdfium failed", [number for number in read.failed if number in second]),
    ]
    said = ", ".join(f"{page_names(pages)} ({why})" for why, pages in reasons if pages)
    return f"pypdf read {said}"


def _warnings(lost: list[int], read: PagesRead) -> list[str]:
    warnings: list[str] = []
    if lost:
        warnings.append(f"{len(lost)} of {read.count} pages could not be read: {page_names(lost)}")
    if read.unruled:
        warnings.append(f"Tables were not looked for on {page_names(read.unruled)}")
    return warnings
