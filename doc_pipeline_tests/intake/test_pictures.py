"""Pixels are counted from a picture's header, in every format, without decoding it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import OverLimit
from doc_pipeline.domain.limits import Limits
from doc_pipeline.intake.gate import admit_file
from doc_pipeline.intake.pictures import count_pixels


@pytest.mark.parametrize(
    ("kind", "form"),
    [("png", "PNG"), ("jpg", "JPEG"), ("gif", "GIF"), ("bmp", "BMP"), ("tiff", "TIFF")],
)
def test_every_format_tells_its_size(tmp_path: Path, kind: str, form: str) -> None:
    from PIL import Image

    path = tmp_path / "raw"
    Image.new("L", (317, 211)).save(path, form)
    with path.open("rb") as file:
        assert count_pixels(file, kind) == 317 * 211
    with pytest.raises(OverLimit, match=r"66,887 pixels; DOC_PIPELINE_MAX_IMAGE_MEGAPIXELS"):
        admit_file(path, f"a.{kind}", Limits(image_pixels=60_000))


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\0\0"}])
def test_webp_in_its_three_forms(options: dict[str, object]) -> None:
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (317, 211)).save(data, "WEBP", **options)  # pyright: ignore[reportArgumentType] - options by form
    assert count_pixels(data, "webp") == 317 * 211


def test_heic_is_as_large_as_its_largest_item() -> None:
    corner = struct.pack(">L4s4xLL", 20, b"ispe", 640, 480)
    tile = struct.pack(">L4s4xLL", 20, b"ispe", 64, 48)
    assert count_pixels(io.BytesIO(bytes(40) + tile + corner), "heic") == 640 * 480


def test_the_largest_page_of_a_tiff_counts() -> None:
    from PIL import Image

    data = io.BytesIO()
    pages = [Image.new("L", (100, 200)), Image.new("L", (300, 200))]
    pages[0].save(data, "TIFF", save_all=True, append_images=pages[1:])
    assert count_pixels(data, "tiff") == 300 * 200


def test_a_jpeg_with_a_long_preview_before_its_size() -> None:
    from PIL import Image

    data = io.BytesIO()
    Image.new("L", (40, 30)).save(data, "JPEG")
    comment = b"\xff\xfe\xff\xf0" + bytes(0xFFF0 - 2)
    long = data.getvalue()[:2] + comment * 3 + data.getvalue()[2:]
    assert count_pixels(io.BytesIO(long), "jpg") == 40 * 30


def test_a_picture_of_gigabytes_in_a_few_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    head = struct.pack(">4sLL5B", b"IHDR", 100_000, 100_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">L", 13) + head + bytes(4))
    with pytest.raises(OverLimit, match="10,000,000,000 pixels"):
        admit_file(path, "a.png", Limits())


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp", "heic", "pdf"])
@pytest.mark.parametrize("data", [b"", b"II*\0\x08\0\0\0", b"\xff\xd8\xff\xe0\0", bytes(40)])
def test_a_cut_header_tells_nothing(kind: str, data: bytes) -> None:
    assert count_pixels(io.BytesIO(data), kind) in range(2)


def test_a_tiff_whose_pages_form_a_ring_ends() -> None:
    entries = struct.pack("<H", 1) + struct.pack("<HHLL", 256, 4, 1, 7) + struct.pack("<L", 8)
    assert count_pixels(io.BytesIO(b"II*\0\x08\0\0\0" + entries), "tiff") == 0
