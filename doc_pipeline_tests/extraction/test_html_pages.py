"""Web pages as people see them: no noise, no loss, facts of the head, hostile pages in time."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import NoTextFound, OverLimit, PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.html_blocks import html_blocks, stripped_text
from doc_pipeline.extraction.html_page import clean_page, parse_page
from doc_pipeline.extraction.partitions import classify_text
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

PAGE = """<!DOCTYPE html><html lang="de-AT"><head><title> Die  Brücke </title>
<meta name="Author" content="Ann Lee"><meta property="article:published_time"
content="2024-05-03T10:00:00Z"><meta name="last-modified" content="Sat, 04 May 2024 08:00:00 GMT">
</head><body><nav><ul><li><a href="/">Start</a></li></ul></nav>
<div hidden>geheim</div><div style="color:red; display: none">versteckt</div>
<template>Muster</template><noscript>Ohne Skript</noscript><!-- Kommentar -->
<h1>Die <em>Brücke</em></h1><p>Sie ist<br>bis Montag gesperrt, <img src="x.png"> sagt das Amt.</p>
<h2>Waren</h2><ul><li>ein Seil<ul><li>aus Hanf</li></ul></li><li><p>ein Anker</p></li></ul>
<figure><figcaption>Bild der Brücke</figcaption></figure>
<details><summary>Mehr</summary>Die Fähre fährt.</details>
<table><tr><th>Ware</th><th>Preis</th></tr><tr><td>Seil</td><td>12</td></tr></table>
<pre>x = 1
y = 2</pre></body></html>"""


def _extract(path: Path, data: str | bytes, kind: str = "html", **limits: int) -> ExtractedText:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return extract_file(path, ExtractRequest(kind, f"a.{kind}", limits=Limits(**limits)))


def test_what_people_see(tmp_path: Path) -> None:
    found = _extract(tmp_path / "raw", PAGE)
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Title", 0, "Die Brücke"),
        ("NarrativeText", None, "Sie ist bis Montag gesperrt, sagt das Amt."),
        ("Title", 1, "Waren"),
        ("ListItem", None, "ein Seil"),
        ("ListItem", None, "aus Hanf"),
        ("ListItem", None, "ein Anker"),
        ("UncategorizedText", None, "Bild der Brücke"),
        ("UncategorizedText", None, "Mehr"),
        ("UncategorizedText", None, "Die Fähre fährt."),
        ("Table", None, "Ware | Preis\nSeil | 12"),
        ("CodeSnippet", None, "x = 1\ny = 2"),
    ]
    table = found.elements[9].text_as_html or ""
    assert table.startswith("<table")
    assert found.fallback is None


def test_facts_of_the_head(tmp_path: Path) -> None:
    found = _extract(tmp_path / "raw", PAGE)
    assert (found.title, found.author, found.language) == ("Die Brücke", "Ann Lee", "de")
    assert found.created_at == "2024-05-03T10:00:00+00:00"
    assert found.modified_at == "2024-05-04T08:00:00+00:00"


def test_captions_and_cells_without_rows_are_kept(tmp_path: Path) -> None:
    page = (
        "<p>The harbour takes fees from every boat that stays for more than a night.</p>"
        "<table><caption>Fees of <b>2026</b></caption><thead><th>Boat</th><th>Fee</th></thead>"
        "<tr><td>cutter</td><td>12</td></tr></table><table><td>one</td><td>two</td></table>"
    )
    found = _extract(tmp_path / "raw", page)
    assert [(element.type, element.text) for element in found.elements[1:]] == [
        ("UncategorizedText", "Fees of 2026"),
        ("Table", "Boat | Fee\ncutter | 12"),
        ("Table", "one | two"),
    ]
    assert found.fallback is None


def test_a_template_that_claims_english_is_not_believed(tmp_path: Path) -> None:
    page = "<html lang=en><p>Die Brücke ist bis Montag gesperrt, und die Fähre fährt nicht.</p>"
    assert _extract(tmp_path / "raw", page).language == "de"
    assert _extract(tmp_path / "raw", "<html lang=sv><p>Bro</p>").language == "sv"


def test_a_page_that_is_all_menu_keeps_it(tmp_path: Path) -> None:
    page = "<nav><a href=a>Harbour</a> <a href=b>Bridge</a></nav>"
    assert "Bridge" in _extract(tmp_path / "raw", page).text


def test_second_way_reads_the_same_words() -> None:
    root = parse_page(PAGE)
    clean_page(root)
    assert [(e.type, e.depth, e.text) for e in html_blocks(root, classify_text)] == [
        ("Title", 0, "Die Brücke"),
        ("NarrativeText", None, "Sie ist bis Montag gesperrt, sagt das Amt."),
        ("Title", 1, "Waren"),
        ("ListItem", None, "ein Seil"),
        ("ListItem", None, "aus Hanf"),
        ("ListItem", None, "ein Anker"),
        ("UncategorizedText", None, "Bild der Brücke"),
        ("UncategorizedText", None, "Mehr"),
        ("UncategorizedText", None, "Die Fähre fährt."),
        ("Table", None, "Ware | Preis\nSeil | 12"),
        ("CodeSnippet", None, "x = 1\ny = 2"),
    ]


def test_stripped_text_leaves_scripts_out() -> None:
    assert stripped_text("<p>a &amp; b<script>x()</script><style>p{}</style> c") == "a & b\nc"


@pytest.mark.parametrize("levels", [150, 400, 3000, 100_000])
def test_pages_nested_without_end(tmp_path: Path, levels: int) -> None:
    started = time.process_time()
    found = _extract(tmp_path / "raw", "<div>" * levels + "<p>The words are here.</p>")
    assert found.text == "The words are here."
    assert (found.fallback is not None) == (levels > 150)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("tag", ["b", "a href=x", "table><tr><td", "ul><li", "font", "p", "select"])
def test_tags_never_closed(tmp_path: Path, tag: str) -> None:
    started = time.process_time()
    found = _extract(tmp_path / "raw", "The words are here.<p>" + f"<{tag}>x" * 6_000)
    assert "The words are here." in found.text
    assert time.process_time() - started < 15


def test_words_after_the_end_of_the_page_are_kept(tmp_path: Path) -> None:
    page = "<html><body><p>One.</p></body></html>\n<html><body><p>Two.</p></body></HTML >Three."
    assert _extract(tmp_path / "raw", page).text.split("\n\n") == ["One.", "Two.", "Three."]


def test_empty_pages_have_no_text(tmp_path: Path) -> None:
    for page in ("<html><body></body></html>", "<script>x()</script>", "<!-- x -->"):
        with pytest.raises(NoTextFound):
            _extract(tmp_path / "raw", page)


def test_too_large(tmp_path: Path) -> None:
    with pytest.raises(OverLimit):
        _extract(tmp_path / "raw", PAGE, text_bytes=100)


def test_damaged_pages_give_text_or_a_typed_error(tmp_path: Path) -> None:
    source = random.Random(4)
    for number in range(60):
        data = bytearray(PAGE.encode())
        for _ in range(source.randint(1, 30)):
            data[source.randrange(len(data))] = source.randrange(256)
        try:
            _extract(tmp_path / "raw", bytes(data[: source.randint(20, len(data))]))
        except PipelineError as error:
            assert error.code == "NO_TEXT", (number, error.fields)


MARKDOWN = """---
title: 'Harbour: notes'
authors:
  - Ann Lee
  - Bob
