"""Feeds damaged files through the gate and the child processes, and tells what became of each.

.venv/bin/python -m doc_pipeline_tests.extraction.fuzzing --mutations 2000 --seed 1 [--only 17]
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.errors import PipelineError, UnexpectedError
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.isolation.pool import ExtractionPool, open_pool
from doc_pipeline.extraction.registry import ExtractRequest, OcrSettings
from doc_pipeline.intake.gate import admit_file
from doc_pipeline_tests.extraction.mutations import Mutation, mutate

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
LIMITS = Limits(cpu_s=20, wall_s=30, memory_bytes=1024 * MIB, output_bytes=64 * MIB)
MOST_SECONDS = 2 * LIMITS.wall_s + 10
"""A file that crashes a library is tried twice."""
OCR_EVERY = 5
OCR_OFF = OcrSettings(mode="off")
OCR_ON = OcrSettings(page_s=10, parallel=1)
OUR_MISTAKES = frozenset({"ImportError", "ModuleNotFoundError", "NameError", "UnboundLocalError"})
PASSWORD = re.compile(r"password: (\w+)\)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one damaged file. `violation` is '' when it is as it must be."""

    mutation: str
    kind: str
    outcome: str
    seconds: float
    peak_memory_bytes: int
    violation: str


def sources() -> list[Path]:
    """The shared corpus, or the shipped examples where it is missing."""
    folder = CORPUS if CORPUS.is_dir() else ROOT / "examples" / "documents"
    return sorted(p for p in folder.iterdir() if p.is_file() and p.name != "manifest.csv")


def passwords() -> dict[str, str]:
    """Passwords of the encrypted files: damage then gets behind the lock."""
    manifest = CORPUS / "manifest.csv"
    if not manifest.is_file():
        return {}
    rows = manifest.read_text(encoding="utf-8").splitlines()
    return {row.split(",")[0]: m[1] for row in rows if (m := PASSWORD.search(row))}


def fuzz(numbers: Iterable[int], seed: int, *, at_once: int = 2) -> list[Outcome]:
    """Outcomes in the order of the numbers."""
    files, known = sources(), passwords()
    pool = open_pool(at_once, 200)

    def one(number: int) -> Outcome:
        mutation = mutate(number, seed, files)
        with TemporaryDirectory(prefix="fuzz-") as folder:
            password = known.get(mutation.source.name) if number % 2 else None
            return _outcome(mutation, pool, Path(folder), password)

    try:
        with ThreadPoolExecutor(at_once) as threads:
            return list(threads.map(one, numbers))
    finally:
        pool.close()


def _outcome(
    mutation: Mutation, pool: ExtractionPool, folder: Path, password: str | None
) -> Outcome:
    path = folder / "raw"
    path.write_bytes(mutation.data)
    started = time.monotonic()
    kind, code, violation, peak = "?", "ok", "", 0
    try:
        kind = admit_file(path, mutation.source.name, LIMITS, password=password).kind
        ocr = OCR_ON if mutation.number % OCR_EVERY == 0 else OCR_OFF
        request = ExtractRequest(
            kind, mutation.source.name, None, password, LIMITS, ocr, folder=folder / "work"
        )
        (folder / "work").mkdir()
        found = pool.extract(path, request)
        peak = found.usage.peak_memory_bytes if found.usage else 0
        violation = _fault_of(found)
    except UnexpectedError as error:
        code, violation = error.code, error.sentence
    except PipelineError as error:
        code = error.code
        if code == "EXTRACTION_FAILED":
            code = f"{code} {error.fields['reason']}"
            violation = "a mistake in our code" if error.fields["reason"] in OUR_MISTAKES else ""
    except Exception as error:  # noqa: BLE001 - just what must not happen
        code, violation = "untyped", f"{type(error).__name__} is no error of the pipeline"
    seconds = time.monotonic() - started
    if seconds > MOST_SECONDS:
        violation = violation or f"took {seconds:.0f} seconds"
    return Outcome(mutation.name, kind, code, seconds, peak, violation)


def _fault_of(found: ExtractedText) -> str:
    if not found.text.strip():
        return "ended in an empty text"
    if any(found.text[e.start : e.end] != e.text for e in found.elements):
        return "an element is not where it says"
    return ""


def report(outcomes: Sequence[Outcome], seed: int) -> str:
    """What happened, for people: violations first, then everything counted."""
    lines = [f"VIOLATION seed {seed}, {o.mutation}: {o.violation}" for o in outcomes if o.violation]
    for outcome, count in Counter(o.outcome for o in outcomes).most_common():
        of_kinds = Counter(o.kind for o in outcomes if o.outcome == outcome).most_common(6)
        shown = ", ".join(f"{kind} {n}" for kind, n in of_kinds)
        lines.append(f"{count:6}  {outcome:<40} {shown}")
    bad = ("TIMEOUT", "MEMORY_LIMIT", "EXTRACTOR_CRASHED")
    lines += [
        f"{o.outcome} after {o.seconds:.1f} s: seed {seed}, {o.mutation}"
        for o in outcomes
        if o.outcome in bad or o.outcome.startswith("EXTRACTION_FAILED")
    ]
    slowest = max(outcomes, key=lambda o: o.seconds)
    largest = max(outcomes, key=lambda o: o.peak_memory_bytes)
    lines.append(f"slowest: {slowest.seconds:.1f} s, {slowest.mutation}")
    lines.append(f"largest: {largest.peak_memory_bytes // MIB} MiB, {largest.mutation}")
    return "\n".join(lines)


def main() -> int:
    """Exit code 1 when a file did not end as it must."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of single mutations")
    parser.add_argument("--keep", type=Path, help="write the damaged files of --only here")
    chosen = parser.parse_args()
    numbers: list[int] = chosen.only or list(range(chosen.mutations))
    if chosen.keep and chosen.only:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            mutation = mutate(number, chosen.seed, sources())
            (chosen.keep / f"{number}-{mutation.source.name}").write_bytes(mutation.data)
    started = time.monotonic()
    outcomes = fuzz(numbers, chosen.seed)
    taken = f"{len(outcomes)} mutations of seed {chosen.seed} in {time.monotonic() - started:.0f} s"
    sys.stdout.write(f"{report(outcomes, chosen.seed)}\n{taken}\n")
    return int(any(outcome.violation for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
