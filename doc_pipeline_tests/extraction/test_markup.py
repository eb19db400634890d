"""Markdown and html through unstructured: headings with depth, tables as rows, titles."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.extraction.registry import ExtractRequest, extract_file


def _extract(path: Path, kind: str, data: bytes) -> ExtractedText:
    path.write_bytes(data)
    return extract_file(path, ExtractRequest(kind, f"a.{kind}"))


def test_markdown(tmp_path: Path) -> None:
    text = """---
title: "Harbour notes"
---
# Harbour

The bridge is closed until Monday.

## Prices

| Ware | Price |
|------|-------|
| Rope | 12    |

* one rope
"""
    found = _extract(tmp_path / "raw", "md", text.encode())
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Title", 0, "Harbour"),
        ("NarrativeText", None, "The bridge is closed until Monday."),
        ("Title", 1, "Prices"),
        ("Table", None, "Ware | Price\nRope | 12"),
        ("ListItem", None, "one rope"),
    ]
    assert found.title == "Harbour notes"


def test_page_of_brackets_does_not_hang(tmp_path: Path) -> None:
    found = _extract(tmp_path / "raw", "md", b"# Bridge\n\n" + b"[" * 200_000 + b" closed")
    assert found.warnings == ("read as plain text",)
    assert found.text.endswith("closed")


def test_html_page(tmp_path: Path) -> None:
    page = """<html><head><title>News &amp; more</title><style>p {}</style></head><body>
<h1>Bridge</h1><p>It is closed until Monday.</p><script>var secret = 1</script>
<h3>Prices</h3><ul><li>one rope</li></ul>
<table><tr><th>Ware</th><th>Price</th></tr><tr><td>Rope</td><td>12</td></tr></table>
</body></html>"""
    found = _extract(tmp_path / "raw", "html", page.encode())
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Title", 0, "Bridge"),
        ("NarrativeText", None, "It is closed until Monday."),
        ("Title", 2, "Prices"),
        ("ListItem", None, "one rope"),
        ("Table", None, "Ware | Price\nRope | 12"),
    ]
    assert found.title == "News & more"
    assert "secret" not in found.text


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.0" encoding="windows-1251"?><html>',
        '<html><head><meta charset="windows-1251"></head>',
        "<html>",
    ],
)
def test_charset_of_a_page(tmp_path: Path, head: str) -> None:
    """Also with an xml declaration, which lxml refuses in text that is decoded already."""
    page = f"{head}<body><p>Мост закрыт до понедельника, объезд по набережной.</p></body></html>"
    found = _extract(tmp_path / "raw", "html", page.encode("cp1251"))
    assert found.text == "Мост закрыт до понедельника, объезд по набережной."
