"""How often the real type of a file is found, by bytes alone and with its name, and how fast.

    .venv/bin/python benchmarks/type_detection/run.py [FOLDER ...]

Three sets: the shared corpus by its manifest, the awkward files of the tests, and files of this
machine (the environment's packages, /usr/share, or the FOLDERs) that stand under a known ending.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from doc_pipeline.intake.kinds import kind_of_name  # noqa: E402
from doc_pipeline.intake.sniffing import sniff_file  # noqa: E402
from doc_pipeline_tests.intake.test_hard_kinds import CASES  # noqa: E402

CORPUS = ROOT.parent / "shared" / "corpus"
MOST_OF_A_KIND = 200
KINDS = frozenset(
    {
        *("pdf", "docx", "pptx", "xlsx", "xlsb", "ppt", "xls", "odt", "ods", "odp", "epub", "zip"),
        *("rtf", "html", "xml", "svg", "eml", "txt", "md", "rst", "org", "csv", "tsv", "json"),
        *("ndjson", "png", "jpg", "gif", "bmp", "tiff", "webp", "heic"),
    }
)
"""Not msg and doc: on a machine with Tcl and Graphviz these endings stand for texts."""


@dataclass(frozen=True)
class Labelled:
    """A file whose type is known."""

    path: Path
    name: str
    kind: str


def of_manifest(corpus: Path) -> list[Labelled]:
    """The shared corpus; the manifest's endings as kinds."""
    with (corpus / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        Labelled(
            corpus / row["path"],
            row["path"],
            "empty" if row["note"] == "empty" else kind_of_name("." + row["type"]),
        )
        for row in rows
    ]


def of_tests(folder: Path) -> list[Labelled]:
    """The awkward files, written out."""
    found: list[Labelled] = []
    for number, (_, data, name, kind) in enumerate(CASES):
        path = folder / str(number)
        path.write_bytes(data)
        found.append(Labelled(path, name, kind))
    return found


def of_machine(folders: Sequence[str]) -> list[Labelled]:
    """Files under an ending that names a kind: the ending is the label, and now and then wrong."""
    by_kind: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                path, kind = Path(parent, name), kind_of_name(name)
                if kind in KINDS and path.is_file() and not path.is_symlink():
                    by_kind[kind].append(path)
    draw = random.Random(1)
    found: list[Labelled] = []
    for kind, paths in sorted(by_kind.items()):
        chosen = draw.sample(sorted(paths), min(len(paths), MOST_OF_A_KIND))
        found += [Labelled(path, path.name, kind) for path in chosen if path.stat().st_size]
    return found


def right(files: Sequence[Labelled], *, with_name: bool) -> tuple[float, Counter[str]]:
    """Share that is right, and what was taken for what."""
    wrong: Counter[str] = Counter()
    for file in files:
        kind = sniff_file(file.path, file.name if with_name else "file").kind
        if kind != file.kind:
            wrong[f"{file.kind} as {kind}"] += 1
    return 1 - wrong.total() / len(files), wrong


def per_cpu_second(files: Sequence[Labelled], seconds: float = 1.0) -> float:
    """Files a CPU-second, read from the disk's cache."""
    count, started = 0, time.process_time()
    while (taken := time.process_time() - started) < seconds:
        for file in files:
            sniff_file(file.path, file.name)
        count += len(files)
    return count / taken


def main() -> None:
    """Print a table and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", default=[str(ROOT / ".venv"), "/usr/share"])
    folders = parser.parse_args().folders
    with tempfile.TemporaryDirectory() as folder:
        sets = {"awkward files": of_tests(Path(folder)), "this machine": of_machine(folders)}
        if CORPUS.is_dir():
            sets = {"shared corpus": of_manifest(CORPUS), **sets}
        print(f"{'set':<14} {'files':>6} {'bytes':>7} {'name':>7} {'files/CPU-s':>12}")
        notes: list[str] = []
        for title, files in sets.items():
            by_bytes, wrong = right(files, with_name=False)
            by_name, wrong_named = right(files, with_name=True)
            speed = per_cpu_second(files)
            print(f"{title:<14} {len(files):>6} {by_bytes:>7.3f} {by_name:>7.3f} {speed:>12,.0f}")
            notes.append(f"{title}, bytes alone: {dict(wrong.most_common(12))}")
            notes.append(f"{title}, with the name: {dict(wrong_named.most_common(12))}")
        print("\n".join(notes))


if __name__ == "__main__":
    main()
