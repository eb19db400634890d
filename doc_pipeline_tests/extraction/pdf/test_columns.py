"""Two and three columns are read one after the other, however the stream draws them."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from pathlib import Path

import pytest
from fpdf import FPDF

from doc_pipeline.extraction.pdf.columns import order_lines
from doc_pipeline_tests.extraction.pdf.making import PROSE, extract, save, sheet, texts

STORIES = [
    "Rain fell on the western hills for nine days, and the river rose above the old quay before "
    "anybody had thought of the sandbags that were lying in the yard of the fire brigade.",
    "Trade with the islands grew again after the new ferry had been put into service, although "
    "the fares were higher and the timetable was changed three times in the course of the year.",
    "Schools in both towns now teach swimming from the first class on, which the parents had "
    "asked for since the accident at the weir and for which the council found some money.",
]


def _columns(pdf: FPDF, top: float, count: int, *, by_rows: bool, pitch: float = 13) -> None:
    """Draws one story a column, four times over, either column by column or row by row."""
    width = 510 / count
    chars = int((width - 24) / 4.9)
    columns = [textwrap.wrap(" ".join([STORIES[i]] * 3), chars) for i in range(count)]
    places = [
        (40 + column * width, top + row * pitch, text)
        for column, lines in enumerate(columns)
        for row, text in enumerate(lines)
    ]
    if by_rows:
        places.sort(key=lambda place: (place[1], place[0]))
    for x, y, text in places:
        pdf.text(x, y, text)


@pytest.mark.parametrize("by_rows", [False, True], ids=["stream by columns", "stream by rows"])
@pytest.mark.parametrize("count", [2, 3])
def test_columns_are_read_one_after_the_other(tmp_path: Path, count: int, by_rows: bool) -> None:
    pdf = sheet()
    pdf.set_font("Helvetica", "B", 20)
    pdf.text(40, 90, "News of the harbour towns, from spring to autumn")
    pdf.set_font("Helvetica", size=10)
    _columns(pdf, 130, count, by_rows=by_rows)
    found = extract(save(pdf, tmp_path))
    words = " ".join(found.text.split())
    assert words.endswith(" ".join(" ".join([story] * 3) for story in STORIES[:count]))
    assert texts(found.elements, "Title") == ["News of the harbour towns, from spring to autumn"]


def test_a_line_across_the_page_parts_the_columns_above_from_those_below(tmp_path: Path) -> None:
    pdf = sheet()
    _columns(pdf, 100, 2, by_rows=True)
    pdf.set_font("Helvetica", "B", 16)
    pdf.text(40, 450, "A heading that runs across both columns of the page, in the middle")
    pdf.set_font("Helvetica", size=10)
    _columns(pdf, 480, 2, by_rows=True)
    found = extract(save(pdf, tmp_path)).text
    starts = [found.index(story[:40]) for story in STORIES[:2]]
    middle = found.index("A heading that runs")
    later = [found.index(story[:40], middle) for story in STORIES[:2]]
    assert starts[0] < starts[1] < middle < later[0] < later[1]


def test_rows_of_a_table_are_no_columns(tmp_path: Path) -> None:
    pdf = sheet()
    goods = ("Rope, thick", "Anchor", "Paint, white", "Copper sheet", "Gravel", "Lamp", "Chain")
    for row, good in enumerate(goods):
        pdf.text(40, 100 + row * 14, good)
        pdf.text(250, 100 + row * 14, f"{row * 17}.50")
        pdf.text(400, 100 + row * 14, "in stock")
    found = extract(save(pdf, tmp_path)).text
    assert "Rope, thick 0.50 in stock" in found
    assert "Copper sheet 51.50 in stock" in found


def test_a_sentence_goes_on_in_the_next_column(tmp_path: Path) -> None:
    """One paragraph, though it stands in two columns."""
    pdf = sheet()
    lines = textwrap.wrap(PROSE * 4, 48)
    half = len(lines) // 2
    for row, (left, right) in enumerate(zip_longest(lines[:half], lines[half:], fillvalue="")):
        pdf.text(40, 100 + row * 13, left)
        pdf.text(310, 100 + row * 13, right)
    found = extract(save(pdf, tmp_path))
    assert " ".join(found.text.split()) == " ".join((PROSE * 4).split())
    assert len(found.elements) == 1


def test_wide_blanks_in_one_column_split_nothing(tmp_path: Path) -> None:
    """A form with labels and dots, and justified text: no gutter."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, 6, PROSE * 6, align="J")
    assert extract(save(pdf, tmp_path)).text == (PROSE * 6).strip()


def test_no_lines_need_no_order() -> None:
    assert order_lines([], 842) == []
