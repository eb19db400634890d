"""Pages per CPU-second and peak memory of PDF extraction, beside unstructured's fast strategy.

Each side runs in a process of its own over the same files; imports are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[3] / "shared" / "corpus"
CORPUS_FILES = ("multi_page.pdf", "code_and_formula.pdf", "normal_4pages.pdf", "fake-memo.pdf")
FIGURE_OF_THE_NOTES = 9.0
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="more PDFs with a text layer")
    parser.add_argument("--engine", choices=("ours", "unstructured"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        print(json.dumps(measure(options.engine, options.files)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        print_tables(Path(scratch), options.files)


def print_tables(folder: Path, more: list[Path]) -> None:
    large = make_book(folder / "600 pages.pdf", 600)
    files = [large, make_book(folder / "60 pages.pdf", 60), *office_files(folder), *more]
    files += [path for name in CORPUS_FILES if (path := CORPUS / name).is_file()]
    ours, theirs = run("ours", files), run("unstructured", files[1:])
    print("| file | pages | pages/CPU-s | unstructured fast | ratio |\n|---|---|---|---|---|")
    slower = theirs.get("files", {})
    for name, (pages, cpu_s, tables) in ours["files"].items():
        other = slower.get(name)
        theirs_ps = f"{other[0] / other[1]:.1f}" if other else "-"
        ratio = f"{other[1] / cpu_s:.1f}" if other else "-"
        said = f"{name} (with tables)" if tables else name
        print(f"| {said} | {pages} | {pages / cpu_s:.0f} | {theirs_ps} | {ratio} |")
    both = {name: found for name, found in ours["files"].items() if name in slower}
    pages, cpu_s = totals(both or ours["files"])
    if slower:
        other_pages, other_cpu_s = totals({name: slower[name] for name in both})
        print(
            f"| **all that both read** | {pages} | **{pages / cpu_s:.0f}** "
            f"| **{other_pages / other_cpu_s:.1f}** | **{other_cpu_s / cpu_s:.1f}** |"
        )
    else:
        print(f"\nunstructured's fast strategy does not run here: {theirs['problem']}")
    by_notes = pages / cpu_s / FIGURE_OF_THE_NOTES
    print(f"\nAgainst the {FIGURE_OF_THE_NOTES} pages/CPU-s of the notes: {by_notes:.0f} times.")
    print(f"Imports: {ours['import_s']:.2f} CPU-s (ours)", end="")
    print(f", {theirs['import_s']:.2f} CPU-s (unstructured)." if slower else ".")
    alone = run("ours", [large])
    print(f"600 pages alone in a process: peak {alone['peak_mb']:.0f} MB.")


def totals(files: dict[str, Any]) -> tuple[int, float]:
    return sum(found[0] for found in files.values()), sum(found[1] for found in files.values())


def run(engine: str, files: list[Path]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--engine", engine, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"problem": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def measure(engine: str, files: list[Path]) -> dict[str, Any]:
    """Pages, CPU seconds (the best of three rounds) and tables by file, after one to warm up."""
    begin = time.process_time()
    pages_of = load_ours() if engine == "ours" else load_unstructured()
    import_s = time.process_time() - begin
    pages_of(files[-1])
    found: dict[str, tuple[int, float, int]] = {}
    for path in files:
        times: list[float] = []
        pages = tables = 0
        for _ in range(ROUNDS if len(files) > 1 else 1):
            begin = time.process_time()
            pages, tables = pages_of(path)
            times.append(time.process_time() - begin)
        found[path.name] = (pages, min(times), tables)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"files": found, "import_s": import_s, "peak_mb": peak_mb}


def load_ours() -> Callable[[Path], tuple[int, int]]:
    import pypdfium2  # noqa: F401 - its import is counted apart

    from doc_pipeline.extraction.pdf.document import extract_pdf
    from doc_pipeline.extraction.request import ExtractRequest

    def pages_of(path: Path) -> tuple[int, int]:
        draft = extract_pdf(path, ExtractRequest(kind="pdf", name=path.name))
        assert draft.pages
        return draft.pages, sum(element.type == "Table" for element in draft.elements)

    return pages_of


def load_unstructured() -> Callable[[Path], tuple[int, int]]:
    """`partition_pdf(strategy="fast")` with what it imports but does not use replaced by stubs.

    Its tagger is ours (no spaCy model can be downloaded), and numba's `njit` does nothing.
    """
    os.environ.update(DO_NOT_TRACK="1", SCARF_NO_ANALYTICS="1", UNSTRUCTURED_DISABLE_NOTICE="1")
    inference = "unstructured_inference"
    parts = ("config", "constants", "inference", "inference.elements", "inference.layout",
             "inference.layoutelement", "inference.pdf_image", "models", "models.base")  # fmt: skip
    for name in (inference, *(f"{inference}.{part}" for part in parts), "pdf2image",
                 "pdf2image.exceptions", "pikepdf", "cv2", "unstructured_pytesseract"):  # fmt: skip
        sys.modules[name] = MagicMock()
    numba = types.ModuleType("numba")
    numba.njit = lambda *given, **_: given[0] if given else (lambda function: function)  # pyright: ignore[reportAttributeAccessIssue]
    sys.modules["numba"] = numba
    from doc_pipeline.extraction.tokenizer_seam import install_tokenizer

    install_tokenizer()
    from unstructured.partition.pdf import partition_pdf

    def pages_of(path: Path) -> tuple[int, int]:
        elements = partition_pdf(str(path), strategy="fast", languages=["eng"])
        return max(element.metadata.page_number or 0 for element in elements), 0

    return pages_of


def make_book(path: Path, pages: int) -> Path:
    """Chapters of seven paragraphs, about 50 lines and 520 words a page."""
    from fpdf import FPDF

    dice = random.Random(1)
    words = (HERE.parents[1] / "batch_runs" / "words.txt").read_text(encoding="utf-8").split()
    words = [word for word in words if word.isascii()]
    pdf = FPDF()
    for page in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", "B", 16)
        pdf.multi_cell(0, 9, f"Chapter {page}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", size=10)
        for _ in range(7):
            text = " ".join(dice.choices(words, k=75)).capitalize() + "."
            pdf.multi_cell(0, 4.5, text, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2)
    pdf.output(str(path))
    return path


def office_files(folder: Path) -> list[Path]:
    """The documents of `pdf_structure`, where LibreOffice is there."""
    if shutil.which("soffice") is None:
        return []
    structure = HERE.parent / "pdf_structure"
    made = folder / "office"
    command = [sys.executable, str(structure / "run.py"), "--folder", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return sorted(made.glob("*.pdf"))


if __name__ == "__main__":
    main()
