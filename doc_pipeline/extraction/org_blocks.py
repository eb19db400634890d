"""The body of an org file, below one heading, as elements: lists, tables, code, paragraphs.

orgparse knows headings and properties; its own way of finding tables may take forever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.tables import table_element

_BEGIN = re.compile(r"[ \t]*#\+begin_(\w{1,30})", re.IGNORECASE)
_END = re.compile(r"[ \t]*#\+end_(\w{1,30})", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[\w-]{1,60}:[ \t]*$")
_DRAWER_END = re.compile(r"[ \t]*:end:[ \t]*$", re.IGNORECASE)
_KEYWORD = re.compile(r"[ \t]*#\+(\w{1,30})(?:\[[^\]\n]{0,200}\])?:[ \t]*(.*)")
_COMMENT = re.compile(r"[ \t]*#(?: |$)")
_ITEM = re.compile(r"([ \t]*)(?:[-+]|\d{1,4}[.)]|(?<=[ \t])\*)[ \t]+(.*)")
_RULE_ROW = re.compile(r"[ \t]*\|[-+|: \t]*$")
_RULE = re.compile(r"[ \t]*-{5,}[ \t]*$")
_LINK = re.compile(r"\[\[([^\[\]]{1,2000})\](?:\[([^\[\]]{0,2000})\])?\]")
_CHECKBOX = re.compile(r"^\[[ xX-]\][ \t]+")
_CODE = frozenset({"src", "example", "export", "latex", "html"})

Classify = Callable[[str], Element]


def org_elements(lines: Sequence[str], classify: Classify) -> Iterator[Element]:
    """Elements of the lines below a heading; `classify` tells prose from other text."""
    pending = _Pending(classify)
    at = last_end = 0
    while at < len(lines):
        line = lines[at]
        if begin := _BEGIN.match(line):
            yield from pending.taken()
            end = _find(lines, at + 1, begin[1].lower())
            yield from _region(begin[1].lower(), lines[at + 1 : end], classify)
            at = end
        elif _DRAWER.match(line) and not _DRAWER_END.match(line):
            yield from pending.taken()
            ends = (n for n in range(at + 1, len(lines)) if _DRAWER_END.match(lines[n]))
            last_end = next(ends, -1) if last_end in range(at + 1) else last_end
            at = max(at, last_end)
        else:
            yield from pending.add(line)
        at += 1
    yield from pending.taken()


def plain_org(text: str) -> str:
    """With the descriptions of links instead of the links."""
    return _LINK.sub(lambda link: link[2] or link[1], text)


class _Pending:
    """The paragraph, item, table or code that is being collected."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._kind = ""
        self._lines: list[str] = []
        self._indent = 0

    def add(self, line: str) -> Iterator[Element]:
        """Take one line; gives what it ends."""
        if keyword := _KEYWORD.match(line):
            yield from self.taken()
            if keyword[1].lower() == "caption":
                yield Element("FigureCaption", plain_org(keyword[2].strip()))
            return
        if not line.strip() or _COMMENT.match(line) or _RULE.match(line) or _DRAWER_END.match(line):
            yield from self.taken()
            return
        kind, text = self._kind_of(line)
        if kind == "item" or kind not in {self._kind, "more"}:
            yield from self.taken()
        self._kind = self._kind if kind == "more" else kind
        if kind != "row" or not _RULE_ROW.match(line):
            self._lines.append(text)

    def taken(self) -> Iterator[Element]:
        """What was collected, as an element."""
        kind, lines, self._kind, self._lines = self._kind, self._lines, "", []
        if not lines:
            return
        if kind == "row":
            cells = (line.strip().strip("|").split("|") for line in lines)
            yield table_element([[plain_org(cell.strip()) for cell in row] for row in cells])
        elif kind == "code":
            yield Element("CodeSnippet", "\n".join(lines))
        else:
            text = plain_org(" ".join(" ".join(lines).split()))
            yield Element("ListItem", text) if kind == "item" else self._classify(text)

    def _kind_of(self, line: str) -> tuple[str, str]:
        if line.lstrip().startswith("|"):
            return "row", line
        if line.lstrip().startswith(": ") or line.strip() == ":":
            return "code", line.lstrip()[2:]
        if item := _ITEM.match(line):
            self._indent = len(item[1])
            return "item", _CHECKBOX.sub("", item[2])
        indent = len(line) - len(line.lstrip())
        if self._kind == "item" and indent > self._indent:
            return "more", line
        return "text", line


def _find(lines: Sequence[str], start: int, name: str) -> int:
    for at in range(start, len(lines)):
        end = _END.match(lines[at])
        if end and end[1].lower() == name:
            return at
    return len(lines)


def _region(name: str, lines: Sequence[str], classify: Classify) -> Iterator[Element]:
    if name == "comment":
        return
    if name in _CODE:
        indent = min((len(each) - len(each.lstrip()) for each in lines if each.strip()), default=0)
        yield Element("CodeSnippet", "\n".join(each[indent:] for each in lines).strip("\n"))
    elif name == "verse":
        yield Element("UncategorizedText", plain_org("\n".join(each.strip() for each in lines)))
    else:
        yield from org_elements(lines, classify)
