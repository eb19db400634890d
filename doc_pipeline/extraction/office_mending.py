"""A copy of an Office package, in memory, with all its text where the libraries look for it.

Strict OOXML becomes transitional, templates and macro files count as documents, parts of Word are
straightened (docx_flow). Pictures and embedded files are left out of the copy.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from posixpath import dirname, join, normpath
from typing import Any, BinaryIO

from doc_pipeline.extraction.docx_flow import SIGNS, W, paragraphs_of, straighten
from doc_pipeline.extraction.office_package import MOST_XML, lxml_etree, parse_xml, read_part

_TYPES = "[Content_Types].xml"
_STRICT = b"http://purl.oclc.org/ooxml/"
_TRANSITIONAL = b"http://schemas.openxmlformats.org/"
_STRICT_PATHS = re.compile(
    rb"http://purl\.oclc\.org/ooxml/(wordprocessingml|presentationml|drawingml|officeDocument"
    rb"|spreadsheetml|package)/(?:2006/)?"
)
_OPEN_XML = b"application/vnd.openxmlformats-officedocument."
_DOCUMENT = _OPEN_XML + b"wordprocessingml.document.main+xml"
_SLIDES = _OPEN_XML + b"presentationml.presentation.main+xml"
_MAIN_TYPES = {
    b"application/vnd.ms-word.document.macroEnabled.main+xml": _DOCUMENT,
    _OPEN_XML + b"wordprocessingml.template.main+xml": _DOCUMENT,
    b"application/vnd.ms-word.template.macroEnabledTemplate.main+xml": _DOCUMENT,
    _OPEN_XML + b"presentationml.slideshow.main+xml": _SLIDES,
    _OPEN_XML + b"presentationml.template.main+xml": _SLIDES,
    b"application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml": _SLIDES,
    b"application/vnd.ms-powerpoint.template.macroEnabled.main+xml": _SLIDES,
}
_FLOW = re.compile(r"word/(?:document|header|footer)\d*\.xml")
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")
_BINARIES = re.compile(r"(?:word|ppt)/(?:media|embeddings|fonts)/")
_NOTE_PARTS = {
    "footnote": "word/footnotes.xml",
    "endnote": "word/endnotes.xml",
    "comment": "word/comments.xml",
}
_RULES = frozenset({"separator", "continuationSeparator", "continuationNotice"})
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


def mended(file: BinaryIO) -> BinaryIO:
    """The file itself where nothing needs mending, else the copy. Raises `BadZipFile`."""
    changed: dict[str, bytes] = {}
    with zipfile.ZipFile(file) as package:
        names = package.namelist()
        is_strict = _is_strict(package)
        for name in names:
            data = _mended_part(package, name, is_strict=is_strict)
            if data is not None:
                changed[name] = data
        if not changed:
            file.seek(0)
            return file
        return _copy(package, changed)


def _mended_part(package: zipfile.ZipFile, name: str, *, is_strict: bool) -> bytes | None:
    """New bytes of a part, None where it stays."""
    is_flow, is_slide = bool(_FLOW.fullmatch(name)), bool(_SLIDE.fullmatch(name))
    if not (is_flow or is_slide or name == _TYPES or is_strict):
        return None
    if is_strict and not name.endswith((".xml", ".rels")):
        return None
    if package.getinfo(name).file_size > MOST_XML:
        return None
    before = data = read_part(package, name)
    if data is None or before is None:
        return None
    if name == _TYPES:
        data = _plain_types(data)
    if is_strict:
        data = _STRICT_PATHS.sub(_transitional, data)
    if is_flow and any(sign in data for sign in SIGNS):
        data = _straightened(package, name, data, is_strict=is_strict) or data
    elif is_slide and 0 < data.find(b"AlternateContent") < data.rfind(b"</p:spTree>"):
        data = _without_alternatives(data) or data
    return None if data is before else data


def _is_strict(package: zipfile.ZipFile) -> bool:
    return _STRICT in (read_part(package, "_rels/.rels", 65_536) or b"")


def _transitional(found: re.Match[bytes]) -> bytes:
    return _TRANSITIONAL + found[1] + b"/2006/"


def _plain_types(types: bytes) -> bytes:
    for told, plain in _MAIN_TYPES.items():
        if told in types:
            types = types.replace(told, plain)
    return types


def _straightened(
    package: zipfile.ZipFile, name: str, data: bytes, *, is_strict: bool
) -> bytes | None:
    root = parse_xml(data)
    if root is None:
        return None
    related = _Related(package, name)
    straighten(root, _Notes(package, is_strict=is_strict), related)
    return lxml_etree().tostring(root, encoding="UTF-8", xml_declaration=True)


def _without_alternatives(data: bytes) -> bytes | None:
    """python-pptx passes over shapes that come in several forms: the first with text is taken."""
    root = parse_xml(data)
    if root is None:
        return None
    for element in list(root.iter(_CHOICE + "AlternateContent")):
        forms = [form for form in element if isinstance(form.tag, str)]
        chosen = next((form for form in forms if next(form.iter("{*}t"), None) is not None), None)
        for child in () if chosen is None else list(chosen):
            element.addprevious(child)
        element.getparent().remove(element)
    return lxml_etree().tostring(root, encoding="UTF-8", xml_declaration=True)


def _copy(package: zipfile.ZipFile, changed: Mapping[str, bytes]) -> BinaryIO:
    copy = BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        for name in dict.fromkeys(package.namelist()):
            data = changed.get(name)
            if data is None:
                data = b"" if _BINARIES.match(name) else read_part(package, name, -1)
            if data is not None:
                target.writestr(name, data)
    copy.seek(0)
    return copy


class _Notes:
    """Texts of foot-, endnotes and comments, each given once."""

    def __init__(self, package: zipfile.ZipFile, *, is_strict: bool) -> None:
        self._package = package
        self._is_strict = is_strict
        self._texts: dict[str, dict[str, list[str]]] = {}

    def __call__(self, kind: str, number: str) -> list[str]:
        if kind not in self._texts:
            self._texts[kind] = self._read(kind)
        return self._texts[kind].pop(number, [])

    def _read(self, kind: str) -> dict[str, list[str]]:
        data = read_part(self._package, _NOTE_PARTS[kind]) or b""
        root = parse_xml(_STRICT_PATHS.sub(_transitional, data) if self._is_strict else data)
        if root is None:
            return {}
        return {
            note.get(W + "id") or "": list(paragraphs_of(note))
            for note in root.iter(W + kind)
            if note.get(W + "type") not in _RULES
        }


class _Related:
    """Texts of the diagrams and charts that a part refers to."""

    def __init__(self, package: zipfile.ZipFile, name: str) -> None:
        self._package = package
        self._targets = lru_cache(1)(lambda: related_parts(package, name))

    def __call__(self, relation: str) -> list[str]:
        target = self._targets().get(relation)
        return drawn_texts(self._package, target) if target else []


def related_parts(package: zipfile.ZipFile, name: str) -> dict[str, str]:
    """Names of the parts that a part refers to, by the id of the relationship."""
    folder = dirname(name)
    rels = f"{folder}/_rels/{name[len(folder) + 1 :]}.rels"
    root = parse_xml(read_part(package, rels) or b"")
    if root is None:
        return {}
    return {
        element.get("Id") or "": normpath(join("/", folder, element.get("Target") or "")).lstrip(
            "/"
        )
        for element in root.iter("{*}Relationship")
        if element.get("TargetMode") != "External"
    }


def drawn_texts(package: zipfile.ZipFile, name: str) -> list[str]:
    """Paragraphs of a diagram; title, series and categories of a chart, one line."""
    root = parse_xml(read_part(package, name) or b"")
    if root is None:
        return []
    texts = ["".join(_strings(p.iter("{*}t"))) for p in root.iter("{*}p")]
    if root.tag.endswith("}chartSpace"):
        cached = dict.fromkeys(_labels(root))
        texts = [", ".join(filter(None, [" ".join(texts), *cached]))]
    return [text for text in texts if text.strip()]


def _labels(chart: Any) -> list[str]:
    """Names of series and categories, not the figures."""
    return [
        value.strip()
        for cache in chart.iter("{*}strCache")
        for value in _strings(cache.iter("{*}v"))
        if value.strip()
    ][:1000]


def _strings(elements: Any) -> list[str]:
    return [element.text or "" for element in elements]
