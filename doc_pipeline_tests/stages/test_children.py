"""Batches whose files are extracted in child processes, several at once; some files are murderous.

`extract` below is a fake only for files that name a fault; all others are really extracted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doc_pipeline.domain.document import ProcessingStatus
from doc_pipeline.domain.element import ExtractedText
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.domain.stage import Stage, StageResult
from doc_pipeline.extraction.isolation.pool import open_pool
from doc_pipeline.extraction.registry import ExtractRequest, extract_file
from doc_pipeline.services import with_extraction
from doc_pipeline.stages.adapters import ProcessingSettings
from doc_pipeline_tests.extraction.isolation import faults
from doc_pipeline_tests.stages.conftest import Bench, failures

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="limits on children are those of Linux"
    ),
]
HERE = f"{__name__}:extract"
LIMITS = Limits(cpu_s=2, wall_s=600, memory_bytes=1024 * MIB, output_bytes=4 * MIB)


def extract(path: Path, request: ExtractRequest) -> ExtractedText:
    """In the child: a text that begins with 'fault:' does what it says."""
    word = path.read_text(encoding="utf-8").strip()
    if word == "fault:pages":
        return _pages_of_a_killed_one(request)
    if word.startswith("fault:"):
        return faults.extract(path, replace(request, kind=word.removeprefix("fault:")))
    return extract_file(path, request)


def _pages_of_a_killed_one(request: ExtractRequest) -> ExtractedText:
    """Ten pages, and a death at the seventh as long as fewer than five are there at the start."""
    assert request.folder is not None
    pages = request.folder / "pages"
    pages.mkdir(exist_ok=True)
    found = len(list(pages.iterdir()))
    for number in range(found + 1, 11):
        if number == 7 and found < 5:
            os.kill(os.getpid(), signal.SIGKILL)
        (pages / f"{number:05d}.json").write_text("{}")
        request.keep(f"pages/{number:05d}.json")
        request.report(number, 10)
    return faults.text_of(f"{found} pages were there already, and ten in all are read now.")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, ProcessingSettings(limits=LIMITS, at_once=2))
    pool = open_pool(2, 100, HERE)
    bench.adapters = with_extraction(bench.adapters, pool)
    yield bench
    pool.close()
    bench.adapters.catalog.close()


def test_files_that_kill_cost_only_themselves(bench: Bench) -> None:
    codes = {
        "segfault": "EXTRACTOR_CRASHED",
        "loop": "TIMEOUT",
        "allocate": "MEMORY_LIMIT",
        "long": "OVER_LIMIT",
        "bug": "EXTRACTION_FAILED",
    }
    for fault in codes:
        bench.write(f"{fault}.txt", f"fault:{fault}")
    for number in range(6):
        bench.write(f"good-{number}.txt", f"A good note with the number {number}, on paper.")
    outcomes = bench.bring_through()
    views = bench.adapters.catalog.reading.list_documents()
    assert len(views) == 11
    assert {
        view.original_name: view.error_code or view.processing_status.value for view in views
    } == {
        **{f"{fault}.txt": code for fault, code in codes.items()},
        **{f"good-{number}.txt": "completed" for number in range(6)},
    }
    assert len(failures(outcomes)) == 5


def test_what_a_document_took_is_kept(bench: Bench) -> None:
    bench.write("note.txt", "A short note about lanterns, which nobody reads.")
    outcomes = bench.bring_through()
    figures = next(
        o.figures for o in outcomes if isinstance(o, StageResult) and o.stage is Stage.EXTRACT
    )
    assert float(figures["cpu_seconds"]) > 0
    # the libraries are not the document's: it may have added nothing
    assert float(figures["peak_memory_mb"]) >= 0


def test_a_killed_extraction_goes_on_where_it_was(bench: Bench) -> None:
    """The first try dies at the seventh page; the second takes its six pages up."""
    bench.write("scan.txt", "fault:pages")
    outcomes = bench.bring_through()
    assert not failures(outcomes)
    text = next(o for o in outcomes if isinstance(o, StageResult) and o.stage is Stage.EXTRACT)
    assert text.preview == "6 pages were there already, and ten in all are read now."
    stored = [entry.key for entry in bench.adapters.artifacts.list("")]
    assert not [key for key in stored if "/pages/" in key]


def test_a_run_that_is_killed_leaves_its_pages_for_the_next(bench: Bench, tmp_path: Path) -> None:
    bench.write("scan.txt", "fault:pages")
    adapters = bench.adapters
    found = bench.discover()

    def only_keep(path: Path, request: ExtractRequest) -> ExtractedText:
        """A fake pool: it dies with the run after three pages."""
        assert request.folder is not None
        (request.folder / "pages").mkdir()
        for number in range(1, 4):
            (request.folder / f"pages/{number:05d}.json").write_text("{}")
            request.keep(f"pages/{number:05d}.json")
        raise KeyboardInterrupt

    bench.adapters = replace(
        adapters, extract=only_keep, settings=replace(adapters.settings, at_once=1)
    )
    with pytest.raises(KeyboardInterrupt):
        bench.process(found.new)
    bench.adapters = adapters
    kept = [entry.key for entry in adapters.artifacts.list("") if "/pages/" in entry.key]
    assert len(kept) == 3
    outcomes = bench.process(found.new)
    text = next(o for o in outcomes if isinstance(o, StageResult) and o.stage is Stage.EXTRACT)
    assert text.preview.startswith(("3 pages", "6 pages"))


def test_a_run_that_ends_does_not_wait_for_a_file_that_hangs(bench: Bench) -> None:
    bench.write("a-hangs.txt", "fault:sleep")
    bench.write("b-good.txt", "A good note about lanterns, on paper.")
    running = bench.batch().process(bench.discover().new)
    for outcome in running:
        if isinstance(outcome, StageResult) and outcome.stage is Stage.CHUNK:
            break
    assert isinstance(running, Generator)
    running.close()
    views = bench.adapters.catalog.reading.list_documents()
    assert {view.processing_status for view in views} == {ProcessingStatus.PENDING}
    assert [view.attempts for view in views] == [0, 0]
