"""OpenDocument presentations and texts from their content.xml: slides, notes, headings, tables."""

from __future__ import annotations

import zipfile
from pathlib import Path

from doc_pipeline.domain.errors import FileCorrupt
from doc_pipeline.extraction.office_package import read_part
from doc_pipeline.extraction.office_properties import read_properties
from doc_pipeline.extraction.office_xml import block_elements, read_blocks
from doc_pipeline.extraction.request import Draft, ExtractRequest

EXTRACTOR = "open-document-xml@1"
_CONTENT = "content.xml"
_BROKEN = "content.xml is damaged: text after the damage may be missing"


def extract_open_document(path: Path, request: ExtractRequest) -> Draft:
    """Elements of an OpenDocument file; slides are pages. Raises `BadZipFile`, `FileCorrupt`."""
    with path.open("rb") as file:
        properties = read_properties(file)
        with zipfile.ZipFile(file) as package:
            if read_part(package, _CONTENT, 1) is None:
                raise FileCorrupt(kind=request.kind)
            with package.open(_CONTENT) as part:
                blocks, is_whole = read_blocks(part)
    has_headings = any(block.level is not None for block in blocks)
    elements = list(block_elements(blocks, guesses_titles=not has_headings))
    draft = Draft(
        elements,
        pages=max((element.page or 0 for element in elements), default=0) or None,
        extractor=EXTRACTOR,
        warnings=() if is_whole else (_BROKEN,),
    )
    return properties.put_into(draft)
