"""Values typed into the fields of a form and typed notes: they are not in the page's text."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.extraction.pdf.glyphs import readable
from doc_pipeline.extraction.pdf.place import Frame

_MOST = 2_000
_LONGEST_BYTES = 131_072
_IS_PASSWORD = 1 << 13


def form_elements(page: Any, number: int) -> list[Element]:
    """One element 'label: value' for each filled text or choice field, and each free text.

    `page` is an open pdfium page; fields are only found in a document with forms initialised.
    """
    import pypdfium2.raw as pdfium_c

    count = min(pdfium_c.FPDFPage_GetAnnotCount(page), _MOST)
    if count < 1:
        return []
    frame = Frame.of(page)
    found: dict[str, Element] = {}
    for annotation in _annotations(page, count):
        text = _text_of(page, annotation)
        if text and text not in found:
            box = _box(annotation, frame)
            found[text] = Element("UncategorizedText", text, page=number, box=box)
    return sorted(found.values(), key=lambda element: element.box.top if element.box else 0.0)


def _annotations(page: Any, count: int) -> Iterator[Any]:
    import pypdfium2.raw as pdfium_c

    for index in range(count):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            yield annotation
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _text_of(page: Any, annotation: Any) -> str:
    import pypdfium2.raw as pdfium_c

    subtype = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if subtype == pdfium_c.FPDF_ANNOT_FREETEXT:
        return _string(
            lambda buffer, size: pdfium_c.FPDFAnnot_GetStringValue(
                annotation, b"Contents", buffer, size
            )
        )
    if subtype != pdfium_c.FPDF_ANNOT_WIDGET or not page.formenv:
        return ""
    form = page.formenv.raw
    kinds = {
        pdfium_c.FPDF_FORMFIELD_TEXTFIELD,
        pdfium_c.FPDF_FORMFIELD_COMBOBOX,
        pdfium_c.FPDF_FORMFIELD_LISTBOX,
    }
    if pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation) not in kinds:
        return ""
    if pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & _IS_PASSWORD:
        return ""
    value = _asked(pdfium_c.FPDFAnnot_GetFormFieldValue, form, annotation)
    if not value:
        return ""
    label = _asked(pdfium_c.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    label = label or _asked(pdfium_c.FPDFAnnot_GetFormFieldName, form, annotation)
    return f"{label}: {value}" if label else value


def _asked(function: Callable[..., int], form: Any, annotation: Any) -> str:
    return _string(lambda buffer, size: function(form, annotation, buffer, size))


def _string(ask: Callable[[Any, int], int]) -> str:
    """A UTF-16 string of pdfium, asked first for its size in bytes."""
    import pypdfium2.raw as pdfium_c

    size = ask(None, 0)
    if not 2 < size <= _LONGEST_BYTES:
        return ""
    units = (pdfium_c.FPDF_WCHAR * (size // 2))()
    ask(units, size)
    text = ctypes.string_at(units, size - 2).decode("utf-16-le", "replace")
    lines = (readable(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _box(annotation: Any, frame: Frame) -> Box | None:
    import pypdfium2.raw as pdfium_c

    rectangle = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFAnnot_GetRect(annotation, rectangle):
        return None
    place = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    return Box(*frame.seen(place), frame.width, frame.height)
