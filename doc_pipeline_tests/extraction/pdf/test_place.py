"""Boxes are in points from the top left corner of the page as people see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_pipeline.domain.element import Box
from doc_pipeline_tests.extraction.pdf.making import RawPdf, extract, save, sheet

# Text of 20 points with its baseline 100 points right and 700 up, on a page of 595 x 842.
CONTENT = b"BT /F1 20 Tf 100 700 Td (Harbour office) Tj ET"


def _box(path: Path) -> Box:
    box = extract(path).elements[0].box
    assert box is not None
    return box


def test_box_of_a_line(tmp_path: Path) -> None:
    pdf = sheet()
    pdf.set_font("Helvetica", size=20)
    pdf.text(100, 142, "Harbour office")
    box = _box(save(pdf, tmp_path))
    assert (box.page_width, box.page_height, box.unit) == (
        pytest.approx(595.3, abs=1),
        pytest.approx(841.9, abs=1),
        "points",
    )
    assert (box.left, box.top) == (pytest.approx(101, abs=3), pytest.approx(125, abs=3))
    assert (box.right, box.bottom) == (pytest.approx(226, abs=4), pytest.approx(146, abs=3))


@pytest.mark.parametrize(
    ("rotation", "seen"),
    [
        (0, (100, 125, 226, 146)),
        (180, (595 - 226, 842 - 146, 595 - 100, 842 - 125)),
        (90, (696, 100, 717, 226)),
        (270, (842 - 717, 595 - 226, 842 - 696, 595 - 100)),
    ],
)
def test_box_on_a_turned_page(
    tmp_path: Path, rotation: int, seen: tuple[float, float, float, float]
) -> None:
    raw = RawPdf()
    raw.add_page(CONTENT, {"F1": raw.add_helvetica()}, more=b"/Rotate %d" % rotation)
    box = _box(raw.save(tmp_path / "raw"))
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx(seen, abs=6)
    assert box.page_width == (595 if rotation in {0, 180} else 842)


def test_box_where_the_page_does_not_start_at_zero(tmp_path: Path) -> None:
    raw = RawPdf()
    raw.add_page(CONTENT, {"F1": raw.add_helvetica()}, box=b"50 100 645 942")
    box = _box(raw.save(tmp_path / "raw"))
    assert (box.left, box.top) == (pytest.approx(51, abs=3), pytest.approx(225, abs=3))


def test_text_that_runs_upwards_makes_no_headings(tmp_path: Path) -> None:
    raw = RawPdf()
    upwards = b"BT /F1 10 Tf 0 1 -1 0 60 200 Tm (A note that runs up the margin of it) Tj ET\n"
    rows = b"".join(
        b"BT /F1 10 Tf 100 %d Td (The old bridge was built in nineteen hundred and four) Tj ET\n"
        % (700 - 12 * row)
        for row in range(10)
    )
    raw.add_page(upwards + rows, {"F1": raw.add_helvetica()})
    kinds = [(e.type, e.text[:6]) for e in extract(raw.save(tmp_path / "raw")).elements]
    assert kinds == [("NarrativeText", "A note"), ("NarrativeText", "The ol")]
