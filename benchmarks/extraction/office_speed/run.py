"""CPU milliseconds per office document, warm: ours, and unstructured's own way where it can run.

Run it with `.venv/bin/python benchmarks/extraction/office_speed/run.py [FOLDER …]`. Documents are
generated, those of the tests' old formats, and all office files in the folders given.
"""

from __future__ import annotations

import gzip
import importlib
import os
import resource
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
FILES = ROOT / "doc_pipeline_tests" / "extraction" / "files"
KINDS = ("docx", "pptx", "xlsx", "xls", "ods", "doc", "ppt", "odt", "odp", "rtf", "epub")
TURNS = 3
XPATHS = {
    package: importlib.import_module(f"{package}.oxml.xmlchemy").BaseOxmlElement.xpath
    for package in ("docx", "pptx")
}
"""As the libraries have it, before our seam: unstructured is measured with these."""
SENTENCE = "The harbour number {0} was opened in that year, and ships of every size call at it."


def main(folders: list[Path]) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        documents = _documents(Path(name), folders)
        print("| type | documents | ours, ms | ours, slowest | unstructured, ms | ratio |")
        print("|---|---|---|---|---|---|")
        medians: list[float] = []
        for kind in KINDS:
            medians += _row(kind, documents[kind])
        print(f"\nAll documents: median {statistics.median(medians):.1f} ms of {len(medians)}.")
        _million(Path(name))


def _row(kind: str, paths: list[Path]) -> list[float]:
    timed = [(ours, path) for path in paths if (ours := _median(_ours, path, kind)) is not None]
    if not timed:
        return []
    theirs = {path: _median(_theirs, path, kind) for _, path in timed}
    both = [(ours, other) for ours, path in timed if (other := theirs[path]) is not None]
    median = statistics.median(ours for ours, _ in timed)
    compared = "cannot run", "-"
    if both:
        other = statistics.median(time for _, time in both)
        total = sum(time for _, time in both) / sum(ours for ours, _ in both)
        compared = f"{other:.1f}", f"{total:.1f}"
    slowest = max(ours for ours, _ in timed)
    print(
        f"| {kind} | {len(timed)} | {median:.1f} | {slowest:.1f} | {compared[0]} | {compared[1]} |"
    )
    return [ours for ours, _ in timed]


def _median(read: Callable[[Path, str], object], path: Path, kind: str) -> float | None:
    """Milliseconds, children included; None where the reader refuses. The first turn warms up."""
    times: list[float] = []
    for _ in range(TURNS + 1):
        begin = _cpu()
        try:
            read(path, kind)
        except Exception:  # noqa: BLE001 - encrypted, damaged, or a program that is not there
            return None
        times.append((_cpu() - begin) * 1000)
    return statistics.median(times[1:])


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _ours(path: Path, kind: str) -> object:
    from doc_pipeline.extraction.registry import ExtractRequest, extract_file

    return extract_file(path, ExtractRequest(kind, path.name))


def _theirs(path: Path, kind: str) -> object:
    """Unstructured for the type, with our tokenizer, as its own downloads a model."""
    from doc_pipeline.extraction.tokenizer_seam import install_tokenizer

    install_tokenizer()
    module: Any = importlib.import_module(
        f"unstructured.partition.{'xlsx' if kind == 'xls' else kind}"
    )
    if kind in {"doc", "ppt"} and shutil.which("soffice") is None:
        raise FileNotFoundError("soffice")
    for package, unchanged in XPATHS.items():
        element = importlib.import_module(f"{package}.oxml.xmlchemy").BaseOxmlElement
        element.xpath = unchanged
    function = getattr(module, f"partition_{'xlsx' if kind == 'xls' else kind}")
    return [element.to_dict() for element in function(filename=str(path))]


def _documents(folder: Path, others: list[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for path in [*_generated(folder), *FILES.glob("harbour.*")]:
        if path.suffix == ".gz":
            plain = folder / path.stem
            plain.write_bytes(gzip.decompress(path.read_bytes()))
            found[plain.suffix[1:]].append(plain)
        else:
            found[path.suffix[1:]].append(path)
    for other in others:
        for path in sorted(other.iterdir()):
            found[path.suffix[1:].lower()].append(path)
    return found


def _generated(folder: Path) -> list[Path]:
    paths: list[Path] = []
    for pages in (1, 5, 20):
        paths += [_docx(folder, pages), _pptx(folder, pages), _xlsx(folder, pages)]
    return paths


def _docx(folder: Path, pages: int) -> Path:
    from docx import Document

    document = Document()
    for page in range(pages):
        document.add_heading(f"Chapter {page}", 1)
        for number in range(10):
            document.add_paragraph(SENTENCE.format(number) * 3)
        table: Any = document.add_table(rows=4, cols=3)
        for cell in table._cells:
            cell.text = "1,200"
    path = folder / f"made{pages}.docx"
    document.save(str(path))
    return path


def _pptx(folder: Path, pages: int) -> Path:
    from pptx import Presentation

    deck: Any = Presentation()
    for page in range(pages):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Topic {page}"
        slide.placeholders[1].text = "\n".join(SENTENCE.format(number) for number in range(5))
        slide.notes_slide.notes_text_frame.text = SENTENCE.format(page)
    path = folder / f"made{pages}.pptx"
    deck.save(str(path))
    return path


def _xlsx(folder: Path, pages: int, rows: int = 200, columns: int = 8) -> Path:
    import xlsxwriter

    path = folder / f"made{pages}.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        for _ in range(pages):
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, [f"head {column}" for column in range(columns)])
            for row in range(1, rows):
                sheet.write_row(row, 0, [f"ware {row}", *range(row, row + columns - 1)])
    return path


def _million(folder: Path) -> None:
    path = _xlsx(folder, 1, rows=1_000_000, columns=5)
    begin = _cpu()
    found: Any = _ours(path, "xlsx")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\nxlsx of 1,000,000 rows ({path.stat().st_size // 2**20} MB): {_cpu() - begin:.1f}"
        f" CPU-seconds, {peak} MB at most, {len(found.elements)} elements; {found.warnings[0]}."
    )


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"
    main([Path(name) for name in sys.argv[1:]])
