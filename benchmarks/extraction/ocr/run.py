"""Read drawn pages and the shared scan by OCR: text F1, and pages per CPU-second.

CPU is that of this process while it reads and of all tesseract processes.
"""

from __future__ import annotations

import argparse
import re
import resource
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pages import DPI, Page, make_pages
from PIL import Image

from doc_pipeline.extraction.ocr.engine import installed_languages, tesseract_version
from doc_pipeline.extraction.ocr.pages import read_pages
from doc_pipeline.extraction.request import ExtractRequest, OcrSettings

SHARED = Path(__file__).parents[4] / "shared" / "corpus"
SETTINGS = OcrSettings(languages=("eng",), dpi=DPI)
LANGUAGES = {"en": "eng", "de": "deu", "ru": "rus"}


@dataclass(frozen=True)
class Result:
    """One page read."""

    name: str
    f1: float
    confidence: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="best CPU of so many readings")
    repeat = parser.parse_args().repeat
    missing = {*LANGUAGES.values(), "osd"} - set(installed_languages())
    if missing:
        raise SystemExit(f"tesseract lacks data for: {', '.join(sorted(missing))}")
    pages = make_pages()
    print(f"tesseract {tesseract_version()}, {len(pages)} pages at {DPI} dpi\n")
    show("language told", [read(page, repeat, page.language) for page in pages])
    for language in ("de", "ru"):
        untold = [page for page in pages if page.language == language]
        show_document(f"{language}, language not told, one document", untold)
    turned = [turn(page, degrees) for page, degrees in zip(pages, (90, 180, 270, 90), strict=False)]
    show("turned by 90, 180, 270 degrees", [read(page, 1, page.language) for page in turned])
    if scan := shared_scan():
        show("shared scan", [read(scan, repeat, "en")])


def read(page: Page, repeat: int, language: str | None) -> Result:
    """Read one page; CPU is the least of all repetitions."""
    results = [_read([page], language) for _ in range(repeat)]
    return Result(page.name, *min(results, key=lambda result: result[2]))


def show_document(title: str, pages: list[Page]) -> None:
    f1, confidence, cpu_s = _read(pages, None)
    print(
        f"{title}: F1 {f1:.3f}, confidence {confidence:.1f}, {len(pages) / cpu_s:.2f} pages/CPU-s\n"
    )


def _read(pages: list[Page], language: str | None) -> tuple[float, float, float]:
    def render(number: int, dpi: int) -> Image.Image:
        return pages[number - 1].image

    request = ExtractRequest("pdf", "benchmark", language=language, ocr=SETTINGS)
    before = cpu_seconds()
    found = read_pages(range(1, len(pages) + 1), render, request, pages_in_all=len(pages))
    cpu_s = cpu_seconds() - before
    text = "\n".join(element.text for page in found.values() for element in page.elements)
    confidence = sum(page.confidence or 0.0 for page in found.values()) / len(found)
    return text_f1(text, "\n".join(page.text for page in pages)), confidence, cpu_s


def show(title: str, results: list[Result]) -> None:
    print(f"{title}\n{'page':<14}{'F1':>7}{'confidence':>12}{'CPU s':>8}")
    for result in results:
        print(f"{result.name:<14}{result.f1:>7.3f}{result.confidence:>12.1f}{result.cpu_s:>8.2f}")
    rate = len(results) / sum(result.cpu_s for result in results)
    lowest = min(result.f1 for result in results)
    print(f"{'all':<14}{lowest:>7.3f} lowest, {rate:.2f} pages per CPU-second\n")


def text_f1(found: str, expected: str) -> float:
    """F1 over bags of words, case and punctuation left out."""
    left, right = (Counter(re.findall(r"\w+", text.lower())) for text in (found, expected))
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0


def turn(page: Page, degrees: int) -> Page:
    image = page.image.rotate(-degrees, expand=True, fillcolor=255)
    return Page(f"{page.name[:9]} {degrees}", page.language, image, page.text)


def shared_scan() -> Page | None:
    """The scan with a gold text that lies beside the project; None elsewhere."""
    if not SHARED.is_dir():
        print("the shared scan is not beside this checkout: left out\n")
        return None
    with Image.open(SHARED / "phototest.tif") as image:
        text = (SHARED / "phototest.gold.txt").read_text(encoding="utf-8")
        return Page("phototest", "en", image.convert("L"), text)


def cpu_seconds() -> float:
    parts = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


if __name__ == "__main__":
    main()
