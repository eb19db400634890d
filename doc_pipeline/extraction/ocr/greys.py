"""A decoded picture of any mode as grey on white, upright, with the resolution it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION = 0x0112
_DEEP = ("I", "F")
_ALPHA = ("LA", "PA", "RGBA", "RGBa")
_BRIGHT = 200
_SOLID = [0] * 128 + [255] * 128
_MOST_INCHES = 30.0
"""Larger pages do not exist on scanners: cameras write 72 dpi into pictures of any size."""


def as_grey(image: Image) -> Image:
    """Decode the picture (or its current page) and turn it into 8 bits of grey.

    `info["dpi"]` of the result holds pixels per inch, 0 where the picture tells none that can
    be true. Raises what pillow raises for damaged bytes.
    """
    if image.format in {"JPEG", "MPO"}:
        image.draft("L", image.size)  # no colours to decode
    image.load()
    grey = _upright(_flattened(image), image.getexif().get(_ORIENTATION))
    grey.info = {"dpi": (_told_dpi(image),) * 2}
    return grey


def _flattened(image: Image) -> Image:
    mode = image.mode
    if mode.startswith(_DEEP):
        return _eight_bits(image.convert("F"))
    if mode in _ALPHA or "transparency" in image.info:
        return _over_paper(image)
    if mode == "LAB":
        return image.getchannel("L")
    if mode in {"1", "L"}:
        return image.convert("L")
    return image.convert("RGB").convert("L")


def _eight_bits(deep: Image) -> Image:
    """16 and 32 bits: the range that is used becomes 0 to 255."""
    low, high = cast("tuple[float, float]", deep.getextrema())
    span = (high - low) or 1.0
    return deep.point(lambda value: value * (255.0 / span) - low * 255.0 / span).convert("L")


def _over_paper(image: Image) -> Image:
    """What is transparent becomes white, or black behind bright letters."""
    import PIL.Image
    from PIL import ImageStat

    full = image if image.mode in {"LA", "RGBA"} else image.convert("RGBA")
    alpha, grey = full.getchannel("A"), full.convert("L")
    clear = sum(alpha.histogram()[:128])
    solid = alpha.point(_SOLID)
    is_bright = bool(solid.getbbox()) and ImageStat.Stat(grey, solid).mean[0] > _BRIGHT
    is_mostly_clear = clear * 2 > full.width * full.height
    paper = PIL.Image.new("L", full.size, 0 if is_bright and is_mostly_clear else 255)
    paper.paste(grey, mask=alpha)
    return paper


def _upright(grey: Image, orientation: object) -> Image:
    """As people see it: cameras note how they were held instead of turning the pixels."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(orientation) if isinstance(orientation, int) else None
    return grey if turn is None else grey.transpose(turn)


def _told_dpi(image: Image) -> float:
    try:
        dpi = float(image.info["dpi"][0])
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return 0.0
    if not 0 < dpi < float("inf"):
        return 0.0
    return dpi if max(image.size) / dpi <= _MOST_INCHES else 0.0
