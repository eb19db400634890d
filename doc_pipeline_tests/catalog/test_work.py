"""What runs write: one holder per document, an outcome for each, and a trail of it all."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.domain.document import Lifecycle, ProcessingStatus
from doc_pipeline.domain.errors import FileCorrupt, NameInvalid, TypeUnsupported
from doc_pipeline.domain.stage import Stage
from doc_pipeline_tests.catalog.conftest import (
    always_live,
    chunks_of,
    claim,
    complete,
    receive,
    record,
    register,
    registration,
    result,
    statements,
)


def status_of(catalog: Catalog, document_id: str) -> ProcessingStatus:
    view = catalog.reading.get(document_id)
    assert view is not None
    return view.processing_status


# -- claims ---------------------------------------------------------------------------------------


def test_a_claim_takes_what_is_free_in_the_order_given(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt", "c.txt")
    claim(catalog, ids[:1], "other")
    wanted = [ids[2], "unknown-1", ids[0], ids[1], ids[2]]
    taken = catalog.work.claim(wanted, "mine", always_live)
    assert [d.document_id for d in taken.documents] == [ids[2], ids[1]]
    assert taken.busy == {ids[0]: "other"}
    assert taken.unknown == ["unknown-1"]


def test_a_claim_takes_over_from_a_dead_run(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt")
    claim(catalog, ids[:1], "dead")
    claim(catalog, ids[1:], "live")
    taken = catalog.work.claim(ids, "mine", lambda run_id: run_id == "live")
    assert [d.document_id for d in taken.documents] == ids[:1]
    assert taken.busy == {ids[1]: "live"}
    catalog.work.complete([record(ids[0])], "dead")
    assert status_of(catalog, ids[0]) is ProcessingStatus.PROCESSING, (
        "the dead run holds it no more"
    )


def test_a_run_may_claim_its_own_documents_again(catalog: Catalog) -> None:
    """A step that is tried again after a fault of the whole batch."""
    ids = register(catalog, "a.txt")
    claim(catalog, ids)
    assert claim(catalog, ids) == ids


def test_a_claim_starts_an_attempt(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    claim(catalog, [document_id], "run-2")
    view = catalog.reading.get(document_id)
    assert view is not None
    assert (view.processing_status, view.progress, view.processed_at) == ("processing", 0, None)
    assert view.processing_started_at is not None


def test_a_claim_releases_a_held_document(catalog: Catalog) -> None:
    """A backfill in the UI, or `process ID`."""
    catalog.discovery.register([registration("a.txt", held=True)])
    view = catalog.reading.find("a.txt")[0]
    assert view.hold
    claim(catalog, [view.document_id])
    view = catalog.reading.find("a.txt")[0]
    assert not view.hold


def test_a_deleted_document_is_shown_and_not_taken(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    catalog.discovery.mark_deleted([document_id])
    taken = catalog.work.claim([document_id], "mine", always_live)
    assert [d.lifecycle for d in taken.documents] == [Lifecycle.DELETED]
    assert status_of(catalog, document_id) is ProcessingStatus.PENDING


def test_two_runs_never_both_hold_a_document(catalog_url: str) -> None:
    catalogs = [open_catalog(catalog_url) for _ in range(4)]
    ids = register(catalogs[0], *[f"{n:03}.txt" for n in range(60)])
    barrier = threading.Barrier(4)
    got: list[set[str]] = [set() for _ in catalogs]

    def work(number: int) -> None:
        barrier.wait()
        order = ids if number % 2 else list(reversed(ids))
        for start in range(0, 60, 20):
            taken = catalogs[number].work.claim(
                order[start : start + 20], f"run-{number}", always_live
            )
            got[number] |= {d.document_id for d in taken.documents}

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(part) for part in got) == 60
    assert set().union(*got) == set(ids)
    for catalog in catalogs:
        catalog.close()


def test_only_one_takes_over_from_a_dead_run(catalog_url: str) -> None:
    """Both saw that it is dead; the second must see that the first was faster."""
    catalogs = [open_catalog(catalog_url) for _ in range(4)]
    ids = register(catalogs[0], "a.txt")
    claim(catalogs[0], ids, "dead")
    barrier = threading.Barrier(4)
    got: list[str] = []

    def work(number: int) -> None:
        def is_live(run_id: str) -> bool:
            if run_id == "dead":
                barrier.wait()
            return run_id != "dead"

        taken = catalogs[number].work.claim(ids, f"run-{number}", is_live)
        got.extend(d.document_id for d in taken.documents)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ids
    for catalog in catalogs:
        catalog.close()


def test_a_claim_of_many_is_few_statements(catalog: Catalog) -> None:
    ids = register(catalog, *[f"{n:03}.txt" for n in range(400)])
    with statements(catalog) as sent:
        claim(catalog, ids)
    assert len([s for s in sent if not s.startswith("BEGIN")]) <= 6


# -- versions -------------------------------------------------------------------------------------


def test_versions_are_made_by_content(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    assert catalog.work.next_version(document_id, "a" * 64) == 1
    assert receive(catalog, document_id, "a" * 64) == 1
    assert receive(catalog, document_id, "a" * 64) == 1
    assert catalog.work.next_version(document_id, "b" * 64) == 2
    assert receive(catalog, document_id, "b" * 64) == 2
    assert receive(catalog, document_id, "a" * 64) == 3
    view = catalog.reading.get(document_id)
    assert view is not None
    assert (view.current_version, view.sha256, view.file_type) == (3, "a" * 64, "txt")
    assert catalog.reading.version_of(document_id) == 3
    assert catalog.reading.raw_key(document_id) == f"receive/{document_id}/{'a' * 64}"
    assert catalog.reading.raw_key(document_id, 2) == f"receive/{document_id}/{'b' * 64}"


# -- stages ---------------------------------------------------------------------------------------


def test_stage_and_progress_while_a_run_works(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    receive(catalog, document_id)
    catalog.work.stage_started([document_id], Stage.EXTRACT, "run-1")
    catalog.work.set_progress(document_id, 20, "run-1")
    catalog.work.set_progress(document_id, 25, "a run that lost it")
    view = catalog.reading.get(document_id)
    assert view is not None
    assert (view.stage, view.progress) == (Stage.EXTRACT, 20)
    catalog.work.stage_finished([result(document_id, Stage.EXTRACT)], "run-1")
    view = catalog.reading.get(document_id)
    assert view is not None
    assert view.progress == 30


def test_a_run_moves_only_what_it_holds(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id], "mine")
    catalog.work.stage_started([document_id], Stage.EMBED, "other")
    catalog.work.fail(document_id, Stage.EMBED, FileCorrupt(kind="pdf"), "other")
    catalog.work.give_back([document_id], "other")
    catalog.work.complete([record(document_id)], "other")
    view = catalog.reading.get(document_id)
    assert view is not None
    assert (view.processing_status, view.stage, view.run_id) == ("processing", None, "mine")
    assert catalog.reading.errors() == []
    assert catalog.reading.chunks(document_id) == []


def test_finished_stages_of_the_current_version(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    receive(catalog, document_id)
    catalog.work.stage_finished([result(document_id, Stage.RECEIVE, bytes=1)], "run-1")
    catalog.work.stage_finished([result(document_id, Stage.RECEIVE, bytes=2)], "run-1")
    found = catalog.work.finished([document_id, "unknown"], Stage.RECEIVE)
    assert found[document_id].figures == {"bytes": 2}
    assert (found[document_id].version, found[document_id].data_version) == (1, "d1")
    assert catalog.work.finished([document_id], Stage.EXTRACT) == {}
    receive(catalog, document_id, "b" * 64)
    assert catalog.work.finished([document_id], Stage.RECEIVE) == {}
    assert len(catalog.reading.stage_records(document_id)) == 1


# -- ends -----------------------------------------------------------------------------------------


def test_a_completed_document(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    catalog.discovery.assign_batch("b", 10)
    complete(catalog, [document_id])
    view = catalog.reading.get(document_id)
    assert view is not None
    assert (view.processing_status, view.progress) == (ProcessingStatus.COMPLETED, 100)
    assert (view.title, view.language, view.page_count, view.word_count) == (
        "A title",
        "en",
        2,
        100,
    )
    assert (view.chunk_count, view.token_count, view.batch_id) == (2, 120, None)
    assert view.embedding_model == "hashing-1024"
    assert view.seconds == pytest.approx(2.5)
    assert view.processing_started_at is not None
    assert view.processed_at is not None
    assert view.processing_started_at <= view.processed_at
    assert view.processed_at.utcoffset() == timedelta(0)


def test_a_failure_keeps_where_and_why(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.pdf")
    claim(catalog, [document_id])
    catalog.work.stage_started([document_id], Stage.EXTRACT, "run-1")
    catalog.work.set_progress(document_id, 22, "run-1")
    catalog.work.fail(document_id, Stage.EXTRACT, FileCorrupt(kind="pdf"), "run-1", 1)
    view = catalog.reading.get(document_id)
    assert view is not None
    assert view.processing_status is ProcessingStatus.FAILED
    assert (view.error_code, view.failed_stage, view.failed_progress) == (
        "FILE_CORRUPT",
        Stage.EXTRACT,
        22,
    )
    assert view.error_message is not None
    assert view.error_message.startswith("extract: ")
    assert view.attempts == 1
    (error,) = catalog.reading.errors(document_id)
    assert (error.code, error.stage, error.attempt, error.run_id, error.version) == (
        "FILE_CORRUPT",
        Stage.EXTRACT,
        1,
        "run-1",
        1,
    )
    assert error.message == FileCorrupt(kind="pdf").sentence


def test_three_failures_leave_three_rows_and_success_clears_the_error(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.pdf")
    for attempt in range(3):
        claim(catalog, [document_id], f"run-{attempt}")
        catalog.work.fail(document_id, Stage.EXTRACT, FileCorrupt(kind="pdf"), f"run-{attempt}")
        assert catalog.work.requeue([document_id]) == 1
    assert [e.attempt for e in catalog.reading.errors(document_id)] == [3, 2, 1]
    complete(catalog, [document_id])
    view = catalog.reading.get(document_id)
    assert view is not None
    assert (view.error_code, view.error_message, view.attempts) == (None, None, 0)


def test_a_rejected_file_goes_into_quarantine(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.exe")
    claim(catalog, [document_id])
    catalog.work.fail(document_id, Stage.RECEIVE, TypeUnsupported(kind="exe"), "run-1")
    assert status_of(catalog, document_id) is ProcessingStatus.QUARANTINED


def test_a_message_is_never_longer_than_2000_characters(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.work.fail(document_id, Stage.RECEIVE, NameInvalid(key="x" * 5000), "run-1")
    view = catalog.reading.get(document_id)
    assert view is not None
    assert len(view.error_message or "") == 2000
    assert len(catalog.reading.errors(document_id)[0].message) == 2000


def test_given_back_documents_wait_uncharged(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt")
    catalog.discovery.assign_batch("b", 10)
    claim(catalog, ids)
    catalog.work.stage_started(ids, Stage.EXTRACT, "run-1")
    catalog.work.give_back(ids, "run-1")
    assert catalog.reading.counts() == {"pending": 2}
    assert [view.attempts for view in catalog.reading.list_documents()] == [0, 0]
    assert catalog.discovery.assign_batch("c", 10) == ids


def test_requeue_takes_settled_and_held_documents(catalog: Catalog) -> None:
    ids = register(catalog, "done.txt", "working.txt", "waiting.txt", "deleted.txt")
    complete(catalog, [ids[0]])
    claim(catalog, [ids[1]], "run-2")
    complete(catalog, [ids[3]])
    catalog.discovery.mark_deleted([ids[3]])
    catalog.discovery.register([registration("held.txt", held=True)])
    held = catalog.reading.find("held.txt")[0].document_id
    assert catalog.work.requeue([*ids, held]) == 2
    assert set(catalog.discovery.assign_batch("b", 10)) == {ids[0], ids[2], held}


def test_cancelled_documents_leave_the_queue_and_may_come_back(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt")
    claim(catalog, ids[1:])
    assert catalog.work.cancel(ids) == 1
    assert catalog.discovery.assign_batch("b", 10) == []
    assert catalog.work.requeue(ids) == 1
    assert catalog.discovery.assign_batch("b", 10) == ids[:1]


def test_each_change_of_status_leaves_a_row(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.work.fail(document_id, Stage.EXTRACT, FileCorrupt(kind="pdf"), "run-1")
    catalog.work.requeue([document_id])
    complete(catalog, [document_id], "run-2")
    catalog.discovery.mark_deleted([document_id])
    events = catalog.reading.events(document_id)
    assert [(e.what, e.from_status, e.to_status, e.run_id, e.actor) for e in events] == [
        ("registered", None, "pending", None, "sensor"),
        ("started", "pending", "processing", "run-1", "pipeline"),
        ("failed: FILE_CORRUPT", "processing", "failed", "run-1", "pipeline"),
        ("requeued", "failed", "pending", None, "user"),
        ("started", "pending", "processing", "run-2", "pipeline"),
        ("completed", "processing", "completed", "run-2", "pipeline"),
        ("deleted", "completed", "completed", None, "sensor"),
    ]
    assert all(e.at.tzinfo is not None for e in events)


# -- chunk rows -----------------------------------------------------------------------------------


def redo(catalog: Catalog, document_id: str, texts: list[str], version: int = 1) -> list[str]:
    """Complete once more with these chunks; returns the statements that touched chunk rows."""
    claim(catalog, [document_id], "again")
    with statements(catalog) as sent:
        catalog.work.complete([record(document_id, texts, version)], "again")
    return [s.split()[0] for s in sent if "document_chunks" in s]


def test_chunk_rows_are_what_the_index_holds(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    rows = catalog.reading.chunks(document_id)
    chunks = chunks_of(document_id, ["one", "two"])
    assert [(r.chunk_id, r.chunk_index, r.text) for r in rows] == [
        (c.chunk_id, c.index, c.text) for c in chunks
    ]
    assert (rows[1].char_start, rows[1].char_end) == (3, 6)
    assert (rows[0].page_start, rows[0].page_end) == (1, 2)
    assert (rows[0].section_path, rows[0].element_types) == ("Part > Chapter", ("NarrativeText",))


def test_a_second_pass_writes_no_chunk(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    assert redo(catalog, document_id, ["one", "two"]) == ["SELECT"]


def test_chunks_may_swap_their_places(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    redo(catalog, document_id, ["two", "one"])
    assert [c.text for c in catalog.reading.chunks(document_id)] == ["two", "one"]
    redo(catalog, document_id, ["zero", "two", "three"])
    rows = catalog.reading.chunks(document_id)
    assert [(c.chunk_index, c.text) for c in rows] == [(0, "zero"), (1, "two"), (2, "three")]


def test_a_new_version_replaces_the_chunks_of_the_old(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    receive(catalog, document_id, "b" * 64)
    redo(catalog, document_id, ["one", "2"], version=2)
    rows = catalog.reading.chunks(document_id)
    assert [(c.version, c.text) for c in rows] == [(2, "one"), (2, "2")]


def test_a_document_without_chunks(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    redo(catalog, document_id, [])
    assert catalog.reading.chunks(document_id) == []
    catalog.work.forget_chunks([document_id])


def test_a_wave_is_few_statements(catalog: Catalog) -> None:
    ids = register(catalog, *[f"{n:03}.txt" for n in range(100)])
    claim(catalog, ids)
    for document_id in ids:
        receive(catalog, document_id)
    records = [record(document_id, [f"{n}" for n in range(20)]) for document_id in ids]
    with statements(catalog) as sent:
        catalog.work.complete(records, "run-1")
    assert len([s for s in sent if not s.startswith("BEGIN")]) <= 8
    assert catalog.reading.counts() == {"completed": 100}


def test_odd_text_in_chunks_is_stored(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.work.complete([record(document_id, ["nul \0", "lone \ud800", "漢字 😀"])], "run-1")
    texts = [row.text for row in catalog.reading.chunks(document_id)]
    assert texts == ["nul \ufffd", "lone \ufffd", "漢字 😀"]
    assert redo(catalog, document_id, ["nul \0", "lone \ud800", "漢字 😀"]) == ["SELECT"]
