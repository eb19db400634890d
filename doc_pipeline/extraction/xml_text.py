"""XML and SVG to readable text: records as lines 'name: value', paragraphs whole, titles as titles.

No entity, DTD or address is ever followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import NoTextFound, OverLimit
from doc_pipeline.extraction.charset import decode_text
from doc_pipeline.extraction.html_blocks import stripped_text
from doc_pipeline.extraction.office_package import lxml_etree
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.plain_text import CLASSIFY_UP_TO_CHARS
from doc_pipeline.extraction.request import Draft, ExtractRequest

_BLOCKS = frozenset({
    "p", "para", "simpara", "div", "section", "sect1", "sect2", "sect3", "chapter", "table", "list",
    "ul", "ol", "itemizedlist", "orderedlist", "item", "li", "listitem", "body", "sec",
})  # fmt: skip
_PARAGRAPHS = frozenset({"p", "para", "simpara"})
_ITEMS = frozenset({"li", "item", "listitem"})
_TITLES = frozenset({"title", "head", "heading", "h1", "h2", "h3", "h4", "h5", "h6"})
_PROSE_CHARS = 80
_TITLE_CHARS = 200
_BLOCK_CHARS = 4_000
_LONGEST_PATH = 200
_TECHNICAL = frozenset({
    "id", "class", "style", "href", "src", "xmlns", "lang", "space", "schemaLocation", "width",
    "height", "version", "encoding", "type", "role", "base", "noNamespaceSchemaLocation",
})  # fmt: skip
_MARKUP = re.compile(r"<(?:p|br|a|div|img|b|i|ul|li|strong|em|span|h[1-6]|table)\b", re.IGNORECASE)
_DECLARED = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_LONGEST_ENTITY = 200
_NOT_IN_XML = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), 0xFFFE, 0xFFFF], " ")


def extract_xml(path: Path, request: ExtractRequest) -> Draft:
    """Text of an XML file with its place in the tree. Raises `OverLimit`, `NoTextFound`."""
    root, fallback = _parse(path, request)
    reader = _Reader(root)
    elements = list(reader.block(root, 0))
    return _draft(elements, fallback, next((e.text for e in elements if e.type == "Title"), None))


def extract_svg(path: Path, request: ExtractRequest) -> Draft:
    """Title, description and every text of a drawing. Raises `OverLimit`, `NoTextFound`."""
    root, fallback = _parse(path, request)
    elements: list[Element] = []
    for node in root.iter("{*}title", "{*}desc", "{*}text", "{*}foreignObject"):
        text = " ".join(_all_text(node).split())
        if _name(node) == "title":
            is_top = node.getparent() is root
            kind, depth = ("Title", 0) if is_top else ("UncategorizedText", None)
            elements.append(Element(kind, text, depth=depth))
        elif text and not any(_name(each) == "foreignObject" for each in node.iterancestors()):
            elements.append(Element("UncategorizedText", text))
    return _draft(elements, fallback, next((e.text for e in elements if e.type == "Title"), None))


def _draft(elements: list[Element], fallback: str | None, title: str | None) -> Draft:
    extractor = "xml-recovered@1" if fallback else None
    return Draft(elements, title=title, extractor=extractor, fallback=fallback)


def _parse(path: Path, request: ExtractRequest) -> tuple[Any, str | None]:
    """The root, and why the file was read only as far as it is whole, if it was."""
    size_bytes = path.stat().st_size
    if size_bytes > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=size_bytes)
    data = path.read_bytes()
    etree = lxml_etree()
    try:
        return etree.fromstring(data, _parser(recover=False)), None
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        text = _DECLARED.sub("", decode_text(data)[0].replace("\0", "").lstrip("\ufeff"))
        root = _recovered(text)
        if root is None or not "".join(root.itertext()).strip():
            root = _without_tags(text, request.kind)
        return root, f"xml-text failed ({type(error).__name__}): read as far as it is whole"


def _without_tags(text: str, kind: str) -> Any:
    """What stands between the tags of a file that is no tree, or too deep a one."""
    lines = stripped_text(text).split("\n")
    if not "".join(lines).strip():
        raise NoTextFound(kind=kind)
    root = lxml_etree().Element("text")
    for line in lines:
        lxml_etree().SubElement(root, "p").text = line.translate(_NOT_IN_XML)
    return root


def _parser(*, recover: bool) -> Any:
    return lxml_etree().XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, recover=recover, remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _recovered(text: str) -> Any | None:
    try:
        return lxml_etree().fromstring(text.encode("utf-8", "replace"), _parser(recover=True))
    except (lxml_etree().XMLSyntaxError, ValueError):
        return None


class _Reader:
    """Walks a tree; the parser has kept it to 256 levels."""

    def __init__(self, root: Any) -> None:
        self._is_long = sum(map(len, root.itertext())) > CLASSIFY_UP_TO_CHARS

    def _read(self, node: Any, depth: int) -> Iterator[Element]:
        """Elements of a node with children; `depth` counts the titled nodes around it."""
        record: list[str] = _attributes(node)
        has_title = False
        for child in node:
            if not isinstance(child.tag, str):
                continue
            if _is_title(child):
                yield from self._taken(record, node)
                has_title = True
                yield Element("Title", _joined(child), depth=depth)
            elif _is_value(child):
                record += [*_lines(child)]
                if sum(map(len, record)) > _BLOCK_CHARS:
                    yield from self._taken(record, node)
            else:
                yield from self._taken(record, node)
                yield from self.block(child, depth + has_title)
            if (child.tail or "").strip():
                yield from self._taken(record, node)
                yield self._classified(" ".join(child.tail.split()), node)
        yield from self._taken(record, node)

    def block(self, node: Any, depth: int) -> Iterator[Element]:
        """Elements of a node: a paragraph or an item as a whole, or what it holds."""
        is_item = _name(node).lower() in _ITEMS
        if len(node) == 0 or _is_mixed(node) or (is_item and _holds_paragraph(node)):
            text = _joined(node)
            if _MARKUP.search(text):
                text = " ".join(stripped_text(text).split())
            yield (
                Element("ListItem", text, extra=_place(node))
                if is_item
                else self._classified(text, node)
            )
            return
        if (node.text or "").strip():
            yield self._classified(" ".join(node.text.split()), node)
        yield from self._read(node, depth)

    def _taken(self, record: list[str], node: Any) -> Iterator[Element]:
        if record:
            yield Element("UncategorizedText", "\n".join(record), extra=_place(node))
            record.clear()

    def _classified(self, text: str, node: Any) -> Element:
        kind = "UncategorizedText"
        if not self._is_long and text and classify_text(text).type == "NarrativeText":
            kind = "NarrativeText"
        return Element(kind, text, extra=_place(node))


def _is_title(node: Any) -> bool:
    """A title of something that has more than short values."""
    if _name(node).lower() not in _TITLES or not 0 < len(_joined(node)) <= _TITLE_CHARS:
        return False
    siblings = [each for each in node.getparent() if isinstance(each.tag, str) and each is not node]
    return any(not _is_value(each) for each in siblings)


def _is_value(node: Any) -> bool:
    """One short value, which is read as 'name: value'."""
    if len(node) or _name(node).lower() in _BLOCKS:
        return False
    return len(node.text or "") <= _PROSE_CHARS and not _MARKUP.search(node.text or "")


def _is_mixed(node: Any) -> bool:
    """Text with parts of it marked, not a mixture of blocks."""
    children = [child for child in node if isinstance(child.tag, str)]
    if any(_name(child).lower() in _BLOCKS for child in children):
        return False
    return any((text or "").strip() for text in (node.text, *(child.tail for child in node)))


def _holds_paragraph(node: Any) -> bool:
    return len(node) == 1 and _name(node[0]).lower() in _PARAGRAPHS and not len(node[0])


def _lines(node: Any) -> Iterator[str]:
    name, text = _name(node), " ".join((node.text or "").split())
    if text:
        yield f"{name}: {text}"
    for line in _attributes(node):
        yield f"{name}.{line}"


def _attributes(node: Any) -> list[str]:
    pairs = (
        (key.rpartition("}")[2], " ".join(value.split())) for key, value in node.attrib.items()
    )
    return [f"{key}: {value}" for key, value in pairs if value and key not in _TECHNICAL]


def _joined(node: Any) -> str:
    return " ".join(_all_text(node).split())


def _all_text(node: Any) -> str:
    """All text in a node, entities of the file's own by their short content."""
    return "".join(_texts(node))


def _texts(node: Any) -> Iterator[str]:
    yield node.text or "" if isinstance(node.tag, str) else _entity(node)
    for child in node:
        yield from _texts(child)
        yield child.tail or ""


def _entity(node: Any) -> str:
    """What an entity of the file stands for, where it is short and plain; else its name."""
    dtd = node.getroottree().docinfo.internalDTD
    name = getattr(node, "name", None)
    for entity in dtd.iterentities() if dtd is not None and name else ():
        content = entity.content or ""
        if entity.name == name and 0 < len(content) <= _LONGEST_ENTITY and "&" not in content:
            return content
    return str(node.text or "")


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _place(node: Any) -> dict[str, str]:
    """Names of the nodes from the root down to this one."""
    names = [_name(each) for each in (node, *node.iterancestors())]
    return {"xml_path": "/".join(reversed(names))[-_LONGEST_PATH:]}
