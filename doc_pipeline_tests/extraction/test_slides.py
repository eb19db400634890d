"""Presentations: shapes in groups, charts, tables, notes, each on its own slide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
from doc_pipeline_tests.extraction.packages import rewrite


def _extract(path: Path) -> ExtractedText:
    return extract_file(path, ExtractRequest("pptx", "a.pptx"))


def _rich(path: Path) -> Path:
    """Two slides: a group, a table and a chart on the first, notes on both."""
    deck: Any = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[5])
    first.shapes.title.text = "Harbour"
    box = first.shapes.add_group_shape().shapes.add_textbox(*[Inches(n) for n in (1, 2, 3, 1)])
    box.text_frame.text = "The group holds this sentence."
    table = first.shapes.add_table(2, 2, *[Inches(n) for n in (1, 3, 4, 1)]).table
    for cell, text in zip(table.iter_cells(), ("Year", "Fee", "2026", "1,200"), strict=True):
        cell.text = text
    data = CategoryChartData()
    data.categories = ["Spring", "Autumn"]
    data.add_series("Ships", (3, 4))
    place = [Inches(n) for n in (1, 4, 4, 3)]
    first.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Fees"
    for slide in (first, second):
        slide.notes_slide.notes_text_frame.text = f"Say: {slide.shapes.title.text}."
    deck.save(str(path))
    return path


def test_every_text_is_on_its_slide_and_notes_end_it(tmp_path: Path) -> None:
    found = _extract(_rich(tmp_path / "raw"))
    assert [(e.page, e.type, e.text) for e in found.elements] == [
        (1, "Title", "Harbour"),
        (1, "NarrativeText", "The group holds this sentence."),
        (1, "Table", "Year | Fee\n2026 | 1,200"),
        (1, "UncategorizedText", "Ships, Spring, Autumn"),
        (1, "NarrativeText", "Say: Harbour."),
        (2, "Title", "Fees"),
        (2, "NarrativeText", "Say: Fees."),
    ]
    assert "<td>1,200</td>" in (found.elements[2].text_as_html or "")
    assert [e.extra.get("speaker_notes") for e in found.elements if e.text.startswith("Say")] == [
        True,
        True,
    ]
    assert found.pages == 2


def test_slides_come_in_the_order_of_the_show(tmp_path: Path) -> None:
    path = _rich(tmp_path / "raw")
    deck: Any = Presentation(str(path))
    ids = deck.slides._sldIdLst
    ids.insert(0, ids[1])
    deck.save(str(path))
    found = _extract(path)
    assert [(e.page, e.text) for e in found.elements if e.type == "Title"] == [
        (1, "Fees"),
        (2, "Harbour"),
    ]
    assert found.elements[1].text == "Say: Fees."


def test_second_way_keeps_slides_titles_tables_and_notes(tmp_path: Path) -> None:
    types = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    path = rewrite(_rich(tmp_path / "raw"), {"[Content_Types].xml": {types: b"text/plain"}})
    found = _extract(path)
    assert found.extractor == "office-xml@1"
    assert (found.fallback or "").startswith("unstructured-pptx failed")
    assert [(e.page, e.text) for e in found.elements] == [
        (1, "Harbour"),
        (1, "The group holds this sentence."),
        (1, "Year | Fee\n2026 | 1,200"),
        (1, "Ships, Spring, Autumn"),
        (1, "Say: Harbour."),
        (2, "Fees"),
        (2, "Say: Fees."),
    ]


def test_slide_shows_count_as_presentations(tmp_path: Path) -> None:
    types = {b"presentation.main+xml": b"slideshow.main+xml"}
    path = rewrite(_rich(tmp_path / "raw"), {"[Content_Types].xml": types})
    assert _extract(path).extractor == "unstructured-pptx@2"


def test_shape_in_several_forms_is_read_once(tmp_path: Path) -> None:
    mc = b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    change = {
        b"<p:grpSp>": mc + b'<mc:Choice Requires="p14"><p:grpSp>',
        b"</p:grpSp>": b"</p:grpSp></mc:Choice><mc:Fallback/></mc:AlternateContent>",
    }
    path = rewrite(_rich(tmp_path / "raw"), {"ppt/slides/slide1.xml": change})
    assert _extract(path).text.count("The group holds this sentence.") == 1
