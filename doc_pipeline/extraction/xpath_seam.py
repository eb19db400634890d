"""Keeps the XPath expressions of python-docx and python-pptx compiled.

They compile every expression at every use, which is half of the time a document takes. Contract
with the pinned versions: its test.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

from doc_pipeline.extraction.office_package import lxml_etree

_MOST_KEPT = 512
_SPACES = {"docx": "nsmap", "pptx": "_nsmap"}


def keep_xpaths(package: str) -> None:
    """Let the elements of "docx" or "pptx" evaluate kept expressions. Safe to call again."""
    library: Any = import_module(f"{package}.oxml.xmlchemy")
    element = library.BaseOxmlElement
    if getattr(element.xpath, "is_kept", False):
        return
    spaces = getattr(library, _SPACES[package])

    @lru_cache(_MOST_KEPT)
    def compiled(xpath_str: str) -> Any:
        return lxml_etree().XPath(xpath_str, namespaces=spaces)

    def xpath(self: Any, xpath_str: str) -> Any:
        return compiled(xpath_str)(self)

    xpath.is_kept = True  # type: ignore[attr-defined]
    element.xpath = xpath
