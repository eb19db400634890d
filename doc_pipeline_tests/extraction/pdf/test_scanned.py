"""Which pages go to OCR, what becomes of them without it, and of text nobody has a map for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL.Image import Image

from doc_pipeline.domain.element import Box, Element
from doc_pipeline.domain.errors import NoTextFound, OcrLanguageMissing, OcrOff, OcrUnavailable
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.ocr import pages as ocr
from doc_pipeline.extraction.ocr.pages import OcrPage
from doc_pipeline.extraction.pdf.glyphs import readable
from doc_pipeline.extraction.pdf.recognition import drawing_scale
from doc_pipeline.extraction.request import ExtractRequest, OcrSettings
from doc_pipeline_tests.extraction.pdf.making import (
    PROSE,
    RawPdf,
    extract,
    hex_text,
    save,
    sheet,
    text_picture,
)

needs_tesseract = pytest.mark.skipif(
    not ocr.ocr_is_there(), reason="system: tesseract is missing (scripts/system-packages)"
)


def _mixed(folder: Path, *, typed: bool = True) -> Path:
    """A typed page, a scanned one and an empty one."""
    pdf = sheet()
    if typed:
        pdf.set_xy(40, 60)
        pdf.multi_cell(500, 14, PROSE)
        pdf.add_page()
    pdf.image(text_picture(), 0, 0, pdf.w, pdf.h)
    pdf.add_page()
    return save(pdf, folder)


def _garbled(folder: Path) -> Path:
    """A page in a font of which nobody knows which code means which letter."""
    raw = RawPdf()
    font = raw.add_composite_font({}, has_map=False)
    content = b"".join(
        b"BT /F1 12 Tf 60 %d Td %s Tj ET\n" % (760 - 20 * row, hex_text(range(1, 30)))
        for row in range(8)
    )
    raw.add_page(content, {"F1": font})
    return raw.save(folder / "raw")


@needs_tesseract
def test_only_the_scanned_page_is_read_by_ocr(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = _mixed(tmp_path)
    found = extract(path, on_progress=lambda done, pages: told.append((done, pages)))
    by_page = {
        number: " ".join(e.text for e in found.elements if e.page == number) for number in (1, 2, 3)
    }
    assert by_page[1] == PROSE.strip()
    assert "northern pier was repaired" in by_page[2]
    assert by_page[3] == ""
    assert (found.pages, found.ocr_pages, found.warnings) == (3, 1, ())
    assert (found.ocr_confidence or 0) > 80
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (3, 3)


@needs_tesseract
def test_boxes_of_ocr_are_in_points_too(tmp_path: Path) -> None:
    boxes = [e.box for e in extract(_mixed(tmp_path)).elements if e.page == 2]
    assert boxes
    for box in boxes:
        assert box is not None
        assert (box.unit, round(box.page_width), round(box.page_height)) == ("points", 595, 842)
        assert 40 < box.left < box.right < 595
        assert 80 < box.top < box.bottom < 500


@pytest.mark.heavy
@needs_tesseract
def test_turned_scan_of_the_corpus(corpus: Path) -> None:
    found = extract(corpus / "ocr_test_rotated_90.pdf")
    assert "Docling bundles PDF document conversion" in " ".join(found.text.split())


def test_without_tesseract_typed_pages_go_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    found = extract(_mixed(tmp_path))
    assert found.text == PROSE.strip()
    (warning,) = found.warnings
    assert "page 2" in warning
    assert "apt-get install tesseract-ocr" in warning


def test_without_tesseract_a_scan_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(OcrUnavailable):
        extract(_mixed(tmp_path, typed=False))


def test_missing_language_is_told_or_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_pages(*_: object, **__: object) -> dict[int, OcrPage]:
        raise OcrLanguageMissing(languages="tlh", installed="eng")

    monkeypatch.setattr(ocr, "read_pages", read_pages)
    with pytest.raises(OcrLanguageMissing):
        extract(_mixed(tmp_path, typed=False))
    (warning,) = extract(_mixed(tmp_path)).warnings
    assert "tlh" in warning
    assert "page 2" in warning


@needs_tesseract
def test_ocr_is_told_the_language_of_the_typed_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(
        ocr,
        "read_pages",
        lambda _numbers, _render, request, **_: told.append(request.language) or {},
    )
    extract(_mixed(tmp_path))
    assert told == ["en"]


def test_ocr_switched_off(tmp_path: Path) -> None:
    found = extract(_mixed(tmp_path), ocr=OcrSettings(mode="off"))
    assert found.warnings == (
        "OCR is off (DOC_PIPELINE_OCR_MODE), so text is missing that needs it: page 2",
    )
    (tmp_path / "scan").mkdir()
    with pytest.raises(OcrOff):
        extract(_mixed(tmp_path / "scan", typed=False), ocr=OcrSettings(mode="off"))


def test_a_few_words_on_a_picture_stay_when_ocr_finds_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def read_pages(
        numbers: Sequence[int],
        render: Callable[[int, int], Image],
        request: ExtractRequest,
        *,
        pages_in_all: int,
    ) -> dict[int, OcrPage]:
        asked.extend(numbers)
        assert render(numbers[0], 100).size == (827, 1170)
        box = Box(0, 0, 827, 585, 827, 1170, "pixels")
        return {1: OcrPage(1, (Element("NarrativeText", "noise", page=1, box=box),), 1, 40.0)}

    monkeypatch.setattr(ocr, "read_pages", read_pages)
    pdf = sheet()
    pdf.image(text_picture(), 0, 0, pdf.w, pdf.h)
    pdf.text(100, 100, "Harbour at dawn")
    assert extract(save(pdf, tmp_path)).text == "Harbour at dawn"
    assert asked == [1]


def test_a_small_picture_among_text_is_not_read(tmp_path: Path) -> None:
    pdf = sheet()
    pdf.set_xy(40, 60)
    pdf.multi_cell(500, 14, PROSE)
    pdf.image(text_picture(), 100, 400, 200, 280)
    assert extract(save(pdf, tmp_path)).ocr_pages == 0


def test_empty_document_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(NoTextFound):
        extract(save(sheet(), tmp_path))


@needs_tesseract
def test_text_drawn_as_outlines_is_a_picture(tmp_path: Path) -> None:
    """Four hundred small paths and not one glyph: there is something to read."""
    raw = RawPdf()
    raw.add_page(b"".join(b"%d %d 3 9 re f\n" % (60 + 7 * (i % 60), 700 - 14 * (i // 60))
                          for i in range(400)), {})  # fmt: skip
    path = raw.save(tmp_path / "raw")
    with pytest.raises(OcrOff):
        extract(path, ocr=OcrSettings(mode="off"))


def test_letters_drawn_in_a_few_paths_are_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs join the outlines of a line of text into one path."""

    def read_pages(numbers: Sequence[int], *_: object, **__: object) -> dict[int, OcrPage]:
        element = Element("NarrativeText", "what is seen", page=1)
        return {number: OcrPage(number, (element,), 3, 91.0) for number in numbers}

    monkeypatch.setattr(ocr, "read_pages", read_pages)
    raw = RawPdf()
    curve = b"%d %d m 60 70 80 90 99 50 c 60 20 l h\n"
    raw.add_page(b"".join(curve % (i, i) for i in range(400)) + b"f\n", {})
    assert extract(raw.save(tmp_path / "raw")).text == "what is seen"


