"""What does a batch save? The same documents as one run, and as one run each.

    .venv/bin/python benchmarks/batch_runs/run.py --documents 200 --alone 10

Each side executes the same Dagster job in a process of its own on a fresh data folder, as a run
worker does. CPU seconds are those of the finished processes, imports and Dagster's own included.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt").read_text().split()


def write_documents(folder: Path, count: int) -> None:
    """Small text documents of about 300 words, the same for the same number."""
    folder.mkdir(parents=True)
    for number in range(count):
        draw = random.Random(number)
        paragraphs = [" ".join(draw.choices(WORDS, k=60)) + "." for _ in range(5)]
        (folder / f"document-{number:04}.txt").write_text("\n\n".join(paragraphs))


def cli(data_dir: Path, *words: str) -> str:
    """Run a command on this data folder."""
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        "DOC_PIPELINE_DATA_DIR": str(data_dir),
        "DOC_PIPELINE_SETTLE_S": "0",
    }
    command = [sys.executable, "-m", "doc_pipeline.cli.main", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def measured(data_dir: Path, commands: list[list[str]]) -> tuple[float, float]:
    """CPU and wall seconds of these commands, one after another."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for words in commands:
        cli(data_dir, *words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - started


def main() -> None:
    """Measure both sides and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200, help="documents in the one batch")
    parser.add_argument("--alone", type=int, default=10, help="documents processed one by one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, count in (
            ("warm", 1),
            ("batch", arguments.documents),
            ("alone", arguments.alone),
        ):
            write_documents(folder / side / "uploads", count)
        measured(folder / "warm", [["process"]])  # compiles bytecode once, for both sides
        cpu, wall = measured(folder / "batch", [["process"]])
        together = {"cpu": cpu / arguments.documents, "wall": wall / arguments.documents}
        cli(folder / "alone", "process", "document-0000.txt")
        names = [f"document-{number:04}.txt" for number in range(1, arguments.alone)]
        cpu, wall = measured(folder / "alone", [["process", item] for item in names])
        each = {"cpu": cpu / len(names), "wall": wall / len(names)}
    print(f"{'':24}{'CPU s/document':>16}{'wall s/document':>18}{'documents/s':>14}")
    for label, figures in (
        (f"one run of {arguments.documents}", together),
        ("one run per document", each),
    ):
        rate = 1 / figures["wall"]
        print(f"{label:24}{figures['cpu']:>16.3f}{figures['wall']:>18.3f}{rate:>14.2f}")
    ratio = {key: round(each[key] / together[key], 1) for key in together}
    print(f"ratio: CPU {ratio['cpu']}, wall {ratio['wall']}")
    print(json.dumps({"batch": together, "alone": each, "ratio": ratio}))


if __name__ == "__main__":
    main()
