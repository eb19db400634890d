"""Pictures with text, drawn for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf")
SENTENCES = (
    "The harbour office opens at seven in the morning.\n"
    "Every pilot keeps a small notebook at hand.\n"
    "Nobody answered the letter of the engineer."
)


def draw_text(text: str = SENTENCES, *, size: int = 32, font: Any = None) -> Image.Image:
    """Black letters on white, one line of `text` per line, with a margin."""
    face = font or ImageFont.load_default(size=size)
    lines = text.split("\n")
    width = round(max(face.getlength(line) for line in lines)) + 160
    image = Image.new("L", (width, 160 + round(size * 1.5) * len(lines)), 255)
    draw = ImageDraw.Draw(image)
    for index, line in enumerate(lines):
        draw.text((80, 80 + round(size * 1.5) * index), line, font=face, fill=0)
    return image


def foreign_font(size: int = 32) -> Any:
    """A font with umlauts and Cyrillic; pillow's own has neither."""
    if not DEJAVU.exists():
        pytest.skip("system: fonts-dejavu-core is missing (scripts/system-packages installs it)")
    return ImageFont.truetype(str(DEJAVU), size)
