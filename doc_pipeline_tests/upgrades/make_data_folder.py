"""Make the data folder of a schema version, once, with the code of that version.

Run: .venv/bin/python -m doc_pipeline_tests.upgrades.make_data_folder v2
A folder that is there stays as it is: it stands for what people have on their disks.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from doc_pipeline.stages.remove import remove_documents
from doc_pipeline_tests.upgrades.data_folders import (
    HERE,
    look,
    opened,
    process,
    queued,
    say_nothing,
    set_times,
)

UPLOADS = {
    "ferry/timetable.md": """# Ferry to Sandholm

## Summer

The ferry leaves Vestvik at 7:10, 9:40, 13:25 and 18:05. Bicycles travel free of charge.

## Winter

From October the ferry leaves at 8:00 and 16:30 only. In a storm above nine Beaufort it stays in
the harbour, and the post office tells the islanders by radio.
""",
    "ferry/timetable.md.meta.json": '{"owner": "harbour-office", "priority": "high"}',
    "museum.html": """<html><head><title>Lantern museum</title></head><body>
<h1>Lantern museum</h1><p>Forty paraffin lanterns hang in the old net loft. The oldest, of 1871,
was lit by the pilot's daughter.</p><h2>Opening hours</h2>
<p>Open on Sundays from noon to four, and by appointment.</p></body></html>
""",
    "tickets.csv": "ticket,price\nadult,48\nchild,24\ndog,10\nbicycle,0\n",
    "hold/minutes.txt": "Minutes of the harbour board. To be read by the board first.\n",
    "broken.pdf": "%PDF-1.7\nThis was cut off after the first line.",
    "withdrawn.txt": "The crab festival will be held on the upper pier.\n",
    "letters/harbour.eml": """From: harbour@example.org
To: island@example.org
Subject: Fares of the winter
Date: Mon, 02 Mar 2026 09:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

The new fares are attached. They hold from the first frost on.
--part
Content-Type: text/plain; charset=utf-8
Content-Disposition: attachment; filename="fares.txt"

A sledge travels at half the fare of a bicycle.
--part--
""",
}


def make(target: Path) -> None:
    """Documents that are completed, held, failed and deleted; a second version, an attachment."""
    with TemporaryDirectory(prefix="doc-pipeline-") as name:
        folder = Path(name) / "data"
        for key, text in UPLOADS.items():
            path = folder / "uploads" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        set_times(folder)
        with opened(folder) as services:
            look(services)
            process(services, queued(services, "batch-1"), "run-1")
            (folder / "uploads" / "withdrawn.txt").unlink()
            (folder / "uploads" / "tickets.csv").write_text(
                UPLOADS["tickets.csv"] + "cargo bicycle,15\n", encoding="utf-8"
            )
            set_times(folder)
            remove_documents(look(services).deleted, services.adapters, say_nothing)
            process(services, queued(services, "batch-2"), "run-2")
            assert queued(services, "batch-3") == [], "all that can be done is done"
            services.index.upkeep()
        with closing(sqlite3.connect(folder / "catalog.db")) as catalog:
            # One file without a write-ahead log beside it, and without this machine's disk.
            catalog.execute("DELETE FROM pipeline_state WHERE name = 'uploads_root'")
            catalog.commit()
            catalog.execute("PRAGMA journal_mode = DELETE")
            # Tables and indexes are nearly empty: small pages keep the file small.
            catalog.execute("PRAGMA page_size = 1024")
            catalog.execute("VACUUM")
        shutil.copytree(folder, target)


if __name__ == "__main__":
    target = HERE / sys.argv[1]
    if target.exists():
        sys.exit(f"{target.name} is there already and stays as it is")
    make(target)
    files = [path for path in target.rglob("*") if path.is_file()]
    sys.stdout.write(f"{target.name}: {len(files)} files, "
                     f"{sum(path.stat().st_size for path in files)} bytes\n")  # fmt: skip
