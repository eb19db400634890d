"""Pages drawn from known text, as a scanner would see them: 200 dpi, grey, slightly dirty."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

FOLDER = Path(__file__).parent
FONTS = Path("/usr/share/fonts/truetype/dejavu")
DPI = 200
WIDTH, HEIGHT = 1654, 2339  # A4
MARGIN = 160


@dataclass(frozen=True)
class Page:
    """A picture and the text that was drawn into it."""

    name: str
    language: str
    image: Image.Image
    text: str


def make_pages() -> list[Page]:
    """Twelve pages: four layouts in three languages."""
    return [
        Page(f"{language} {layout.__name__[1:]}", language, *_drawn(language, layout))
        for language in ("en", "de", "ru")
        for layout in (_letter, _report, _columns, _scan)
    ]


Layout = Callable[[list[str], Image.Image], str]


def _drawn(language: str, layout: Layout) -> tuple[Image.Image, str]:
    sentences = (FOLDER / "texts" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    random.Random(f"{language} {layout.__name__}").shuffle(sentences)
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    text = layout(sentences, image)
    return (_dirty(image), text) if layout is _scan else (image, text)


def _letter(sentences: list[str], image: Image.Image) -> str:
    """Serif, 11 points, one column."""
    return _set(image, sentences, "DejaVuSerif.ttf", 31, (MARGIN, WIDTH - MARGIN))


def _report(sentences: list[str], image: Image.Image) -> str:
    """Sans serif, 10 points, under a large heading."""
    heading, *rest = sentences
    heading = " ".join(heading.rstrip(".").split()[:5])
    ImageDraw.Draw(image).text(
        (MARGIN, MARGIN), heading, font=_font("DejaVuSans-Bold.ttf", 52), fill=0
    )
    text = _set(image, rest, "DejaVuSans.ttf", 28, (MARGIN, WIDTH - MARGIN), top=MARGIN + 120)
    return f"{heading}\n{text}"


def _columns(sentences: list[str], image: Image.Image) -> str:
    """Two columns, 9 points."""
    half = len(sentences) // 2
    middle = WIDTH // 2
    left = _set(image, sentences[:half], "DejaVuSerif.ttf", 25, (MARGIN, middle - 40))
    right = _set(image, sentences[half:], "DejaVuSerif.ttf", 25, (middle + 40, WIDTH - MARGIN))
    return f"{left}\n{right}"


def _scan(sentences: list[str], image: Image.Image) -> str:
    """As `_letter`; made dirty afterwards."""
    return _set(image, sentences, "DejaVuSerif.ttf", 31, (MARGIN, WIDTH - MARGIN))


def _set(
    image: Image.Image,
    sentences: list[str],
    font_name: str,
    size: int,
    columns: tuple[int, int],
    top: int = MARGIN,
) -> str:
    """Set paragraphs of four sentences; what fitted on the page."""
    font = _font(font_name, size)
    draw = ImageDraw.Draw(image)
    left, right = columns
    leading = round(size * 1.35)
    drawn: list[str] = []
    for start in range(0, len(sentences), 4):
        for line in _wrapped(" ".join(sentences[start : start + 4]), font, right - left):
            if top > HEIGHT - MARGIN:
                return " ".join(drawn)
            draw.text((left, top), line, font=font, fill=0)
            drawn.append(line)
            top += leading
        top += leading // 2
    return " ".join(drawn)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _dirty(image: Image.Image) -> Image.Image:
    """Turned by 0.6 degrees, blurred, on yellowish paper, with specks."""
    turned = image.rotate(0.6, Image.Resampling.BICUBIC, fillcolor=255)
    grey = turned.filter(ImageFilter.GaussianBlur(0.8)).point(lambda value: 40 + value * 0.75)
    specks = random.Random(7)
    draw = ImageDraw.Draw(grey)
    for _ in range(400):
        x, y = specks.randrange(WIDTH), specks.randrange(HEIGHT)
        draw.point((x, y), fill=specks.randrange(60, 160))
    noise = Image.effect_noise(grey.size, 24)
    return Image.blend(grey, noise, 0.12)


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), size)
