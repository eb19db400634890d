"""The second way for html: its blocks in reading order, by one pass over the tree.

For pages that unstructured does not read: too deep, too large, or ones it raises on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.office_package import lxml_etree
from doc_pipeline.extraction.tables import table_element

_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr", "acronym", "nobr",
})  # fmt: skip
_HEADINGS = {f"h{level}": level - 1 for level in range(1, 7)}


def html_blocks(root: Any, classify: Callable[[str], Element]) -> list[Element]:
    """Headings, list items, tables without tables inside, and blocks that `classify` names."""
    return [element for element in _blocks(root, classify) if element.text]


def stripped_text(text: str) -> str:
    """Text between the tags, one line each, for trees so deep that the parser cuts them off."""
    parser = _Stripper(convert_charrefs=True)
    parser.feed(text)
    parser.close()
    return "\n".join(parser.lines)


class _Stripper(HTMLParser):
    def __init__(self, *, convert_charrefs: bool) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self.lines: list[str] = []
        self._is_seen = True

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._is_seen = tag not in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._is_seen = True

    def handle_data(self, data: str) -> None:
        if self._is_seen and data.strip():
            self.lines.append(" ".join(data.split()))


def _blocks(root: Any, classify: Callable[[str], Element]) -> Iterator[Element]:
    pending: list[str] = []
    kinds: list[str] = ["body"]
    table: Any = None
    for event, each in lxml_etree().iterwalk(root, events=("start", "end")):
        tag = each.tag if isinstance(each.tag, str) else ""
        is_start = event == "start"
        if table is not None:
            if each is table and not is_start:
                table = None
                pending.append(each.tail or "")
            continue
        if tag not in _INLINE:
            if tag == "br":
                pending.append("\n" if is_start else "")
            else:
                yield _named(pending, kinds[-1], classify)
                pending = []
                _step(kinds, tag, is_start=is_start)
        if is_start and tag == "table" and next(each.iterdescendants("table"), None) is None:
            table = each
            yield _table(each)
        else:
            pending.append((each.text if is_start else each.tail) or "")
    yield _named(pending, "body", classify)


def _step(kinds: list[str], tag: str, *, is_start: bool) -> None:
    """Into a block, which counts as what it is in: a paragraph of a list item is the item."""
    if is_start:
        kinds.append(tag if tag in {"li", "pre"} or tag in _HEADINGS else kinds[-1])
    elif len(kinds) > 1:
        kinds.pop()


def _named(pending: list[str], kind: str, classify: Callable[[str], Element]) -> Element:
    if kind == "pre":
        return Element("CodeSnippet", "".join(pending).strip("\n").rstrip())
    lines = (" ".join(line.split()) for line in "".join(pending).split("\n"))
    text = " ".join(line for line in lines if line)
    if not text:
        return Element("UncategorizedText", "")
    if kind in _HEADINGS:
        return Element("Title", text, depth=_HEADINGS[kind])
    if kind == "li":
        return Element("ListItem", text)
    element = classify(text)
    is_guess = element.type in {"Title", "ListItem"}  # the page says itself what these are
    return replace(element, type="UncategorizedText", depth=None) if is_guess else element


def _table(table: Any) -> Element:
    rows = [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row.iterchildren("td", "th")]
        for row in table.iterdescendants("tr")
    ]
    return table_element([row for row in rows if any(row)])
