"""A web page as a tree that shows what people see, and what its head says of it.

Scripts, styles, hidden parts and navigation are cut out; tags that unstructured does not know
become ones it does. Makes no elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from doc_pipeline.extraction.dates import iso_of_text
from doc_pipeline.extraction.office_package import lxml_etree

DEEPEST = 200
"""Beyond it unstructured's parser loses the text, or its walk ends in a RecursionError."""
CUT_OFF = 2000
"""Beyond 2,048 levels the C parser leaves out the rest."""
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_PAGE_END = re.compile(r"</(?:html|body)\s{0,20}>", re.IGNORECASE)
_UNSEEN = (
    "script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "canvas",
    "head", "select", "datalist", "audio", "video",
)  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_AS_BLOCKS = (
    "figure", "figcaption", "details", "summary", "form", "fieldset", "legend", "dialog", "center",
    "dt", "hgroup", "search", "marquee",
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
_AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator")
_CREATED = ("article:published_time", "datepublished", "date", "dc.date", "dcterms.created")
_MODIFIED = ("article:modified_time", "datemodified", "last-modified", "dcterms.modified")
_LANGUAGE = re.compile(r"[a-zA-Z]{2}(?=$|[-_])")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the head of a page says. Dates are ISO 8601, the language is what it claims."""

    title: str | None = None
    author: str | None = None
    created_at: str | None = None
    modified_at: str | None = None
    language: str | None = None


def parse_page(text: str) -> Any | None:
    """Root of the tree; None where there is nothing in it."""
    from lxml import html

    text = _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)  # no longer true
    text = _PAGE_END.sub("", text)  # the parser stops there, browsers do not
    if not text.strip():
        return None
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (lxml_etree().LxmlError, AssertionError, ValueError):
        return None


def page_facts(root: Any) -> PageFacts:
    """Title, author, dates and language that the page claims."""
    told: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = meta.get("name") or meta.get("property") or meta.get("itemprop")
        if name and meta.get("content"):
            told.setdefault(str(name).lower(), " ".join(str(meta.get("content")).split()))
    title = next((" ".join(each.itertext()) for each in root.iter("title")), "")
    language = _LANGUAGE.match(root.get("lang") or "")
    author = _first(told, _AUTHORS)
    return PageFacts(
        title=" ".join(title.split()) or told.get("og:title"),
        author=None if author and author.startswith("http") else author,
        created_at=iso_of_text(_first(told, _CREATED) or ""),
        modified_at=iso_of_text(_first(told, _MODIFIED) or ""),
        language=language[0].lower() if language else None,
    )


def clean_page(root: Any) -> int:
    """Cut out what people do not see; returns how deep the tree is."""
    doomed = [each for each in root.iter(*_UNSEEN) if each.getparent() is not None]
    doomed += [each for each in root.iter("*") if each is not root and _is_hidden(each)]
    doomed += [each for each in root.iter("img") if not (each.get("alt") or "").strip()]
    for each in doomed:
        _drop(each)
    menus = [each for each in root.iter("nav", "menu") if each.getparent() is not None]
    words = sum(len(" ".join(each.itertext()).split()) for each in menus)
    if words * 2 <= len(" ".join(root.itertext()).split()):
        for each in menus:
            _drop(each)
    for each in root.iter(*_AS_BLOCKS):
        each.tag = "div"
    for each in [item[0] for item in root.iter("li") if len(item) and item[0].tag == "p"]:
        each.drop_tag()  # what stands in the paragraph is the item
    _mend_tables(root)
    return _depth(root)


def _mend_tables(root: Any) -> None:
    """Captions before their tables, cells into rows: unstructured leaves out both."""
    for caption in list(root.iter("caption")):
        table = caption.getparent()
        if table is not None and table.tag == "table" and table.getparent() is not None:
            caption.tag, caption.tail = "div", None
            table.addprevious(caption)
    for part in list(root.iter("table", "thead", "tbody", "tfoot")):
        row: Any = None
        for each in list(part):
            if each.tag not in _CELLS:
                row = None
                continue
            if row is None:
                row = each.makeelement("tr")
                each.addprevious(row)
            row.append(each)


def _first(told: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((told[name] for name in names if told.get(name)), None)


def _is_hidden(each: Any) -> bool:
    style = each.get("style")
    is_off = style is not None and bool(_HIDDEN.search(style))
    return is_off or each.get("hidden") is not None or each.get("role") == "navigation"


def _drop(each: Any) -> None:
    """Without the element, but with the text that follows it."""
    if each.getparent() is not None:
        each.drop_tree()


def _depth(root: Any) -> int:
    depth = deepest = 0
    for event, _ in lxml_etree().iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
