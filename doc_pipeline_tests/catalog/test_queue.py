"""Batches and dead runs: each document in one batch, urgent ones first, none for ever stuck."""

from __future__ import annotations

import threading

from doc_pipeline.catalog.catalog import Catalog, open_catalog
from doc_pipeline.domain.document import DocumentOptions, Priority, ProcessingStatus
from doc_pipeline.domain.stage import Stage
from doc_pipeline_tests.catalog.conftest import claim, complete, register, registration


def test_batches_take_the_urgent_first_and_keep_the_order(catalog: Catalog) -> None:
    uploads = [
        registration(f"{n}.txt", options=DocumentOptions(priority=priority))
        for n, priority in enumerate(
            [Priority.NORMAL, Priority.LOW, Priority.HIGH, Priority.NORMAL]
        )
    ]
    catalog.discovery.register(uploads)
    ids = [item.document_id for item in uploads]
    assert catalog.discovery.waiting_count() == 4
    assert catalog.discovery.assign_batch("first", 2) == [ids[0], ids[2]]
    assert catalog.discovery.assign_batch("second", 10) == [ids[1], ids[3]]
    assert catalog.discovery.assign_batch("third", 10) == []
    assert catalog.discovery.waiting_count() == 0
    batches = catalog.discovery.open_batches()
    assert [(b.batch_id, b.document_ids) for b in batches] == [
        ("first", [ids[0], ids[2]]),
        ("second", [ids[1], ids[3]]),
    ]


def test_held_deleted_and_settled_documents_are_in_no_batch(catalog: Catalog) -> None:
    catalog.discovery.register([registration("held.txt", held=True)])
    (deleted,) = register(catalog, "deleted.txt")
    catalog.discovery.mark_deleted([deleted])
    complete(catalog, register(catalog, "done.txt"))
    assert catalog.discovery.assign_batch("b", 10) == []


def test_a_batch_closes_when_its_documents_are_taken(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt")
    catalog.discovery.assign_batch("b", 10)
    claim(catalog, ids[:1])
    assert [b.document_ids for b in catalog.discovery.open_batches()] == [ids[1:]]
    assert catalog.discovery.release_batch("b") == 1
    assert catalog.discovery.open_batches() == []
    assert catalog.discovery.assign_batch("c", 10) == ids[1:]


def test_a_batch_larger_than_a_statement(catalog: Catalog) -> None:
    ids = register(catalog, *[f"{n:04}.txt" for n in range(1200)])
    assert catalog.discovery.assign_batch("b", 1100) == ids[:1100]


def test_two_sensors_never_take_one_document(catalog_url: str) -> None:
    catalogs = [open_catalog(catalog_url) for _ in range(4)]
    ids = register(catalogs[0], *[f"{n:03}.txt" for n in range(200)])
    barrier = threading.Barrier(4)
    taken: list[list[str]] = [[] for _ in catalogs]

    def work(number: int) -> None:
        barrier.wait()
        turn = 0
        while batch := catalogs[number].discovery.assign_batch(f"{number}-{turn}", 7):
            taken[number] += batch
            turn += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Where rows are locked by another a look may find none: the next tick takes them.
    rest = catalogs[0].discovery.assign_batch("rest", 1000)
    all_taken = [document_id for batch in taken for document_id in batch] + rest
    assert sorted(all_taken) == sorted(ids)
    for catalog in catalogs:
        catalog.close()


def test_a_dead_run_gives_its_documents_back(catalog: Catalog) -> None:
    """Only what it had started is charged an attempt: the poison is among those."""
    ids = register(catalog, "started.txt", "waited.txt", "other.txt")
    claim(catalog, ids[:2])
    claim(catalog, ids[2:], "run-2")
    catalog.work.stage_started(ids[:1], Stage.EXTRACT, "run-1")
    assert catalog.discovery.runs_in_work() == ["run-1", "run-2"]
    requeued, failed = catalog.discovery.release_run("run-1", 3)
    assert (sorted(requeued), failed) == (sorted(ids[:2]), [])
    assert catalog.discovery.runs_in_work() == ["run-2"]
    views = [catalog.reading.get(document_id) for document_id in ids]
    assert [view.attempts for view in views if view] == [1, 0, 0]
    errors = catalog.reading.errors()
    assert [(e.document_id, e.code, e.stage) for e in errors] == [(ids[0], "RUN_LOST", "extract")]


def test_a_document_that_kills_its_runs_fails_in_the_end(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "poison.txt")
    for attempt in range(1, 4):
        run_id = f"run-{attempt}"
        claim(catalog, [document_id], run_id)
        catalog.work.stage_started([document_id], Stage.EXTRACT, run_id)
        catalog.work.set_progress(document_id, 17, run_id)
        requeued, failed = catalog.discovery.release_run(run_id, 2)
        is_last = attempt == 3
        assert (requeued, failed) == (([], [document_id]) if is_last else ([document_id], []))
    view = catalog.reading.get(document_id)
    assert view is not None
    assert view.processing_status is ProcessingStatus.FAILED
    assert (view.error_code, view.failed_stage, view.failed_progress) == ("RUN_LOST", "extract", 17)
    assert view.attempts == 3
    assert [e.attempt for e in catalog.reading.errors(document_id)] == [3, 2, 1]


def test_releasing_a_run_without_documents_is_nothing(catalog: Catalog) -> None:
    assert catalog.discovery.release_run("nobody", 3) == ([], [])
    assert catalog.discovery.release_batch("nobody") == 0
