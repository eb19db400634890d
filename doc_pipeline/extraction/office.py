"""Word documents and presentations to elements through unstructured."""

from __future__ import annotations

import re
from pathlib import Path

from doc_pipeline.extraction.office_package import decrypted, member_names, property_title
from doc_pipeline.extraction.partitions import load_partition, to_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")


def extract_docx(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a Word document. It has pages only where Word left page breaks in the file."""
    with decrypted(path, request) as plain, plain.open("rb") as file:
        member_names(plain)  # a broken package is named here; unstructured raises ValueError
        elements = to_elements(load_partition("docx")(file=file, languages=[""]))
        title = property_title(plain)
    pages = max((element.page or 0 for element in elements), default=0)
    return Draft(elements, pages=pages or None, title=title)


def extract_pptx(path: Path, request: ExtractRequest) -> Draft:
    """Elements of a presentation, a slide being a page; speakers' notes belong to their slide."""
    with decrypted(path, request) as plain, plain.open("rb") as file:
        slides = sum(bool(_SLIDE.fullmatch(name)) for name in member_names(plain))
        partition = load_partition("pptx")
        elements = to_elements(partition(file=file, include_slide_notes=True, languages=[""]))
        title = property_title(plain)
    return Draft(elements, pages=slides, title=title)
