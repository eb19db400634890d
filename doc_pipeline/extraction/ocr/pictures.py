"""Picture files to elements: every picture is a page, a tiff has many.

Opening and decoding are pillow's, within our limits; what is in the pixels is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from doc_pipeline.domain.errors import (
    ExtractionFailed,
    ExtraMissing,
    FileCorrupt,
    OcrOff,
    OcrUnavailable,
    OverLimit,
    PipelineError,
)
from doc_pipeline.extraction.ocr.greys import as_grey
from doc_pipeline.extraction.ocr.pages import OcrPage, ocr_is_there, read_pages
from doc_pipeline.extraction.request import Draft, ExtractRequest

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = {
    "png": ("PNG",),
    "jpg": ("JPEG", "MPO"),
    "tiff": ("TIFF",),
    "bmp": ("BMP",),
    "webp": ("WEBP",),
    "gif": ("GIF",),
    "heic": ("HEIF",),
}
"""Pillow's decoders of a kind: no other one sees the file."""

_ARTIST, _CHANGED, _MORE, _TAKEN, _ZONE = 0x013B, 0x0132, 0x8769, 0x9003, 0x9011


class PageDamaged(Exception):
    """One page of several does not decode."""


def extract_picture(path: Path, request: ExtractRequest) -> Draft:
    """Text of a picture; no elements where there is nothing to read.

    Raises `FileCorrupt`, `OverLimit` (image_pixels, pages), `ExtraMissing`, `OcrOff`,
    `OcrUnavailable`, `OcrLanguageMissing`, `ExtractionTimedOut`, `ExtractionFailed`.
    """
    with _opened(path, request) as image:
        _check_pixels(image, request)
        count = _count_pages(image, request)
        if request.ocr.mode == "off":
            raise OcrOff(kind=request.kind)
        if not ocr_is_there():
            raise OcrUnavailable(kind=request.kind)
        author, created_at, modified_at = _told(image, request.kind)
        pages = _read(image, count, request)
    return Draft(
        [element for page in pages for element in page.elements],
        pages=count,
        author=author,
        created_at=created_at,
        modified_at=modified_at,
        ocr_pages=sum(not page.is_failed for page in pages),
        ocr_confidence=_mean(pages),
        warnings=tuple(warning for page in pages for warning in page.warnings),
    )


def _read(image: Image, count: int, request: ExtractRequest) -> list[OcrPage]:
    def render(number: int, dpi: int) -> Image:
        del dpi  # pictures have the pixels they have
        return _page(image, number, count, request)

    try:
        pages = read_pages(range(1, count + 1), render, request, pages_in_all=count)
    except ExtractionFailed as failed:
        if failed.fields["reason"] != PageDamaged.__name__:
            raise
        raise FileCorrupt(kind=request.kind) from failed
    return list(pages.values())


@contextmanager
def _opened(path: Path, request: ExtractRequest) -> Generator[Image]:
    """The picture's header; pixels are decoded page by page."""
    import PIL.Image

    if request.kind == "heic":
        _teach_heic()
    pillows_limit = PIL.Image.MAX_IMAGE_PIXELS
    PIL.Image.MAX_IMAGE_PIXELS = None  # ours is checked from the header
    try:
        with path.open("rb") as file:  # given a path, pillow maps turned tiffs wrongly
            with _naming_damage(request.kind):
                image = PIL.Image.open(file, formats=_FORMATS[request.kind])
            with image:
                yield image
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = pillows_limit


def _teach_heic() -> None:
    try:
        import pi_heif
    except ImportError:
        raise ExtraMissing(kind="heic", extra="heic") from None
    pi_heif.register_heif_opener(thumbnails=False)


@contextmanager
def _naming_damage(kind: str) -> Generator[None]:
    """Pillow and its decoders raise anything, from SyntaxError to IndexError, for damaged bytes."""
    try:
        yield
    except (PipelineError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's trouble, not the file's
        raise FileCorrupt(kind=kind) from error


def _check_pixels(image: Image, request: ExtractRequest) -> None:
    allowed, found = request.limits.image_pixels, image.width * image.height
    if found > allowed:
        raise OverLimit(limit="image_pixels", allowed=allowed, found=found)


def _count_pages(image: Image, request: ExtractRequest) -> int:
    """Pages of a tiff; of anything else that moves or has several pictures the first counts."""
    if request.kind != "tiff":
        return 1
    most = request.limits.pages
    with _naming_damage(request.kind):
        for count in range(1, most + 1):  # no further: a small file can have a million
            try:
                image.seek(count)
            except EOFError:
                image.seek(0)
                return count
    raise OverLimit(limit="pages", allowed=most, found=f"more than {most}")


def _page(image: Image, number: int, count: int, request: ExtractRequest) -> Image:
    try:
        with _naming_damage(request.kind):
            if count > 1:
                image.seek(number - 1)
            _check_pixels(image, request)
            return as_grey(image)
    except FileCorrupt as damage:
        if count == 1:
            raise
        raise PageDamaged from damage


def _mean(pages: list[OcrPage]) -> float | None:
    """Mean confidence over all words of all pages."""
    read = [page for page in pages if page.confidence is not None]
    if not read:
        return None
    confidences = [page.confidence or 0.0 for page in read]
    return round(fmean(confidences, weights=[page.words for page in read]), 1)


def _told(image: Image, kind: str) -> tuple[str | None, str | None, str | None]:
    """Author, date made and date changed, as far as the file tells them."""
    try:
        with _naming_damage(kind):
            exif = image.getexif()
            more: Mapping[int, Any] = exif.get_ifd(_MORE)
    except FileCorrupt:  # the pixels may be well all the same
        return None, None, None
    author = str(exif.get(_ARTIST) or image.info.get("Author") or "").strip("\0 ")
    taken = _iso_date(more.get(_TAKEN), more.get(_ZONE))
    return (
        str(author).strip("\0 ") or None if author else None,
        taken,
        _iso_date(exif.get(_CHANGED)),
    )


def _iso_date(told: object, zone: object = None) -> str | None:
    """EXIF's '2024:05:01 12:30:00' as ISO 8601; None where it is not a date."""
    try:
        date = datetime.strptime(str(told).strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return None
    has_zone = isinstance(zone, str) and re.fullmatch(r"[+-]\d\d:\d\d", zone.strip("\0 "))
    return date + str(zone).strip("\0 ") if has_zone else date
