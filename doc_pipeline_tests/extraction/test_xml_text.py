"""XML and SVG: readable text with its place, nothing followed, no file that hangs or vanishes."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import NoTextFound, OverLimit, PipelineError
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

BOOK = """<?xml version="1.0" encoding="{charset}"?>
<!DOCTYPE book [<!ENTITY prod "Harbour 3"><!ENTITY ext SYSTEM "file:///etc/passwd">]>
<book xmlns="urn:x"><info><author>Ann</author></info><title>Brücken</title>
<chapter><title>Closed</title>
<para>Mixed <b>bold</b> text of &prod; stays <i>whole</i>, &ext; is not followed.</para>
<section><title>Wares</title><itemizedlist><listitem>rope</listitem>
<listitem><para>anchor</para></listitem></itemizedlist></section></chapter></book>"""


def _extract(path: Path, data: bytes, kind: str = "xml", **limits: int) -> ExtractedText:
    path.write_bytes(data)
    return extract_file(path, ExtractRequest(kind, f"a.{kind}", limits=Limits(**limits)))


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
def test_titles_paragraphs_and_items(tmp_path: Path, charset: str) -> None:
    found = _extract(tmp_path / "raw", BOOK.format(charset=charset).encode(charset))
    assert [(e.type, e.depth, e.text) for e in found.elements] == [
        ("UncategorizedText", None, "author: Ann"),
        ("Title", 0, "Brücken"),
        ("Title", 1, "Closed"),
        (
            "NarrativeText",
            None,
            "Mixed bold text of Harbour 3 stays whole, &ext; is not followed.",
        ),
        ("Title", 2, "Wares"),
        ("ListItem", None, "rope"),
        ("ListItem", None, "anchor"),
    ]
    assert found.title == "Brücken"
    assert found.elements[3].extra == {"xml_path": "book/chapter/para"}


def test_records_are_lines(tmp_path: Path) -> None:
    data = b"<ports><port code='V'><name>Vestvik</name><depth unit='m'>12</depth></port></ports>"
    found = _extract(tmp_path / "raw", data)
    assert found.text == "code: V\nname: Vestvik\ndepth: 12\ndepth.unit: m"


def test_html_in_a_feed_is_text(tmp_path: Path) -> None:
    data = b"<rss><item><title>News</title><description>&lt;p&gt;It is &lt;b&gt;closed&lt;/b&gt; "
    data += b"until Monday morning.&lt;/p&gt;</description></item></rss>"
    found = _extract(tmp_path / "raw", data)
    assert [e.text for e in found.elements] == ["News", "It is closed until Monday morning."]


def test_drawing(tmp_path: Path) -> None:
    data = b"""<svg xmlns="http://www.w3.org/2000/svg"><title>Plan</title><desc>All of it</desc>
    <style>.a{}</style><script>x</script><g><text x="1">Pier <tspan>four</tspan></text></g></svg>"""
    found = _extract(tmp_path / "raw", data, "svg")
    assert found.text.split("\n\n") == ["Plan", "All of it", "Pier four"]
    assert found.title == "Plan"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<a><b>The words are", "b: The words are"),
        (b"<a><p>one</p></b><p>two</p>", "one"),
        (b"<a>" * 300 + b"deep" + b"</a>" * 300, "deep"),
        (b"no tags, only words", "no tags, only words"),
        (b"<a><b>caf\xe9</b></a>", "b: café"),
        (b"<a>&nbsp;words&unknown;</a>", "words"),
    ],
)
def test_damaged_files_are_read_as_far_as_they_go(tmp_path: Path, data: bytes, text: str) -> None:
    found = _extract(tmp_path / "raw", data)
    assert text in found.text
    assert found.fallback is not None


def test_nothing_but_tags_has_no_text(tmp_path: Path) -> None:
    for data in (b"<a>" * 100_000, b"<a><b/></a>"):
        with pytest.raises(NoTextFound):
            _extract(tmp_path / "raw", data)


def test_entities_never_grow(tmp_path: Path) -> None:
    """The gate refuses these; the extractor is safe without it."""
    large = "x" * 100_000
    data = f'<!DOCTYPE a [<!ENTITY b "{large}">]><a>words {"&b;" * 10_000}</a>'
    started = time.process_time()
    assert len(_extract(tmp_path / "raw", data.encode()).text) < 100_000
    assert time.process_time() - started < 3


def test_too_much_text(tmp_path: Path) -> None:
    with pytest.raises(OverLimit):
        _extract(tmp_path / "raw", b"<a>" + b"words " * 100 + b"</a>", text_bytes=100)


def test_damaged_files_give_text_or_a_typed_error(tmp_path: Path) -> None:
    whole = BOOK.format(charset="utf-8").encode()
    source = random.Random(4)
    for number in range(60):
        data = bytearray(whole)
        for _ in range(source.randint(1, 20)):
            data[source.randrange(len(data))] = source.randrange(256)
        try:
            _extract(tmp_path / "raw", bytes(data[: source.randint(20, len(data))]))
        except PipelineError as error:
            assert error.code != "EXTRACTION_FAILED", (number, error.fields)
