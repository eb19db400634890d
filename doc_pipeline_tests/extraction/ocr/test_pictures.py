"""Picture files of every kind and mode are read; bad ones get the error that says why."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from doc_pipeline.domain.errors import (
    ExtraMissing,
    FileCorrupt,
    NoTextFound,
    OcrOff,
    OcrUnavailable,
    OverLimit,
)
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.ocr.greys import as_grey
from doc_pipeline.extraction.ocr.pictures import extract_picture
from doc_pipeline.extraction.registry import extract_file
from doc_pipeline.extraction.request import Draft, ExtractRequest, OcrSettings
from doc_pipeline_tests.extraction.ocr.drawing import SENTENCES, draw_text

TEXT = " ".join(SENTENCES.split())
EXTENSIONS = {
    "png": "PNG",
    "jpg": "JPEG",
    "tiff": "TIFF",
    "bmp": "BMP",
    "webp": "WEBP",
    "gif": "GIF",
}


def _text(draft: Draft) -> str:
    return " ".join(element.text for element in draft.elements)


def _extract(path: Path, kind: str, **changes: Any) -> Draft:
    return extract_picture(path, replace(ExtractRequest(kind, path.name), **changes))


def _saved(folder: Path, image: Image.Image, kind: str, **options: Any) -> Path:
    path = folder / f"picture.{kind}"
    image.save(path, EXTENSIONS[kind], **options)
    return path


@pytest.mark.parametrize("kind", sorted(EXTENSIONS))
@pytest.mark.usefixtures("tesseract")
def test_every_kind(tmp_path: Path, kind: str) -> None:
    draft = _extract(_saved(tmp_path, draw_text().convert("RGB"), kind), kind)
    assert _text(draft) == TEXT
    assert (draft.pages, draft.ocr_pages) == (1, 1)
    assert (draft.ocr_confidence or 0) > 90
    assert draft.warnings == ()


HEIC = Path(__file__).with_name("harbour.heic")
"""Made by heif-enc from a drawn line: the libraries here only read this format."""


@pytest.mark.usefixtures("tesseract")
def test_heic(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif", reason="the extra heic is not installed")
    assert _text(_extract(HEIC, "heic")) == "The harbour office opens at seven."
    with pytest.raises(OverLimit):
        _extract(HEIC, "heic", limits=Limits(image_pixels=100))
    damaged = tmp_path / "a.heic"
    for length in (3000, 600, 20):
        damaged.write_bytes(HEIC.read_bytes()[:length])
        with pytest.raises(FileCorrupt):
            _extract(damaged, "heic")


def test_heic_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pi_heif", None)
    with pytest.raises(ExtraMissing) as error:
        _extract(tmp_path / "a.heic", "heic")
    assert error.value.fields == {"kind": "heic", "extra": "heic"}


@pytest.mark.usefixtures("tesseract")
def test_tiff_of_many_pages(tmp_path: Path) -> None:
    pages = [draw_text(f"This is page number {number}") for number in (1, 2, 3)]
    path = _saved(tmp_path, pages[0], "tiff", save_all=True, append_images=pages[1:])
    told: list[int] = []

    def tell(done: int, pages: int) -> None:
        told.append(done)

    draft = _extract(path, "tiff", on_progress=tell)
    assert [(element.page, element.text) for element in draft.elements] == [
        (number, f"This is page number {number}") for number in (1, 2, 3)
    ]
    assert (draft.pages, draft.ocr_pages) == (3, 3)
    assert told == [0, 1, 2, 3]
    with pytest.raises(OverLimit) as error:
        _extract(path, "tiff", limits=Limits(pages=2))
    assert error.value.fields == {"limit": "pages", "allowed": 2, "found": "more than 2"}


@pytest.mark.usefixtures("tesseract")
def test_damaged_page_of_a_tiff_costs_that_page(tmp_path: Path) -> None:
    pages = [draw_text(f"This is page number {number}") for number in (1, 2)]
    path = _saved(
        tmp_path, pages[0], "tiff", save_all=True, append_images=pages[1:], compression="tiff_lzw"
    )
    data = bytearray(path.read_bytes())
    with Image.open(path) as image:
        image.seek(1)
        tags = image.tag_v2  # type: ignore[attr-defined]
        start, length = tags[273][0], tags[279][0]
    data[start : start + length] = b"\xff" * length
    path.write_bytes(data)
    draft = _extract(path, "tiff")
    assert [element.page for element in draft.elements] == [1]
    assert draft.ocr_pages == 1
    assert draft.warnings == ("Page 2 was not read by OCR: the page could not be drawn.",)


def _palette() -> Image.Image:
    return draw_text().convert("RGB").quantize(8)


def _sixteen_bits() -> Image.Image:
    """Dark: only the lowest 4,000 of 65,536 values are used."""
    return draw_text().convert("I").point(lambda value: value * 15 + 100).convert("I;16")


def _clear_background() -> Image.Image:
    picture = draw_text()
    clear = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    clear.putalpha(picture.point(lambda value: 255 - value))
    return clear


def _white_on_clear() -> Image.Image:
    picture = draw_text()
    clear = Image.new("RGBA", picture.size, (255, 255, 255, 0))
    clear.putalpha(picture.point(lambda value: 255 - value))
    return clear


MODES: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "1": (lambda: draw_text().convert("1"), "tiff"),
    "P": (_palette, "png"),
    "I;16": (_sixteen_bits, "png"),
    "I;16 tiff": (_sixteen_bits, "tiff"),
    "F": (lambda: draw_text().convert("F").point(lambda value: value * 0.004), "tiff"),
    "CMYK": (lambda: draw_text().convert("RGB").convert("CMYK"), "jpg"),
    "LA": (lambda: draw_text().convert("LA"), "png"),
    "clear": (_clear_background, "png"),
    "white on clear": (_white_on_clear, "webp"),
}


@pytest.mark.parametrize("name", sorted(MODES))
def test_modes_become_grey_on_white(tmp_path: Path, name: str) -> None:
    """Compared with the picture it was made from: the same ink at the same place."""
    draw, kind = MODES[name]
    with Image.open(_saved(tmp_path, draw(), kind)) as image:
        grey = as_grey(image)
    expected = draw_text()
    if name == "white on clear":
        expected = expected.point(lambda value: 255 - value)
    assert (grey.mode, grey.size) == ("L", expected.size)
    pairs = zip(grey.tobytes(), expected.tobytes(), strict=True)
    assert sum(abs(left - right) for left, right in pairs) / len(grey.tobytes()) < 4


@pytest.mark.parametrize("name", ["CMYK", "I;16", "white on clear"])
@pytest.mark.usefixtures("tesseract")
def test_modes_are_read(tmp_path: Path, name: str) -> None:
    draw, kind = MODES[name]
    assert _text(_extract(_saved(tmp_path, draw(), kind), kind)) == TEXT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = draw_text()
    held = upright.transpose(turns[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("png", "tiff"):
        with _saved(tmp_path, held, kind, exif=exif).open("rb") as file, Image.open(file) as image:
            assert as_grey(image).tobytes() == upright.tobytes()


@pytest.mark.usefixtures("tesseract")
def test_exif_tells_author_and_dates(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Ann Photographer"
    exif[0x0132] = "2024:05:02 10:00:00"
    exif.get_ifd(0x8769).update({0x9003: "2024:05:01 12:30:00", 0x9011: "+02:00"})
    draft = _extract(_saved(tmp_path, draw_text("Hello there"), "jpg", exif=exif), "jpg")
    assert draft.author == "Ann Photographer"
    assert draft.created_at == "2024-05-01T12:30:00+02:00"
    assert draft.modified_at == "2024-05-02T10:00:00"


@pytest.mark.parametrize(
    ("told", "size", "dpi"),
    [((300, 300), (800, 600), 300), ((72, 72), (4000, 3000), 0), (None, (800, 600), 0)],
)
def test_resolution_is_taken_where_it_can_be_true(
    tmp_path: Path, told: tuple[int, int] | None, size: tuple[int, int], dpi: int
) -> None:
    options = {"dpi": told} if told else {}
    with Image.open(_saved(tmp_path, Image.new("L", size), "jpg", **options)) as image:
        assert round(as_grey(image).info["dpi"][0]) == dpi


def _png_header(width: int, height: int) -> bytes:
    """A png that claims a size and has no pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", b"")]
    packed = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + packed