date: 2024-05-03
tags: [a, b]
---
Wares:
- one rope
- two anchors
  goes on

1. first

   second paragraph

```python
- not a list
# not a heading
```

Setext
------

| a | b |
|---|---|
| 1 | **2** |

#### Four
"""


def test_markdown_as_people_write_it(tmp_path: Path) -> None:
    found = _extract(tmp_path / "raw", MARKDOWN, "md")
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("UncategorizedText", None, "Wares:"),
        ("ListItem", None, "one rope"),
        ("ListItem", None, "two anchors goes on"),
        ("ListItem", None, "first"),
        ("UncategorizedText", None, "second paragraph"),
        ("CodeSnippet", None, "- not a list\n# not a heading"),
        ("Title", 1, "Setext"),
        ("Table", None, "a | b\n1 | 2"),
        ("Title", 3, "Four"),
    ]
    assert (found.title, found.author) == ("Harbour: notes", "Ann Lee, Bob")
    assert found.created_at == "2024-05-03T00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('+++\ntitle = "Bridge"\ndate = 2024-05-03\n+++\nwords\n', "Bridge"),
        ("---\n\nwords\n\n---\n\nmore\n", None),
        ("---\nno pairs here\n---\nwords\n", "no pairs here"),
    ],
)
def test_front_matter(tmp_path: Path, text: str, title: str | None) -> None:
    found = _extract(tmp_path / "raw", text, "md")
    assert (found.title, "words" in found.text) == (title, True)


@pytest.mark.parametrize("sign", ["> ", "- ", "  " * 500 + "- x\n", "**a ", "![", "<div>", "|a"])
def test_hostile_markdown_ends(tmp_path: Path, sign: str) -> None:
    started = time.process_time()
    found = _extract(tmp_path / "raw", "The words are here.\n\n" + sign * 3000, "md")
    assert "The words are here." in found.text
    assert time.process_time() - started < 20
