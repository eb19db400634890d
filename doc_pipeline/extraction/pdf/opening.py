"""Opens a PDF with pdfium and names what keeps it closed. Reads no page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from doc_pipeline.domain.errors import (
    FileCorrupt,
    FileEncrypted,
    OverLimit,
    PasswordWrong,
    PipelineError,
)
from doc_pipeline.extraction.request import ExtractRequest


def open_document(path: Path, request: ExtractRequest) -> Any:
    """The open pdfium document, with its forms; the caller closes it.

    Raises `FileEncrypted` (no password given, or a cipher nobody reads), `PasswordWrong`,
    `FileCorrupt`, `OverLimit` (pages).
    """
    import pypdfium2 as pdfium

    password = request.password or None
    _forget_last_error()
    try:
        document = pdfium.PdfDocument(path, password=password)
    except pdfium.PdfiumError as error:
        raise _open_error(error, has_password=password is not None) from error
    try:
        _init_forms(document)
        count = len(document)
        if count > request.limits.pages:
            raise OverLimit(limit="pages", allowed=request.limits.pages, found=count)
        if count < 1:
            raise FileCorrupt(kind="pdf")
    except BaseException:
        document.close()
        raise
    return document


def _forget_last_error() -> None:
    """Some failures leave the reason as it was: that of the file before, in a warm process."""
    import pypdfium2.raw as pdfium_c

    pdfium_c.FPDF_LoadMemDocument(b"-", 1, None)  # no PDF: the reason is now damage


def _init_forms(document: Any) -> None:
    """Values of form fields can only be asked of a form environment."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    kinds = {pdfium_c.FORMTYPE_ACRO_FORM, pdfium_c.FORMTYPE_XFA_FOREGROUND}
    if document.get_formtype() not in kinds:
        return
    try:
        document.init_forms(pdfium_c.FPDF_FORMFILLINFO(version=2))
    except pdfium.PdfiumError:
        return  # the pages still have their text


def _open_error(error: Any, *, has_password: bool) -> PipelineError:
    import pypdfium2.raw as pdfium_c

    if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
        return PasswordWrong(kind="pdf") if has_password else FileEncrypted(kind="pdf")
    if error.err_code == pdfium_c.FPDF_ERR_SECURITY:
        return FileEncrypted(kind="pdf")
    return FileCorrupt(kind="pdf")