def test_ascii_with_its_bytes_swapped() -> None:
    """As some maps to Unicode have it; Chinese of a few strokes is no such line."""
    swapped = "Pure Black (K=100)".encode("utf-16-le").decode("utf-16-be")
    assert readable(swapped) == "Pure Black (K=100)"
    assert readable("一一一一") == "一一一一"
    assert readable("一愀x") == "一愀x"


def test_garbled_text_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(OcrOff):
        extract(_garbled(tmp_path), ocr=OcrSettings(mode="off"))


def test_garbled_pages_that_pypdf_cannot_read_go_to_ocr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_pages(numbers: Sequence[int], *_: object, **__: object) -> dict[int, OcrPage]:
        element = Element("NarrativeText", "what is seen", page=1)
        return {number: OcrPage(number, (element,), 3, 91.0) for number in numbers}

    monkeypatch.setattr(ocr, "read_pages", read_pages)
    found = extract(_garbled(tmp_path))
    assert (found.text, found.ocr_pages, found.ocr_confidence) == ("what is seen", 1, 91.0)
    assert found.fallback is None


def test_pypdf_reads_what_pdfium_has_no_map_for(corpus: Path) -> None:
    found = extract(corpus / "PDFBOX-3053-reduced.pdf", ocr=OcrSettings(mode="off"))
    assert found.text.startswith("Traumatic Brain Injury")
    assert found.fallback == "pypdf read page 1 (no map to Unicode)"
    assert found.ocr_pages == 0


@pytest.mark.parametrize(
    ("size", "allowed"), [((595, 842), 200_000_000), ((14_400, 14_400), 200_000_000),
                          ((595, 842), 10_000), ((1, 14_400), 200_000_000)],
)  # fmt: skip
def test_drawn_pages_keep_the_limit_of_pixels(size: tuple[float, float], allowed: int) -> None:
    scale = drawing_scale(*size, 200, allowed)
    assert size[0] * scale * size[1] * scale <= min(allowed, 50_000_000)
    assert max(size) * scale <= 30_001
    assert scale <= 200 / 72


@needs_tesseract
def test_giant_page_is_drawn_smaller(tmp_path: Path) -> None:
    pdf = sheet()
    pdf.add_page(format=(7_000, 9_900))
    pdf.image(text_picture(), 0, 0, pdf.w, pdf.h)
    found = extract(save(pdf, tmp_path), limits=Limits(image_pixels=4_000_000))
    assert "northern pier" in " ".join(found.text.split())
