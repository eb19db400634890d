"""What isolation costs: a small text extracted in this process and in a child, and a new child.

Run: .venv/bin/python benchmarks/extraction/isolation/run.py
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from doc_pipeline.domain.errors import ExtractorCrashed
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool
from doc_pipeline.extraction.registry import ExtractRequest, extract_file

FAULTS = "doc_pipeline_tests.extraction.isolation.faults:extract"
TURNS = 200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "note.txt"
        path.write_text("The shipment arrived on Monday. Two pallets were damaged.\n" * 20)
        request = ExtractRequest(kind="txt", name="note.txt", language="en")
        here = median_ms(lambda: extract_file(path, request))
        pool = open_pool(1, 1_000_000)
        child = median_ms(lambda: pool.extract(path, request))
        pool.close()
        replaced = open_pool(1, 1)
        each_new = median_ms(lambda: replaced.extract(path, request), turns=30)
        replaced.close()
        crash = median_ms(crashing(path), turns=30)
    print("| what | ms, median |")
    print("|---|---|")
    print(f"| in this process | {here:.2f} |")
    print(f"| in a warm child | {child:.2f} (+{child - here:.2f}) |")
    print(f"| in a child forked for it | {each_new:.2f} (+{each_new - here:.2f}) |")
    print(f"| SIGSEGV twice, until the error | {crash:.2f} |")


def median_ms(work: Callable[[], object], turns: int = TURNS) -> float:
    for _ in range(3):
        work()
    taken: list[float] = []
    for _ in range(turns):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def crashing(path: Path) -> Callable[[], object]:
    pool: ExtractionPool = open_pool(1, 1_000_000, FAULTS)
    request = ExtractRequest(kind="segfault", name="x")

    def crash() -> None:
        try:
            pool.extract(path, request)
        except ExtractorCrashed:
            return

    return crash


if __name__ == "__main__":
    main()
