"""reStructuredText and org: their own headings, lists, tables and code; nothing is included."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

RST = """=======
Harbour
=======

:Author: Ann Lee
:Date: 2024-05-03

The *bridge* is closed
until Monday, see :ref:`plan` and `site <http://x.y>`_.

Prices
======

- one rope

  second paragraph

  * nested

term
   Its definition.

.. code-block:: python

   x = 1

.. list-table:: Wares

   * - Ware
     - Price
   * - Rope
     - 12

.. toctree::

   intro

.. include:: {secret}

.. note:: Take care of the lock.

.. [1] The footnote.

| line one
| line two

Deep
~~~~

.. a comment

The end is near.
"""
ORG = """#+TITLE: Harbour notes
#+AUTHOR: Ann
#+DATE: <2024-05-03 Fri>
The intro goes on
in a second line.
* TODO Bridge :tag:
:PROPERTIES:
:CUSTOM: hidden
:END:
It is [[http://x.y][closed]] until Monday.
** Prices
- one rope
  goes on
- [ ] an anchor
  - nested
| Ware | Price |
|------+-------|
| Rope | 12    |
#+BEGIN_SRC python
  x = 1
    y = 2
#+END_SRC
# a comment
:LOGBOOK:
CLOCK: hidden
:END:
#+BEGIN_QUOTE
Quoted words are here.
#+END_QUOTE
"""


def _extract(path: Path, text: str | bytes, kind: str) -> ExtractedText:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return extract_file(path, ExtractRequest(kind, f"a.{kind}"))


def test_rst(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not to be read")
    found = _extract(tmp_path / "raw", RST.format(secret=secret), "rst")
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Title", 0, "Harbour"),
        ("UncategorizedText", None, "Author: Ann Lee\nDate: 2024-05-03"),
        ("NarrativeText", None, "The bridge is closed until Monday, see :ref:`plan` and site."),
        ("Title", 1, "Prices"),
        ("ListItem", None, "one rope"),
        ("UncategorizedText", None, "second paragraph"),
        ("ListItem", None, "nested"),
        ("ListItem", None, "term: Its definition."),
        ("CodeSnippet", None, "x = 1"),
        ("FigureCaption", None, "Wares"),
        ("Table", None, "Ware | Price\nRope | 12"),
        ("CodeSnippet", None, ".. toctree::\n\n   intro"),
        ("CodeSnippet", None, f".. include:: {secret}"),
        ("NarrativeText", None, "Take care of the lock."),
        ("UncategorizedText", None, "[1] The footnote."),
        ("UncategorizedText", None, "line one\nline two"),
        ("Title", 2, "Deep"),
        ("NarrativeText", None, "The end is near."),
    ]
    assert (found.title, found.author) == ("Harbour", "Ann Lee")
    assert found.created_at == "2024-05-03T00:00:00+00:00"
    assert found.elements[10].text_as_html is not None
    assert found.fallback is None


def test_org(tmp_path: Path) -> None:
    found = _extract(tmp_path / "raw", ORG, "org")
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("Title", 0, "Harbour notes"),
        ("NarrativeText", None, "The intro goes on in a second line."),
        ("Title", 1, "Bridge"),
        ("NarrativeText", None, "It is closed until Monday."),
        ("Title", 2, "Prices"),
        ("ListItem", None, "one rope goes on"),
        ("ListItem", None, "an anchor"),
        ("ListItem", None, "nested"),
        ("Table", None, "Ware | Price\nRope | 12"),
        ("CodeSnippet", None, "x = 1\n  y = 2"),
        ("NarrativeText", None, "Quoted words are here."),
    ]
    assert (found.title, found.author) == ("Harbour notes", "Ann")
    assert found.created_at == "2024-05-03T00:00:00+00:00"


@pytest.mark.parametrize("kind", ["rst", "org"])
def test_plain_words_are_enough(tmp_path: Path, kind: str) -> None:
    assert _extract(tmp_path / "raw", "The bridge is closed.", kind).text == "The bridge is closed."


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("rst", "".join(" " * n + "* x\n\n" for n in range(0, 4000, 2))),
        ("rst", "*" * 100_000),
        ("rst", "`" * 50_000 + " words"),
        ("rst", "=" * 100_000 + "\nwords\n" + "=" * 100_000),
        ("org", "*" * 100_000 + " words"),
        ("org", "| " + "x" * 100_000 + "\n|" * 1000),
        ("org", "[[" * 50_000),
        ("org", "#+BEGIN_SRC\n" * 5000 + "words"),
        ("org", "#+BEGIN_QUOTE\n" * 5000 + "words"),
        ("org", "<2024-" * 20_000),
        ("org", ":A:\n" * 20_000),
    ],
)
def test_hostile_texts_end(tmp_path: Path, kind: str, text: str) -> None:
    started = time.process_time()
    found = _extract(tmp_path / "raw", text + "\n\nThe words are here.", kind)
    assert "words are here" in found.text
    assert time.process_time() - started < 5


@pytest.mark.heavy
@pytest.mark.parametrize(("kind", "whole"), [("rst", RST), ("org", ORG)])
def test_damaged_texts_give_text_or_a_typed_error(tmp_path: Path, kind: str, whole: str) -> None:
    source = random.Random(4)
    for number in range(40):
        data = bytearray(whole.encode())
        for _ in range(source.randint(1, 20)):
            data[source.randrange(len(data))] = source.randrange(256)
        try:
            _extract(tmp_path / "raw", bytes(data[: source.randint(20, len(data))]), kind)
        except PipelineError as error:
            assert error.code != "EXTRACTION_FAILED", (number, error.fields)
