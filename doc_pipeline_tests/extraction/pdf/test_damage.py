"""Damaged and hostile PDFs end in text or a typed error; a page that fails costs itself."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import (
    FileCorrupt,
    FileEncrypted,
    NoTextFound,
    OverLimit,
    PipelineError,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.pdf import reading
from doc_pipeline.extraction.pdf.page_names import page_names
from doc_pipeline_tests.extraction.pdf.making import PROSE, RawPdf, extract, save, sheet

LINE = b"BT /F1 9 Tf 50 700 Td (page %d is here) Tj ET"


def _pages(folder: Path, count: int, *, broken: set[int]) -> Path:
    raw = RawPdf()
    fonts = {"F1": raw.add_helvetica()}
    for number in range(1, count + 1):
        page = raw.add_page(LINE % number, fonts)
        if number in broken:
            raw.objects[page - 1] = b"(this is no page)"
    return raw.save(folder / "raw")


def test_broken_pages_cost_themselves(tmp_path: Path) -> None:
    found = extract(_pages(tmp_path, 8, broken={2, 5, 6, 7}))
    assert [element.page for element in found.elements] == [1, 3, 4, 8]
    assert found.warnings == ("4 of 8 pages could not be read: pages 2, 5-7",)
    assert found.pages == 8


def test_all_pages_broken(tmp_path: Path) -> None:
    with pytest.raises(FileCorrupt):
        extract(_pages(tmp_path, 3, broken={1, 2, 3}))


def test_a_locked_file_before_it_does_not_make_a_damaged_one_locked(tmp_path: Path) -> None:
    """For a file without pages pdfium leaves the reason of the failure before it."""
    locked = sheet()
    locked.set_encryption(owner_password="owner", user_password="harbour")
    damaged = RawPdf().save(tmp_path / "damaged")
    with pytest.raises(FileEncrypted):
        extract(save(locked, tmp_path))
    with pytest.raises(FileCorrupt):
        extract(damaged)


def test_pypdf_takes_over_a_page_where_pdfium_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = reading.sample_page

    def fail_on_second(page: object, number: int) -> object:
        if number == 2:
            raise ValueError
        return sample(page, number)

    monkeypatch.setattr(reading, "sample_page", fail_on_second)
    found = extract(_pages(tmp_path, 3, broken=set()))
    assert found.text.split("\n\n") == [f"page {number} is here" for number in (1, 2, 3)]
    assert found.fallback == "pypdf read page 2 (pdfium failed)"
    assert found.warnings == ()


def test_too_many_pages_are_refused_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "sample_page", lambda *_: pytest.fail("a page was read"))
    with pytest.raises(OverLimit):
        extract(_pages(tmp_path, 9, broken=set()), limits=Limits(pages=8))


def test_page_count_that_is_a_lie(tmp_path: Path) -> None:
    path = _pages(tmp_path, 1, broken=set())
    path.write_bytes(path.read_bytes().replace(b"/Count 1", b"/Count 9"))
    found = extract(path)
    assert found.text == "page 1 is here"


def test_page_tree_in_a_loop(tmp_path: Path) -> None:
    raw = RawPdf()
    raw.kids = [2, 2]
    with pytest.raises(PipelineError):
        extract(raw.save(tmp_path / "raw"))


def test_outline_in_a_loop(tmp_path: Path) -> None:
    raw = RawPdf()
    number = raw.add(b"<< /Title (a) /Next 3 0 R /First 3 0 R /Parent 3 0 R >>")
    raw.catalog = b"/Outlines %d 0 R" % number
    raw.add_page(LINE % 1, {"F1": raw.add_helvetica()})
    assert extract(raw.save(tmp_path / "raw")).text == "page 1 is here"


def test_form_that_draws_itself(tmp_path: Path) -> None:
    raw = RawPdf()
    number = raw.add_stream(
        b"/X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << "
        b"/X 3 0 R >> >>"
    )  # fmt: skip
    font = raw.add_helvetica()
    content = raw.add_stream(b"/X Do " + LINE % 1)
    raw.kids.append(
        raw.add(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources "
            b"<< /XObject << /X %d 0 R >> /Font << /F1 %d 0 R >> >> >>" % (content, number, font)
        )
    )
    assert extract(raw.save(tmp_path / "raw")).text == "page 1 is here"


@pytest.mark.parametrize(
    "box", [b"0 0 0 0", b"0 0 1e30 1e30", b"-1e9 -1e9 1e9 1e9", b"5 5 1 1", b"0 0 nan inf", b"1"]
)
def test_sizes_of_pages_that_cannot_be(tmp_path: Path, box: bytes) -> None:
    raw = RawPdf()
    raw.add_page(LINE % 1, {"F1": raw.add_helvetica()}, box=box)
    try:
        found = extract(raw.save(tmp_path / "raw"))
    except PipelineError:
        return
    assert found.text == "page 1 is here"


@pytest.mark.parametrize("matrix", [b"0 0 0 0 0 0", b"1e38 0 0 1e38 0 0", b"1 0 0 1 1e38 1e38"])
def test_text_whose_place_cannot_be_is_kept(tmp_path: Path, matrix: bytes) -> None:
    raw = RawPdf()
    content = LINE % 1 + b" BT /F1 9 Tf " + matrix + b" Tm (nowhere at all) Tj ET"
    raw.add_page(content, {"F1": raw.add_helvetica()})
    found = extract(raw.save(tmp_path / "raw"))
    assert "page 1 is here" in found.text
    json.dumps(found.to_dict(), allow_nan=False)


def test_thousands_of_empty_pages(tmp_path: Path) -> None:
    raw = RawPdf()
    raw.add(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
    raw.kids = [3] * 9_000
    begin = time.process_time()
    with pytest.raises(NoTextFound):
        extract(raw.save(tmp_path / "raw"))
    assert time.process_time() - begin < 5


def test_damaged_copies(tmp_path: Path) -> None:
    pdf = sheet()
    for _ in range(3):
        pdf.set_xy(40, 60)
        pdf.multi_cell(500, 14, PROSE)
        pdf.add_page()
    data = save(pdf, tmp_path).read_bytes()
    dice = random.Random(4)
    for turn in range(60):
        damaged = bytearray(data[: dice.randrange(len(data))] if turn % 3 == 0 else data)
        for _ in range(dice.randrange(1, 40)):
            if damaged:
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path = tmp_path / "damaged"
        path.write_bytes(damaged)
        try:
            assert isinstance(extract(path), ExtractedText)
        except PipelineError:
            continue


def test_names_of_pages() -> None:
    assert page_names([3]) == "page 3"
    assert page_names([7, 2, 5, 6]) == "pages 2, 5-7"
    assert page_names(range(1, 60, 2)) == (
        "pages 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and 18 more"
    )