@pytest.mark.usefixtures("no_tesseract")
def test_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(100_000, 100_000))
    with pytest.raises(OverLimit) as error:
        _extract(path, "png")
    assert error.value.fields == {
        "limit": "image_pixels",
        "allowed": 200_000_000,
        "found": 10_000_000_000,
    }


@pytest.mark.usefixtures("tesseract")
def test_our_limit_holds_instead_of_pillows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    path = _saved(tmp_path, Image.new("1", (2000, 1000), 1), "png")
    assert _extract(path, "png").elements == []
    assert Image.MAX_IMAGE_PIXELS == 1000
    with pytest.raises(OverLimit):
        _extract(path, "png", limits=Limits(image_pixels=1_999_999))


@pytest.mark.usefixtures("tesseract")
def test_later_page_of_a_tiff_may_not_be_larger(tmp_path: Path) -> None:
    pages = [draw_text("one"), Image.new("1", (3000, 3000))]
    path = _saved(tmp_path, pages[0], "tiff", save_all=True, append_images=pages[1:])
    with pytest.raises(OverLimit):
        _extract(path, "tiff", limits=Limits(image_pixels=1_000_000))


@pytest.mark.heavy
@pytest.mark.parametrize("kind", sorted(EXTENSIONS))
@pytest.mark.usefixtures("tesseract")
def test_truncated_and_damaged(tmp_path: Path, kind: str) -> None:
    path = _saved(tmp_path, draw_text().convert("RGB"), kind)
    data = path.read_bytes()
    for damage in (data[: len(data) // 2], data[:20], b"no picture at all", data[:4]):
        path.write_bytes(damage)
        with pytest.raises(FileCorrupt):
            _extract(path, kind)


def test_other_kinds_are_not_opened(tmp_path: Path) -> None:
    path = _saved(tmp_path, draw_text(), "bmp")
    with pytest.raises(FileCorrupt):
        _extract(path, "png")


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract(tmp_path: Path) -> None:
    with pytest.raises(OcrUnavailable):
        _extract(_saved(tmp_path, draw_text(), "png"), "png")


def test_switched_off(tmp_path: Path) -> None:
    with pytest.raises(OcrOff):
        _extract(_saved(tmp_path, draw_text(), "png"), "png", ocr=OcrSettings(mode="off"))


@pytest.mark.usefixtures("tesseract")
def test_nothing_to_read(tmp_path: Path) -> None:
    path = _saved(tmp_path, Image.new("RGB", (600, 400), "white"), "png")
    assert _extract(path, "png").elements == []
    with pytest.raises(NoTextFound):
        extract_file(path, ExtractRequest("png", "a.png"))


@pytest.mark.usefixtures("tesseract")
def test_tiff_whose_pages_form_a_ring(tmp_path: Path) -> None:
    path = _saved(tmp_path, draw_text(), "tiff")
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + entries * 12, first)
    path.write_bytes(data)
    assert _extract(path, "tiff").pages == 1


CORPUS = {
    "phototest.tif": ("tiff", "The quick brown dog jumped over the lazy fox."),
    "table-multi-row-column-cells.png": ("png", "Low Vision"),
    "chi_sim_image.jpeg": ("jpg", "扫除肌肤代谢物的最佳"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", sorted(CORPUS))
def test_pictures_of_the_corpus(
    corpus: Path, name: str, needs_language: Callable[[str], None]
) -> None:
    kind, expected = CORPUS[name]
    for code in ("osd", "chi_sim") if "chi_sim" in name else ("eng",):
        needs_language(code)
    extracted = extract_file(corpus / name, ExtractRequest(kind, name))
    assert expected in extracted.text
    assert (extracted.ocr_confidence or 0) > 80
    for element in extracted.elements:
        assert extracted.text[element.start : element.end] == element.text
        assert element.box is not None
