"""2,000 damaged files: each ends in a text or a typed error, inside its limits, neighbours unhurt.

A failure names seed and number; fuzzing.py, run alone, writes that file out.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from doc_pipeline_tests.extraction.fuzzing import LIMITS, MIB, fuzz, report, sources
from doc_pipeline_tests.extraction.mutations import mutate

SEED = 20261121
MUTATIONS = 2000


def test_a_mutation_is_the_same_again(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.txt", "b.zip")]
    files[0].write_text("Invoices are due within 30 days. " * 20)
    with zipfile.ZipFile(files[1], "w") as archive:
        archive.writestr("notes.txt", "The lanterns were counted. " * 20)
    once = [mutate(number, 1, files) for number in range(200)]
    assert once == [mutate(number, 1, files) for number in range(200)]
    assert once != [mutate(number, 2, files) for number in range(200)]
    ways = {part for each in once for part in each.way.split(" and ")}
    assert len(ways) == 10
    originals = {path: path.read_bytes() for path in files}
    assert sum(each.data != originals[each.source] for each in once) > 180


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_no_damage_gets_out_of_its_child() -> None:
    outcomes = fuzz(range(MUTATIONS), SEED)
    assert not any(outcome.violation for outcome in outcomes), report(outcomes, SEED)
    assert max(outcome.peak_memory_bytes for outcome in outcomes) < LIMITS.memory_bytes * 1.1
    assert sum(outcome.outcome == "ok" for outcome in outcomes) > MUTATIONS / 10
    assert LIMITS.memory_bytes == 1024 * MIB
    assert len(sources()) > 10
