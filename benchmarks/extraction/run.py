"""Runs every benchmark of extraction, one after another, and prints their tables.

Run: make bench-extraction    or some of them: make bench-extraction ARGS="ocr pdf_speed"
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
ORDER = ("pdf_speed", "pdf_structure", "office_speed", "ocr", "corpus", "isolation")


def main() -> int:
    wanted = sys.argv[1:] or ORDER
    unknown = sorted(set(wanted) - set(ORDER))
    if unknown:
        print(f"No benchmark called {', '.join(unknown)}; there are {', '.join(ORDER)}.")
        return 2
    failed: list[str] = []
    for name in wanted:
        print(f"\n## {name}\n", flush=True)
        started = time.monotonic()
        ended = subprocess.run([sys.executable, str(FOLDER / name / "run.py")], check=False)
        if ended.returncode != 0:
            failed.append(name)
        print(f"\n({name}: {time.monotonic() - started:.0f} s)", flush=True)
    if failed:
        print(f"\nNot measured: {', '.join(failed)} (why is above).")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
