"""The tree that docutils makes of a reStructuredText, as elements. Reads no file itself.

Nothing is included, run or fetched: insertion of files and raw blocks are switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.tables import table_element

_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 3,
    "halt_level": 5,
    "warning_stream": False,
    "_disable_config": True,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "sectsubtitle_xform": False,
    "line_length_limit": 10_000_000,
}
"""At level 3 what docutils does not understand (a directive of Sphinx) stays in the tree."""
_UNSEEN = frozenset({
    "comment", "substitution_definition", "target", "pending", "meta", "decoration",
    "raw", "generated", "label",
})  # fmt: skip
_CODE = frozenset({"literal_block", "doctest_block"})
_WHOLE: dict[str, str] = {"math_block": "Formula", "caption": "FigureCaption"}
_LABELLED = frozenset({"footnote", "citation"})


def parse_rst(text: str) -> Any:
    """The document's tree. Raises what docutils raises, `RecursionError` among it."""
    from docutils.core import publish_doctree

    return publish_doctree(text, settings_overrides={**_SETTINGS, "input_encoding": "unicode"})


def rst_facts(document: Any) -> dict[str, str]:
    """The fields before the text, such as author and date, by their name in small letters."""
    blocks = (block for block in document.children if block.tagname == "docinfo")
    return {name.lower(): value for block in blocks for name, value in _info(block)}


def rst_elements(document: Any, classify: Callable[[str], Element]) -> Iterator[Element]:
    """Elements in reading order; `classify` tells prose from other text."""
    yield from _children(document, 0, classify)


def _children(node: Any, depth: int, classify: Callable[[str], Element]) -> Iterator[Element]:
    for child in node.children:
        yield from _block(child, depth, classify)


def _block(node: Any, depth: int, classify: Callable[[str], Element]) -> Iterator[Element]:
    kind = node.tagname
    if kind in _UNSEEN or kind == "#text":
        return
    if kind == "system_message":
        blocks = (child for child in node.children if child.tagname == "literal_block")
        yield from (Element("CodeSnippet", block.astext().strip()) for block in blocks)
    elif kind in {"title", "subtitle", "rubric"}:
        is_deeper = kind == "subtitle" or (kind == "rubric")
        yield Element("Title", _line(node), depth=depth + is_deeper)
    elif kind == "section":
        is_titled = any(child.tagname == "title" for child in node.document.children)
        inner = depth + 1 if node.parent.tagname == "section" or is_titled else depth
        yield from _children(node, inner, classify)
    elif kind in _CODE:
        yield Element("CodeSnippet", node.astext())
    elif kind == "table":
        yield from _table(node)
    else:
        yield from _other(node, kind, depth, classify)


def _other(
    node: Any, kind: str, depth: int, classify: Callable[[str], Element]
) -> Iterator[Element]:
    if kind == "paragraph":
        yield classify(_line(node))
    elif kind in _WHOLE:
        yield Element(_WHOLE[kind], node.astext())
    elif kind == "line_block":
        lines = _inside(node, "line")
        yield Element("UncategorizedText", "\n".join(map(_line, lines)))
    elif kind == "docinfo":
        lines = (f"{name}: {value}" for name, value in _info(node))
        yield Element("UncategorizedText", "\n".join(lines))
    elif kind == "list_item":
        yield from _item("", node.children, depth, classify)
    elif kind in {"definition_list_item", "field", "option_list_item"}:
        name = ", ".join(_line(child) for child in node.children[:-1])
        yield from _item(f"{name}: ", node.children[-1].children, depth, classify)
    elif kind in _LABELLED:
        label = f"[{node.children[0].astext()}] "
        yield from _item(label, node.children[1:], depth, classify, "UncategorizedText")
    elif kind == "image":
        yield Element("Image", node.get("alt", ""))
    else:
        yield from _children(node, depth, classify)


def _item(
    prefix: str,
    blocks: list[Any],
    depth: int,
    classify: Callable[[str], Element],
    kind: str = "ListItem",
) -> Iterator[Element]:
    """One item: its first paragraph with what names it; the rest stands for itself."""
    is_paragraph = bool(blocks) and blocks[0].tagname == "paragraph"
    first = _line(blocks[0]) if is_paragraph else ""
    yield Element(kind, f"{prefix}{first}".strip().removesuffix(":") if prefix else first)
    for block in blocks[is_paragraph:]:
        yield from _block(block, depth, classify)


def _table(node: Any) -> Iterator[Element]:
    rows: list[list[str]] = []
    for child in _inside(node, "row", "title"):
        if child.tagname == "title":
            yield Element("FigureCaption", _line(child))
        else:
            rows.append([_line(entry) for entry in child.children])
    if rows:
        yield table_element(rows)


def _inside(node: Any, *names: str) -> list[Any]:
    return [each for each in node.findall() if each.tagname in names]


def _info(block: Any) -> Iterator[tuple[str, str]]:
    for each in block.children:
        name = each.children[0].astext() if each.tagname == "field" else each.tagname.capitalize()
        yield name, _line(each.children[-1]) if each.tagname == "field" else _line(each)


def _line(node: Any) -> str:
    return " ".join(node.astext().split())
