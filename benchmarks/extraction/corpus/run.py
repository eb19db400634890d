"""Every file of the shared corpus: what it must come to, what it comes to, and what that takes.

    .venv/bin/python benchmarks/extraction/corpus/run.py

Each file goes through the gate and a warm child process, as in the pipeline; encrypted files
whose password is known a second time with it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from doc_pipeline.domain.errors import PipelineError  # noqa: E402
from doc_pipeline.domain.limits import MIB, Limits  # noqa: E402
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool  # noqa: E402
from doc_pipeline.extraction.registry import ExtractRequest  # noqa: E402
from doc_pipeline.intake.gate import admit_file  # noqa: E402
from doc_pipeline_tests.extraction.expected import TEXT, read_expected  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpus"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    kind: str
    expected: str
    outcome: str
    words: int | None
    wall_s: float
    cpu_s: float | None
    peak_mb: int | None

    @property
    def is_right(self) -> bool:
        """Whether it came to what it must."""
        return self.outcome in self.expected.split("/")

    def shown(self) -> str:
        """As a row of Markdown."""
        cpu = "" if self.cpu_s is None else f"{self.cpu_s:.2f}"
        peak = "" if self.peak_mb is None else str(self.peak_mb)
        words = "" if self.words is None else str(self.words)
        verdict = "yes" if self.is_right else "**NO**"
        return (
            f"| {self.name} | {self.kind} | {self.expected} | {self.outcome} | {verdict} "
            f"| {words} | {self.wall_s:.2f} | {cpu} | {peak} |"
        )


def tried(
    pool: ExtractionPool, path: Path, name: str, expected: frozenset[str], password: str | None
) -> Row:
    """What becomes of one file."""
    started = time.monotonic()
    kind, outcome, words, cpu, peak = "", TEXT, None, None, None
    try:
        kind = admit_file(path, path.name, Limits(), password=password).kind
        with tempfile.TemporaryDirectory() as folder:
            request = ExtractRequest(kind, path.name, password=password, folder=Path(folder))
            found = pool.extract(path, request)
        words = found.words
        if found.usage:
            cpu, peak = found.usage.cpu_s, found.usage.peak_memory_bytes // MIB
    except PipelineError as error:
        outcome = error.code
    taken = time.monotonic() - started
    return Row(name, kind, "/".join(sorted(expected)), outcome, words, taken, cpu, peak)


def main() -> int:
    """Print the table; exit code 1 when a file came to something else."""
    pool = open_pool(1, 1000)
    rows: list[Row] = []
    try:
        for file in read_expected(CORPUS):
            path = CORPUS / file.name
            rows.append(tried(pool, path, file.name, file.outcomes, None))
            if file.password:
                name = f"{file.name} + password"
                rows.append(tried(pool, path, name, frozenset({TEXT}), file.password))
    finally:
        pool.close()
    print("| file | type | expected | outcome | right | words | wall s | CPU s | peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(row.shown())
    by_kind: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.cpu_s is not None:
            by_kind[row.kind].append(row.cpu_s)
    medians = [f"{k} {1000 * statistics.median(v):.0f}" for k, v in sorted(by_kind.items())]
    right = sum(row.is_right for row in rows)
    print(f"\n{right} of {len(rows)} right. Median CPU ms by type: {', '.join(medians)}.")
    return int(right < len(rows))


if __name__ == "__main__":
    sys.exit(main())
