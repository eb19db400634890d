"""Quality of PDF structure on documents of known structure, made into PDF by LibreOffice."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from documents import PLANS, Truth, write_document

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

PROSE = {"NarrativeText", "UncategorizedText", "ListItem"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the documents here")
    parser.add_argument("--wrong", action="store_true", help="print what was missed")
    options = parser.parse_args()
    if shutil.which("soffice") is None:
        sys.exit("LibreOffice is missing: apt-get install libreoffice-writer fonts-liberation")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        truths = {plan.name: write_document(plan, folder / f"{plan.name}.docx") for plan in PLANS}
        convert(sorted(folder.glob("*.docx")), folder)
        print_table(folder, truths, show_wrong=options.wrong)


def convert(sources: list[Path], folder: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                "soffice", f"-env:UserInstallation=file://{profile}", "--headless",
                "--convert-to", "pdf", "--outdir", str(folder), *map(str, sources),
            ],
            check=True, capture_output=True, timeout=600,
        )  # fmt: skip


def print_table(folder: Path, truths: dict[str, Truth], *, show_wrong: bool) -> None:
    print("| document | pages | heading F1 | paragraphs exact | list items exact | text F1 |")
    print("|---|---|---|---|---|---|")
    total: Counter[str] = Counter()
    for name, truth in truths.items():
        begin = time.process_time()
        result = extract_file(folder / f"{name}.pdf", ExtractRequest(kind="pdf", name=name))
        cpu_s = time.process_time() - begin
        scores = measure(truth, result.elements)
        scores["pages"] = result.pages or 0
        scores["milliseconds"] = round(cpu_s * 1000)
        total.update(scores)
        print(row(name, scores))
        if show_wrong:
            print_wrong(truth, result.elements)
    print(row("**all**", total))
    print(f"\n{total['pages'] * 1000 / total['milliseconds']:.0f} pages per CPU-second with all")


def measure(truth: Truth, elements: Iterable[Element]) -> Counter[str]:
    elements = list(elements)
    titles = [plain(element.text) for element in elements if element.type == "Title"]
    prose = [plain(element.text) for element in elements if element.type in PROSE]
    words = [w for e in elements if e.type not in {"Header", "Footer", "PageNumber"}
             for w in e.text.replace(" | ", " ").split()]  # fmt: skip
    headings = list(map(plain, truth.headings))
    return Counter(
        headings=len(headings),
        titles=len(titles),
        headings_hit=common(headings, titles),
        paragraphs=len(truth.paragraphs),
        paragraphs_hit=common(map(plain, truth.paragraphs), prose),
        items=len(truth.items),
        items_hit=common(
            map(plain, truth.items),
            [re.sub(r"^\d+ ", "", plain(e.text)) for e in elements if e.type == "ListItem"],
        ),
        words=len(truth.words),
        words_found=len(words),
        words_hit=common(truth.words, words),
    )


def row(name: str, s: Counter[str]) -> str:
    items = f"{s['items_hit'] / s['items']:.0%}" if s["items"] else "-"
    return (
        f"| {name} | {s['pages']} | {f1(s['headings_hit'], s['headings'], s['titles']):.2f} "
        f"| {s['paragraphs_hit'] / s['paragraphs']:.0%} | {items} "
        f"| {f1(s['words_hit'], s['words'], s['words_found']):.3f} |"
    )


def print_wrong(truth: Truth, elements: Iterable[Element]) -> None:
    elements = list(elements)
    titles = Counter(plain(e.text) for e in elements if e.type == "Title")
    headings = Counter(map(plain, truth.headings))
    prose = Counter(plain(e.text) for e in elements if e.type in PROSE)
    for text in (headings - titles).elements():
        print("   heading missed:", text)
    for text in (titles - headings).elements():
        print("   no heading:", text)
    for text in (Counter(map(plain, truth.paragraphs)) - prose).elements():
        print("   paragraph missed:", text[:90])


def f1(hit: int, wanted: int, found: int) -> float:
    return 2 * hit / (wanted + found) if wanted + found else 1.0


def common(a: Iterable[str], b: Iterable[str]) -> int:
    return sum((Counter(a) & Counter(b)).values())


def plain(text: str) -> str:
    """Words only: bullets, points and blanks do not count."""
    return " ".join(re.findall(r"\w+", text.lower()))


if __name__ == "__main__":
    main()
