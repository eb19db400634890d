"""Turned pages and other scripts are read; good pages and blank ones cost one run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont

from doc_pipeline.extraction.ocr.engine import Tesseract, installed_languages
from doc_pipeline.extraction.ocr.languages import Languages
from doc_pipeline.extraction.ocr.reading import Reader, Reading, read_picture
from doc_pipeline_tests.extraction.ocr.drawing import SENTENCES, draw_text, foreign_font

RUSSIAN = (
    "Старая библиотека стоит на высоком берегу реки\n"
    "недалеко от железнодорожного моста.\n"
    "Каждый читатель получал билет."
)
GERMAN = "Über größere Brücken fährt die Straßenbahn.\nNiemand weiß, wofür es nötig wäre."


def _read(image: Image.Image, *languages: str, dpi: int = 200, page_s: float = 60.0) -> Reading:
    program = Tesseract.find()
    assert program is not None
    chosen = Languages(languages or ("eng",), installed_languages(), is_told=False)
    return read_picture(image, Reader(program, chosen, dpi, page_s))


def _text(reading: Reading) -> str:
    return " ".join(word.text for word in reading.words)


def test_good_page_costs_one_run(count_runs: Callable[[], int]) -> None:
    reading = _read(draw_text())
    assert _text(reading) == " ".join(SENTENCES.split())
    assert (reading.confidence or 0) > 90
    assert count_runs() == 1


@pytest.mark.heavy
@pytest.mark.parametrize("clockwise", [90, 180, 270])
@pytest.mark.usefixtures("tesseract")
def test_turned_page_is_turned_back(clockwise: int) -> None:
    upright = draw_text()
    reading = _read(upright.rotate(-clockwise, expand=True))
    assert _text(reading) == " ".join(SENTENCES.split())
    assert reading.rotation == 360 - clockwise
    first = reading.words[0]
    assert first.right - first.left > first.bottom - first.top
    left, top, right, bottom = reading.place((first.left, first.top, first.right, first.bottom))
    turned_ink = upright.rotate(-clockwise, expand=True).crop(
        (int(left), int(top), int(right), int(bottom))
    )
    assert turned_ink.getextrema()[0] == 0


def test_umlauts(needs_language: Callable[[str], None]) -> None:
    needs_language("deu")
    assert _text(_read(draw_text(GERMAN, font=foreign_font()), "deu", "eng")) == " ".join(
        GERMAN.split()
    )


@pytest.mark.heavy
def test_language_shows_by_its_words_and_is_kept(
    needs_language: Callable[[str], None], count_runs: Callable[[], int]
) -> None:
    needs_language("deu")
    text = "\n".join([GERMAN] * 4)
    picture = draw_text(text, font=foreign_font())
    program = Tesseract.find()
    assert program is not None
    languages = Languages(("eng",), ("deu", "eng", "osd"), is_told=False)
    reader = Reader(program, languages, 200, 60.0)
    assert _text(read_picture(picture, reader)) == " ".join(text.split())
    assert languages.current == ("deu", "eng")
    assert count_runs() == 2
    assert _text(read_picture(picture, reader)) == " ".join(text.split())
    assert count_runs() == 3


@pytest.mark.heavy
def test_another_script_finds_its_language(needs_language: Callable[[str], None]) -> None:
    needs_language("rus")
    needs_language("osd")
    reading = _read(draw_text(RUSSIAN, font=foreign_font()), "eng")
    assert reading.languages == ("rus",)
    assert _text(reading) == " ".join(RUSSIAN.split())


@pytest.mark.heavy
def test_another_script_on_its_side(needs_language: Callable[[str], None]) -> None:
    needs_language("rus")
    needs_language("osd")
    picture = draw_text(RUSSIAN, font=foreign_font()).rotate(180)
    assert _text(_read(picture, "eng")) == " ".join(RUSSIAN.split())


def test_blank_page_costs_one_run(count_runs: Callable[[], int]) -> None:
    reading = _read(Image.new("L", (800, 600), 250))
    assert (_text(reading), reading.confidence) == ("", None)
    assert count_runs() == 1


@pytest.mark.heavy
@pytest.mark.usefixtures("tesseract")
def test_picture_without_text_gives_no_garbage() -> None:
    fractal = Image.effect_mandelbrot((1000, 800), (-3, -2.5, 2, 2.5), 100)
    assert not _read(fractal).words


def test_a_dot_costs_none(count_runs: Callable[[], int]) -> None:
    assert not _read(Image.new("L", (7, 300), 255)).words
    assert count_runs() == 0


@pytest.mark.usefixtures("tesseract")
def test_white_on_black() -> None:
    inverse = draw_text().point(lambda value: 255 - value)
    assert "harbour office" in _text(_read(inverse))


@pytest.mark.usefixtures("tesseract")
def test_small_screen_shot_is_enlarged_and_boxes_are_its_own() -> None:
    picture = draw_text(size=15)
    picture.info["dpi"] = (0, 0)
    reading = _read(picture)
    assert reading.scale < 1
    assert _text(reading) == " ".join(SENTENCES.split())
    last = reading.words[-1]
    assert reading.place((last.left, last.top, last.right, last.bottom))[2] < picture.width


@pytest.mark.heavy
@pytest.mark.usefixtures("tesseract")
def test_giant_is_made_smaller() -> None:
    picture = Image.new("L", (12_500, 700), 255)
    picture.paste(draw_text(size=60), (0, 0))
    reading = _read(picture, dpi=400)
    assert reading.scale > 1
    assert "harbour" in _text(reading)


@pytest.mark.usefixtures("tesseract")
def test_single_word_of_a_logo() -> None:
    """The usual layout analysis takes it for a picture."""
    logo = Image.new("L", (115, 48), 255)
    ImageDraw.Draw(logo).text((8, 2), "TEST", font=ImageFont.load_default(36), fill=0)
    logo.info["dpi"] = (0, 0)
    reading = _read(logo)
    assert _text(reading) == "TEST"
    left, top, right, bottom = reading.place(
        (
            reading.words[0].left,
            reading.words[0].top,
            reading.words[0].right,
            reading.words[0].bottom,
        )
    )
    assert 0 <= left < right <= 115
    assert 0 <= top < bottom <= 48


@pytest.mark.heavy
@pytest.mark.usefixtures("tesseract")
def test_large_turned_photo_of_a_page_is_read_whole() -> None:
    page = draw_text(SENTENCES)
    wide = Image.new("L", (4400, 3400), 255)
    wide.paste(page.resize((page.width * 3, page.height * 3)), (700, 1000))
    wide = wide.transpose(Image.Transpose.ROTATE_180)
    wide.info["dpi"] = (0, 0)
    reading = _read(wide)
    assert _text(reading) == " ".join(SENTENCES.split())
    assert reading.rotation == 180
    assert 8_000_000 < reading.width * reading.height < 12_100_000


@pytest.mark.heavy
@pytest.mark.usefixtures("tesseract")
def test_photo_without_words_has_none() -> None:
    assert not _read(Image.effect_noise((1800, 1200), 90)).words
