"""OCR is part of the fingerprint of files that it may read, and of no others."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from doc_pipeline.domain.errors import TypeUnsupported
from doc_pipeline.domain.limits import Limits
from doc_pipeline.extraction.registry import extractor_id, shaping_of, supported_kinds
from doc_pipeline.extraction.request import OcrSettings

LIMITS = Limits()
PICTURES = {"png", "jpg", "tiff", "bmp", "webp", "gif", "heic"}


def test_kinds_that_ocr_reads() -> None:
    with_ocr = {
        kind for kind in supported_kinds() if "ocr" in shaping_of(kind, OcrSettings(), LIMITS)
    }
    assert with_ocr == PICTURES | {"pdf"}
    assert shaping_of("docx", OcrSettings(), LIMITS) == {"extractor": extractor_id("docx")}


@pytest.mark.parametrize("change", [{"mode": "off"}, {"languages": ("deu", "eng")}, {"dpi": 300}])
def test_settings_that_change_the_text_are_new_work(change: dict[str, object]) -> None:
    settings = OcrSettings()
    changed = replace(settings, **change)  # type: ignore[arg-type]
    assert shaping_of("pdf", changed, LIMITS) != shaping_of("pdf", settings, LIMITS)


def test_time_and_parallel_reading_are_not() -> None:
    changed = OcrSettings(page_s=7, parallel=9)
    assert shaping_of("png", changed, LIMITS) == shaping_of("png", OcrSettings(), LIMITS)


def test_a_new_tesseract_is_new_work(
    tesseract: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    there = shaping_of("tiff", OcrSettings(), LIMITS)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert there["is_there"] is True
    assert shaping_of("tiff", OcrSettings(), LIMITS) == {**there, "is_there": False}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("xlsx", {"table_rows": 5}),
        ("csv", {"table_rows": 5}),
        ("zip", {"attachments": 5}),
        ("eml", {"attachment_depth": 5}),
    ],
)
def test_limits_beyond_which_something_is_left_out_are_new_work(
    kind: str, change: dict[str, int]
) -> None:
    changed = replace(LIMITS, **change)
    assert shaping_of(kind, OcrSettings(), changed) != shaping_of(kind, OcrSettings(), LIMITS)
    assert shaping_of("txt", OcrSettings(), changed) == shaping_of("txt", OcrSettings(), LIMITS)


def test_unknown_kind() -> None:
    with pytest.raises(TypeUnsupported):
        shaping_of("mp3", OcrSettings(), LIMITS)


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys\n"
        "from doc_pipeline.domain.limits import Limits\n"
        "from doc_pipeline.extraction.registry import OcrSettings, shaping_of\n"
        "shaping_of('pdf', OcrSettings(), Limits())\n"
        "print({'PIL', 'numpy', 'unstructured', 'pypdfium2'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert output.stdout.strip() == b"set()"
