"""PDF with a text layer to elements. Does not recognise scanned pages (OCR comes elsewhere)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from doc_pipeline.domain.errors import (
    FileCorrupt,
    FileEncrypted,
    NoTextFound,
    OverLimit,
    PipelineError,
)
from doc_pipeline.extraction.pdf.blocks import build_elements
from doc_pipeline.extraction.pdf.lines import PageLines, sample_page
from doc_pipeline.extraction.request import Draft, ExtractRequest


def extract_pdf(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a PDF with page numbers; pages without text become a warning.

    Raises `FileEncrypted`, `FileCorrupt`, `OverLimit`, `NoTextFound`.
    """
    document = _open(path, request)
    try:
        count = len(document)
        if count > request.limits.pages:
            raise OverLimit(limit="pages", allowed=request.limits.pages, found=count)
        pages, broken = _sample_pages(document, count, request)
        title = _property_title(document)
    finally:
        document.close()
    if broken == count:
        raise FileCorrupt(kind="pdf")
    elements = build_elements(pages)
    if not elements:
        raise NoTextFound(kind="pdf")
    return Draft(elements, pages=count, title=title, warnings=_warnings(pages, broken))


def _open(path: Path, request: ExtractRequest) -> Any:
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(path, password=request.password)
    except pdfium.PdfiumError as error:
        raise _open_error(error) from error


def _open_error(error: Any) -> PipelineError:
    import pypdfium2.raw as pdfium_c

    if error.err_code in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
        return FileEncrypted(kind="pdf")
    return FileCorrupt(kind="pdf")


def _sample_pages(
    document: Any, count: int, request: ExtractRequest
) -> tuple[list[PageLines], int]:
    import pypdfium2 as pdfium

    pages: list[PageLines] = []
    broken = 0
    for index in range(count):
        try:
            page = document[index]
            try:
                pages.append(sample_page(page, index + 1))
            finally:
                page.close()
        except pdfium.PdfiumError:
            broken += 1
        request.report(index + 1, count)
    return pages, broken


def _property_title(document: Any) -> str | None:
    """The title in the document's properties, unless a program put a file name there."""
    title = str(document.get_metadata_dict(skip_empty=True).get("Title", "")).strip("\0 ")
    is_name = title.lower().endswith((".doc", ".docx", ".pdf", ".indd", ".tex", ".dvi", ".xls"))
    is_default = title.lower() in {"untitled", "document", "dokument"}
    if is_name or is_default or title.lower().startswith("microsoft word - "):
        return None
    return title or None


def _warnings(pages: list[PageLines], broken: int) -> tuple[str, ...]:
    found: list[str] = []
    without_text = sum(1 for page in pages if page.is_readable and not page.lines)
    unreadable = sum(1 for page in pages if not page.is_readable)
    if without_text:
        found.append(f"{without_text} of {len(pages)} pages have no text (scans need OCR)")
    if unreadable:
        found.append(f"{unreadable} of {len(pages)} pages have an unreadable text layer")
    if broken:
        found.append(f"{broken} pages could not be opened")
    return tuple(found)
