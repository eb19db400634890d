"""A look at the uploads: what is new, changed, held, gone; and what must not be believed."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from doc_pipeline.domain.document import Priority, ProcessingStatus
from doc_pipeline.domain.errors import StoreUnavailable, UploadsVanished
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.stages.discover import DiscoverySettings, accept_deletes
from doc_pipeline.stages.remove import remove_documents
from doc_pipeline_tests.stages.conftest import Bench, failures


def test_new_changed_and_unchanged(bench: Bench) -> None:
    bench.write("a.txt", "one")
    bench.write("b.txt", "two")
    assert len(bench.discover().new) == 2
    bench.write("b.txt", "two and more")
    found = bench.discover()
    assert (found.new, found.changed) == ([], [document_id_of("b.txt")])
    assert bench.discover().changed == []


def test_ignored_names_are_counted(bench: Bench) -> None:
    for name in (".DS_Store", "~$report.docx", "half.tmp", "real.txt"):
        bench.write(name, "x")
    found = bench.discover()
    assert found.ignored == 3
    assert found.new == [document_id_of("real.txt")]


def test_a_file_still_being_written_waits(bench: Bench) -> None:
    bench.write("a.txt", "half a fi")
    settings = DiscoverySettings(settle_s=30)
    found = bench.discover(settings)
    assert (found.waiting, found.new) == (1, [])
    old = time.time() - 60
    os.utime(bench.uploads / "a.txt", (old, old))
    assert bench.discover(settings).waiting == 1  # it moved since the last look
    assert bench.discover(settings).new == [document_id_of("a.txt")]


def test_a_file_that_stalls_while_being_written_waits(bench: Bench) -> None:
    """A slow copy looks old for a moment; two looks must see it alike."""
    settings = DiscoverySettings(settle_s=2)
    bench.write("a.txt", "half")
    stalled = time.time() - 10
    os.utime(bench.uploads / "a.txt", (stalled, stalled))
    assert bench.discover(settings).waiting == 1
    bench.write("a.txt", "half and the rest")
    os.utime(bench.uploads / "a.txt", (stalled + 3, stalled + 3))
    assert bench.discover(settings).waiting == 1
    assert bench.discover(settings).new == [document_id_of("a.txt")]


def test_a_clock_ahead_does_not_hold_a_file_for_ever(bench: Bench) -> None:
    bench.write("a.txt", "text")
    ahead = time.time() + 3600
    os.utime(bench.uploads / "a.txt", (ahead, ahead))
    settings = DiscoverySettings(settle_s=2)
    assert bench.discover(settings).waiting == 1
    assert bench.discover(settings).new == [document_id_of("a.txt")]


@pytest.mark.parametrize(
    "name",
    [
        "with\nnewline.txt",
        "comma, quote ' and \".txt",
        "emoji 😀.txt",
        "...txt",
        "ünïcödé.txt",
        "percent%20and#hash?.txt",
        "deep/" * 20 + "file.txt",
    ],
)
def test_odd_names_come_through(bench: Bench, name: str) -> None:
    bench.write(name, "A text about the odd kingfisher of names.")
    assert not failures(bench.bring_through())
    assert bench.search("kingfisher") == [name]


def test_names_that_differ_in_case_or_form_only_are_two_documents(bench: Bench) -> None:
    for name in ("Caf\u00e9.txt", "Cafe\u0301.txt", "CAF\u00c9.txt"):
        bench.write(name, "coffee")
    assert len(set(bench.discover().new)) == 3


def test_options_from_a_sidecar(bench: Bench) -> None:
    bench.write("a.txt", "A text.")
    bench.write("a.txt.meta.json", '{"owner": "alice", "priority": "high", "project": "x"}')
    found = bench.discover()
    assert len(found.new) == 1
    view = bench.adapters.catalog.reading.get(found.new[0])
    assert view is not None
    assert (view.owner_id, view.priority) == ("alice", Priority.HIGH)
    assert view.metadata == {"project": "x"}


def test_a_broken_sidecar_fails_its_document_until_mended(bench: Bench) -> None:
    bench.write("a.txt", "A text of some words.")
    bench.write("a.txt.meta.json", '{"priority": "soon"}')
    bench.write("b.txt", "Another text of some words.")
    found = bench.discover()
    view = bench.adapters.catalog.reading.get(document_id_of("a.txt"))
    assert view is not None
    assert (view.processing_status, view.error_code) == (
        ProcessingStatus.FAILED,
        "OPTIONS_INVALID",
    )
    assert len(found.new) == 2
    requeue = bench.adapters.catalog.work.requeue
    assert requeue([view.document_id]) == 0, "it would go on without what was said of it"
    bench.write("a.txt.meta.json", '{"priority": "LOW"}')
    assert bench.discover().changed == [document_id_of("a.txt")]


def test_held_documents_wait(bench: Bench) -> None:
    bench.write("hold/a.txt", "Held by its folder.")
    bench.write("b.txt", "Held by its sidecar.")
    bench.write("b.txt.meta.json", '{"hold": true}')
    found = bench.discover()
    assert found.held == 2
    assert bench.adapters.catalog.discovery.assign_batch("batch", 10) == []
    assert not failures(bench.process(found.new))


def test_a_deleted_upload_leaves_search_and_comes_back(bench: Bench) -> None:
    for n in range(3):
        bench.write(f"{n}.txt", f"The walrus number {n} sleeps.")
    bench.bring_through()
    (bench.uploads / "1.txt").unlink()
    gone = bench.discover()
    assert gone.deleted == [document_id_of("1.txt")]
    assert "1.txt" not in bench.search("walrus")
    waiting = bench.adapters.catalog.discovery.removals_waiting(10)
    assert waiting == gone.deleted
    remove_documents(waiting, bench.adapters, lambda *_, **__: None)
    assert bench.adapters.index.count_rows(waiting) == 0
    assert bench.adapters.catalog.discovery.removals_waiting(10) == []
    bench.write("1.txt", "The walrus number 1 sleeps.")
    bench.bring_through()
    assert "1.txt" in bench.search("walrus")


def test_a_cut_between_a_file_and_its_sidecar_keeps_its_options(bench: Bench) -> None:
    bench.write("a.txt", "text")
    bench.write("b.txt", "text")
    bench.write("b.txt.meta.json", '{"hold": true, "owner": "alice"}')
    bench.discover()
    settings = DiscoverySettings(settle_s=0, max_objects=2)
    for _ in range(4):
        assert bench.discover(settings).changed == []
    view = bench.adapters.catalog.reading.get(document_id_of("b.txt"))
    assert view is not None
    assert (view.hold, view.owner_id) == (True, "alice")


def test_a_look_without_time_gets_on_and_deletes_nothing(bench: Bench) -> None:
    for n in range(3):
        bench.write(f"{n}.txt", "text")
    bench.discover()
    hurried = DiscoverySettings(settle_s=0, seconds=0)
    for _ in range(5):
        assert bench.discover(hurried).deleted == []


def test_a_vanished_share_deletes_nothing(bench: Bench) -> None:
    for n in range(30):
        bench.write(f"{n:02}.txt", f"text {n}")
    bench.discover()
    for n in range(25):
        (bench.uploads / f"{n:02}.txt").unlink()
    with pytest.raises(UploadsVanished):
        bench.discover()
    assert bench.adapters.catalog.reading.counts() == {"pending": 30}
    accept_deletes(bench.adapters.catalog)
    assert len(bench.discover().deleted) == 25


def test_an_empty_folder_deletes_nothing(bench: Bench) -> None:
    bench.write("a.txt", "text")
    bench.discover()
    (bench.uploads / "a.txt").unlink()
    with pytest.raises(UploadsVanished, match="empty"):
        bench.discover()


def test_a_folder_that_vanishes_is_a_clear_error(bench: Bench) -> None:
    bench.write("a.txt", "text")
    bench.discover()
    shutil.rmtree(bench.uploads)
    with pytest.raises(StoreUnavailable):
        bench.discover()


def test_a_cut_look_goes_on_and_loses_nothing(bench: Bench) -> None:
    for n in range(25):
        bench.write(f"{n:02}.txt", f"text {n}")
    settings = DiscoverySettings(settle_s=0, max_objects=10)
    looks = [bench.discover(settings) for _ in range(3)]
    assert [look.is_cut for look in looks] == [True, True, False]
    assert sum(len(look.new) for look in looks) == 25
    (bench.uploads / "07.txt").unlink()
    assert bench.discover(settings).deleted == [document_id_of("07.txt")]
