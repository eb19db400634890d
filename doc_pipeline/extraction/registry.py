"""Which extractor takes which kind of file, and the one door through which files are extracted.

A new format is one line in `_EXTRACTORS`. Heavy libraries are imported when a file needs them.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from doc_pipeline.domain.element import Element, ExtractedText, place_elements
from doc_pipeline.domain.errors import (
    DiskFull,
    ExtractionFailed,
    FileCorrupt,
    NoTextFound,
    OverLimit,
    PipelineError,
    TypeUnsupported,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.language import detect_language
from doc_pipeline.extraction.ocr.engine import tesseract_version
from doc_pipeline.extraction.request import Draft, ExtractRequest, OcrSettings

__all__ = [
    "Draft",
    "ExtractRequest",
    "LazyExtractor",
    "OcrSettings",
    "extract_file",
    "extractor_for",
    "extractor_id",
    "supported_kinds",
]

_MAX_CHARS = 300


@dataclass(frozen=True, slots=True)
class LazyExtractor:
    """An extractor whose module is imported at its first file.

    The function takes (path, request) and returns a `Draft`.
    """

    module: str
    function: str
    name: str
    version: str

    def __call__(self, path: Path, request: ExtractRequest) -> ExtractedText:
        """Extract the file and give every element its span."""
        module = import_module(f"doc_pipeline.extraction.{self.module}")
        draft = cast("Draft", getattr(module, self.function)(path, request))
        text, elements = place_elements(map(_without_controls, draft.elements))
        return ExtractedText(
            text=text,
            elements=elements,
            kind=request.kind,
            extractor=draft.extractor or self.id,
            pages=draft.pages,
            language=draft.language,
            title=_clean(draft.title),
            author=_clean(draft.author),
            created_at=draft.created_at,
            modified_at=draft.modified_at,
            ocr_pages=draft.ocr_pages,
            ocr_confidence=draft.ocr_confidence,
            fallback=draft.fallback,
            warnings=tuple(warning.translate(_CONTROLS) for warning in draft.warnings),
            attachments=draft.attachments,
        )

    @property
    def id(self) -> str:
        """Name and version, such as 'pdf-lines@1'."""
        return f"{self.name}@{self.version}"


_TEXT = LazyExtractor("plain_text", "extract_text", "unstructured-text", "2")
_MARKDOWN = LazyExtractor("markup", "extract_markdown", "unstructured-md", "2")
_HTML = LazyExtractor("markup", "extract_html", "unstructured-html", "2")
_SHEETS = LazyExtractor("sheets", "extract_workbook", "calamine", "2")
_DELIMITED = LazyExtractor("delimited", "extract_delimited", "csv-rows", "2")
_RECORDS = LazyExtractor("records", "extract_json", "json-lines", "2")
_LEGACY = LazyExtractor("legacy", "extract_legacy", "kreuzberg", "4.10.4")
_PICTURE = LazyExtractor("ocr.pictures", "extract_picture", "tesseract", "1")

_EXTRACTORS: dict[str, LazyExtractor] = {
    "pdf": LazyExtractor("pdf.document", "extract_pdf", "pdf-lines", "2"),
    "docx": LazyExtractor("office", "extract_docx", "unstructured-docx", "2"),
    "pptx": LazyExtractor("office", "extract_pptx", "unstructured-pptx", "2"),
    "eml": LazyExtractor("mail", "extract_mail", "mail-parts", "1"),
    "msg": LazyExtractor("outlook", "extract_msg", "oxmsg", "1"),
    "zip": LazyExtractor("archives", "extract_zip", "zip-list", "1"),
    "txt": _TEXT,
    "md": _MARKDOWN,
    "html": _HTML,
    "rtf": LazyExtractor("rtf", "extract_rtf", "striprtf", "1"),
    "rst": LazyExtractor("structured_text", "extract_rst", "docutils", "1"),
    "org": LazyExtractor("structured_text", "extract_org", "orgparse", "1"),
    "xml": LazyExtractor("xml_text", "extract_xml", "xml-text", "1"),
    "svg": LazyExtractor("xml_text", "extract_svg", "svg-text", "1"),
    **dict.fromkeys(("xlsx", "xls", "ods", "xlsb"), _SHEETS),
    **dict.fromkeys(("csv", "tsv"), _DELIMITED),
    **dict.fromkeys(("json", "ndjson"), _RECORDS),
    "doc": LazyExtractor("legacy", "extract_legacy", "doc-records", "1"),
    "ppt": LazyExtractor("legacy", "extract_legacy", "ppt-records", "1"),
    "odp": LazyExtractor("legacy", "extract_legacy", "open-document-xml", "1"),
    "odt": LazyExtractor("legacy", "extract_legacy", "open-document-xml", "1"),
    "epub": _LEGACY,
    **dict.fromkeys(("png", "jpg", "tiff", "bmp", "webp", "gif", "heic"), _PICTURE),
}


CONTAINERS = frozenset({"eml", "msg", "zip", "pdf"})
"""Kinds that may hold other files."""


def supported_kinds() -> tuple[str, ...]:
    """Every kind that has an extractor, sorted."""
    return tuple(sorted(_EXTRACTORS))


def extractor_for(kind: str) -> LazyExtractor:
    """The extractor of a kind. Raises `TypeUnsupported`."""
    try:
        return _EXTRACTORS[kind]
    except KeyError:
        raise TypeUnsupported(kind=kind) from None


def extractor_id(kind: str) -> str:
    """Name and version of the kind's extractor, such as 'pdf-lines@1'; imports nothing heavy.

    Raises `TypeUnsupported`.
    """
    return extractor_for(kind).id


def shaping_of(kind: str, ocr: OcrSettings, limits: Limits) -> dict[str, object]:
    """What shapes the text of a file of this kind beside its bytes, for its fingerprint.

    Where OCR may read it: its settings, and whether tesseract is there. Limits count where what
    is beyond them is left out. A change of any makes such a file new work. Raises
    `TypeUnsupported`.
    """
    extractor = extractor_for(kind)
    shaping: dict[str, object] = {"extractor": extractor.id}
    if kind == "pdf" or extractor is _PICTURE:
        shaping["ocr"] = {"mode": ocr.mode, "languages": list(ocr.languages), "dpi": ocr.dpi}
        shaping["is_there"] = tesseract_version() is not None
    if kind == "pdf":
        shaping["tables"] = find_spec("pdfplumber") is not None
    if extractor in (_SHEETS, _DELIMITED):
        shaping["table_rows"] = limits.table_rows
    if kind in CONTAINERS:
        shaping["attachments"] = [limits.attachments, limits.attachment_depth]
    return shaping


_SECOND_WAYS: dict[str, LazyExtractor] = dict.fromkeys(
    ("md", "html", "rst", "org", "xml", "svg", "json", "ndjson", "csv", "tsv"), _TEXT
)
"""Used when the first way raises: these files are readable as they are. Formats with a second way
of their own (PDF, docx, pptx, mails) know it themselves."""


def extract_file(path: Path, request: ExtractRequest) -> ExtractedText:
    """Text and elements of a file, its language and title.

    Raises `TypeUnsupported`, `FileCorrupt`, `FileEncrypted`, `OverLimit`, `NoTextFound`,
    `ExtractionFailed`, and nothing else but `DiskFull` and `MemoryError`.
    """
    first = extractor_for(request.kind)
    second = _SECOND_WAYS.get(request.kind)
    try:
        extracted = _extract(first, path, request)
    except (ExtractionFailed, FileCorrupt) as failed:
        if second is None:
            raise
        why = f"{first.id} failed ({failed.fields.get('reason', failed.code)})"
        extracted = replace(_extract(second, path, request), fallback=why)
    if not extracted.text.strip():
        raise NoTextFound(kind=request.kind)
    if (extracted.pages or 0) > request.limits.pages:
        raise OverLimit(limit="pages", allowed=request.limits.pages, found=extracted.pages)
    language = request.language or extracted.language or detect_language(extracted.text)
    return replace(extracted, language=language, title=extracted.title or _first_title(extracted))


def _extract(extractor: LazyExtractor, path: Path, request: ExtractRequest) -> ExtractedText:
    try:
        return extractor(path, request)
    except (PipelineError, MemoryError):
        raise
    except Exception as error:
        raise _named(error, request.kind) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what a panic in Rust (calamine) becomes
            raise
        raise FileCorrupt(kind=request.kind) from error


_DAMAGE = {
    "BadZipFile",  # zipfile
    "CalamineError",
    "DecryptionError",  # msoffcrypto
    "EOFError",
    "InvalidXmlError",  # python-docx and python-pptx
    "NotImplementedError",  # zipfile: an unknown way of packing
    "KeyError",  # a part named by a relationship is not in the package
    "PackageNotFoundError",  # python-docx and python-pptx
    "ParseError",  # msoffcrypto and calamine
    "ParserError",  # lxml
    "XMLSyntaxError",
    "ZipError",
    "error",  # zlib.error
}
"""Class names of library errors that say 'these bytes are not a whole file of the type'."""

_PACKED = frozenset({"docx", "pptx", "xlsx", "xlsb", "odt", "ods", "odp", "epub", "zip"})


def _named(error: Exception, kind: str) -> PipelineError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DiskFull(store="temporary")
    if isinstance(error, OSError) and error.errno == errno.EINVAL:
        return FileCorrupt(kind=kind)  # zipfile was sent to a place before the file
    if isinstance(error, UnicodeDecodeError) and kind in _PACKED:
        return FileCorrupt(kind=kind)  # a name in the list of members
    if {base.__name__ for base in type(error).__mro__} & _DAMAGE:
        return FileCorrupt(kind=kind)
    return ExtractionFailed(kind=kind, reason=type(error).__name__)


def _first_title(extracted: ExtractedText) -> str | None:
    titles = (element for element in extracted.elements[:200] if element.type == "Title")
    return next((_clean(title.text) for title in titles), None)


_CONTROLS = {
    **dict.fromkeys([*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0)], None),
    **dict.fromkeys([0x0B, 0x0C, 0x85], "\n"),
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}
"""Characters that no database, JSON reader or terminal takes: NUL and its like, lone surrogates.

Those from 0x80 on too: a terminal obeys 0x9B as it does Escape and a bracket.
"""
_HAS_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def _without_controls(element: Element) -> Element:
    html = element.text_as_html
    extra = {name: _harmless(value) for name, value in element.extra.items()}
    has_controls = _HAS_CONTROLS.search(element.text) or (html and _HAS_CONTROLS.search(html))
    if not has_controls and extra == element.extra:
        return element
    return replace(
        element,
        text=element.text.translate(_CONTROLS),
        text_as_html=html and html.translate(_CONTROLS),
        extra=extra,
    )


def _harmless(value: object) -> object:
    if isinstance(value, str):
        return value.translate(_CONTROLS) if _HAS_CONTROLS.search(value) else value
    if isinstance(value, list):
        return [_harmless(each) for each in cast("list[object]", value)]
    return value


def _clean(line: str | None) -> str | None:
    return " ".join((line or "").translate(_CONTROLS).split())[:_MAX_CHARS] or None
