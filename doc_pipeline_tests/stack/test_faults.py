"""A run worker killed in the middle of a batch: every document done once, nothing double."""

from __future__ import annotations

import sqlite3
from collections import Counter

import psutil
import pytest

from doc_pipeline_tests.stack.running import Stack

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]

COUNT = 60


def workers(stack: Stack) -> list[psutil.Process]:
    """The processes that execute runs of this stack: the code server spawns them."""
    assert stack.process is not None
    family = psutil.Process(stack.process.pid).children(recursive=True)
    found = []
    for process in family:
        try:
            parent = process.parent()
            is_of_code_server = parent is not None and "grpc" in parent.cmdline()
            if is_of_code_server and "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def extracted(stack: Stack) -> int:
    with sqlite3.connect(stack.data_dir / "catalog.db", timeout=30) as db:
        query = "SELECT count(*) FROM stage_records WHERE stage = 'extract'"
        return int(db.execute(query).fetchone()[0])


def test_kill_9_of_the_worker(stack: Stack) -> None:
    for n in range(COUNT):
        text = "\n\n".join(f"Passage {p} of ledger{n}k speaks of grain {p * n}." for p in range(40))
        (stack.uploads / f"ledger-{n:02}.txt").write_text(text)
    stack.wait_for(lambda: extracted(stack) >= 5, "the batch is in its middle", 120)
    victims = workers(stack)
    assert victims
    for victim in victims:
        victim.kill()
    assert extracted(stack) < COUNT
    statuses = stack.wait_until_settled(COUNT, 400)
    assert Counter(statuses.values()) == {"completed": COUNT}
    with sqlite3.connect(stack.data_dir / "catalog.db", timeout=30) as db:
        in_sql = [row[0] for row in db.execute("SELECT chunk_id FROM document_chunks")]
        versions = db.execute("SELECT max(version) FROM document_versions").fetchone()[0]
    import lancedb

    table = lancedb.connect(str(stack.data_dir / "lancedb")).open_table("chunks")
    rows = table.search().where("NOT deleted").select(["chunk_id"]).to_list()
    in_index = [row["chunk_id"] for row in rows]
    assert versions == 1
    assert len(in_index) == len(set(in_index))
    assert sorted(in_index) == sorted(in_sql)
