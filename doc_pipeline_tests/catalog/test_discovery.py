"""What the sensor compares and registers: nothing twice, nothing lost, nothing of a run's."""

from __future__ import annotations

import pytest

from doc_pipeline.catalog.catalog import Catalog
from doc_pipeline.domain.document import (
    DocumentOptions,
    Lifecycle,
    Priority,
    ProcessingStatus,
    UploadObject,
)
from doc_pipeline.domain.errors import FileCorrupt, OptionsInvalid
from doc_pipeline.domain.identity import document_id_of
from doc_pipeline.domain.stage import Stage
from doc_pipeline_tests.catalog.conftest import (
    WHEN,
    always_live,
    claim,
    complete,
    record,
    register,
    registration,
    statements,
    upload,
)


def test_new_changed_unchanged_and_back(catalog: Catalog) -> None:
    ids = register(catalog, "same.txt", "changed.txt", "deleted.txt")
    catalog.discovery.mark_deleted([ids[2]])
    found = catalog.discovery.compare(
        [upload("same.txt"), upload("changed.txt", etag="2"), upload("deleted.txt"), upload("new")]
    )
    assert [item.key for item in found.new] == ["new"]
    assert [item.key for item in found.changed] == ["changed.txt", "deleted.txt"]
    assert found.unchanged == 1


def test_registering_twice_gives_one_row(catalog: Catalog) -> None:
    register(catalog, "a.txt")
    register(catalog, "a.txt", "a.txt")
    assert catalog.reading.counts() == {"pending": 1}


def test_names_are_kept_to_the_byte(catalog: Catalog) -> None:
    """Case, Unicode form and odd characters make different documents."""
    keys = ["Caf\u00e9", "Cafe\u0301", "CAFE", "cafe", "a\nb", 'it\'s, "x"', "😀%_", "x" * 1024]
    register(catalog, *keys)
    assert catalog.reading.counts() == {"pending": len(keys)}
    assert catalog.discovery.compare([upload(key) for key in keys]).unchanged == len(keys)
    for key in keys:
        assert catalog.reading.find(key)[0].original_name == key


def test_a_thousand_uploads_are_few_statements(catalog: Catalog) -> None:
    uploads = [registration(f"folder/{n:04}.txt") for n in range(1000)]
    with statements(catalog) as sent:
        catalog.discovery.register(uploads)
    assert len(sent) <= 12
    with statements(catalog) as sent:
        found = catalog.discovery.compare([item.upload for item in uploads])
    assert found.unchanged == 1000
    assert len(sent) <= 4
    with statements(catalog) as sent:
        catalog.discovery.register(uploads)
    assert len(sent) <= 12


def test_what_registration_keeps(catalog: Catalog) -> None:
    options = DocumentOptions(
        owner="alice",
        priority=Priority.HIGH,
        language="de",
        password="hunter2",
        metadata={"project": {"n": [1, 2]}},
    )
    catalog.discovery.register([registration("deep/a.txt", options=options, size_bytes=2**33)])
    view = catalog.reading.find("a.txt")[0]
    assert (view.owner_id, view.priority) == ("alice", Priority.HIGH)
    assert view.metadata == {"project": {"n": [1, 2]}}
    assert (view.original_name, view.source_key) == ("a.txt", "deep/a.txt")
    assert (view.size_bytes, view.uploaded_at) == (2**33, WHEN)
    assert "hunter2" not in repr(view)
    taken = catalog.work.claim([view.document_id], "run", always_live).documents[0]
    assert taken.options == options


def test_a_change_starts_afresh(catalog: Catalog) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.work.fail(document_id, Stage.EXTRACT, FileCorrupt(kind="pdf"), "run-1")
    catalog.discovery.register([registration("a.txt", etag="2")])
    view = catalog.reading.get(document_id)
    assert view is not None
    assert view.processing_status is ProcessingStatus.PENDING
    assert (view.attempts, view.error_code, view.failed_stage, view.run_id) == (0, None, None, None)
    assert len(catalog.reading.errors(document_id)) == 1, "what happened stays on record"


def test_bad_options_fail_the_document_at_once(catalog: Catalog) -> None:
    error = OptionsInvalid(source="a.txt.meta.json", problem="priority must be LOW")
    catalog.discovery.register([registration("a.txt", error=error), registration("b.txt")])
    view = catalog.reading.find("a.txt")[0]
    assert view.processing_status is ProcessingStatus.FAILED
    assert (view.error_code, view.failed_stage) == ("OPTIONS_INVALID", Stage.RECEIVE)
    assert [e.attempt for e in catalog.reading.errors(view.document_id)] == [1]
    assert len(catalog.discovery.assign_batch("b", 10)) == 1


def test_a_change_while_a_run_works_waits_for_its_end(catalog: Catalog) -> None:
    """Two runs must not work on one document; the change must not be lost either."""
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.discovery.register([registration("a.txt", etag="2")])
    assert catalog.discovery.assign_batch("b", 10) == []
    assert catalog.reading.counts() == {"processing": 1}
    catalog.work.complete([record(document_id)], "run-1")
    assert catalog.reading.counts() == {"pending": 1}
    assert catalog.discovery.assign_batch("b", 10) == [document_id]


@pytest.mark.parametrize("end", ["fail", "give_back", "release"])
def test_a_change_survives_every_end_of_the_run(catalog: Catalog, end: str) -> None:
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.work.stage_started([document_id], Stage.EXTRACT, "run-1")
    catalog.discovery.register([registration("a.txt", etag="2")])
    if end == "fail":
        catalog.work.fail(document_id, Stage.EXTRACT, FileCorrupt(kind="pdf"), "run-1")
    elif end == "give_back":
        catalog.work.give_back([document_id], "run-1")
    else:
        assert catalog.discovery.release_run("run-1", 0) == ([document_id], [])
    assert catalog.discovery.assign_batch("b", 10) == [document_id]


def test_sidecars_are_known_by_their_hash(catalog: Catalog) -> None:
    register(catalog, "a.txt")
    assert catalog.discovery.options_hashes(["a.txt", "b.txt"]) == {"a.txt": ""}


def test_gone_between_two_keys(catalog: Catalog) -> None:
    """Bounds are bytes: 'B' stands before 'a', 'é' after 'z'."""
    register(catalog, "B", "a", "a/b", "b", "z", "é")
    gone = catalog.discovery.gone_between(None, None, {"a"})
    assert [key for key, _ in gone.keys] == ["B", "a/b", "b", "z", "é"]
    assert gone.known == 6
    gone = catalog.discovery.gone_between("a", "z", ["b"])
    assert gone.keys == [("a/b", document_id_of("a/b")), ("z", document_id_of("z"))]
    assert gone.known == 3
    assert catalog.discovery.gone_between("z", None, ()).keys == [("é", document_id_of("é"))]


def test_deleted_documents_are_hidden_until_they_come_back(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt")
    complete(catalog, ids)
    assert catalog.discovery.mark_deleted(ids[:1]) == 1
    assert catalog.discovery.mark_deleted(ids[:1]) == 0
    assert catalog.reading.active_ids(ids) == {ids[1]}
    assert [r["document_id"] for r in catalog.reading.view_rows("v_documents")] == [ids[1]]
    assert {r["document_id"] for r in catalog.reading.view_rows("v_chunks")} == {ids[1]}
    assert catalog.discovery.gone_between(None, None, ()).known == 1
    view = catalog.reading.get(ids[0])
    assert view is not None
    assert view.lifecycle is Lifecycle.DELETED
    assert view.deleted_at is not None
    register(catalog, "a.txt")
    assert catalog.reading.active_ids(ids) == set(ids)
    assert catalog.reading.counts() == {"pending": 1, "completed": 1}


def test_removals_wait_until_they_are_done(catalog: Catalog) -> None:
    ids = register(catalog, "a.txt", "b.txt", "c.txt")
    complete(catalog, ids)
    catalog.discovery.mark_deleted(ids)
    assert catalog.discovery.removals_waiting(2) == ids[:2]
    catalog.work.removed(ids[:2])
    assert catalog.discovery.removals_waiting(10) == ids[2:]
    assert catalog.reading.chunks(ids[0]) == []


def test_a_deletion_while_a_run_works_is_removed_after_it(catalog: Catalog) -> None:
    """The run may still write rows into the index, which then have to go."""
    (document_id,) = register(catalog, "a.txt")
    claim(catalog, [document_id])
    catalog.discovery.mark_deleted([document_id])
    assert catalog.discovery.removals_waiting(10) == []
    catalog.work.removed([document_id])
    catalog.work.stage_started([document_id], Stage.EMBED, "run-1")
    catalog.work.complete([record(document_id)], "run-1")
    assert catalog.discovery.removals_waiting(10) == [document_id]
    assert catalog.reading.chunks(document_id) == []


def test_one_that_came_back_during_its_removal_is_done_again(catalog: Catalog) -> None:
    """Its rows may have gone out of the index after it was brought back in."""
    (document_id,) = register(catalog, "a.txt")
    complete(catalog, [document_id])
    catalog.discovery.mark_deleted([document_id])
    register(catalog, "a.txt")
    complete(catalog, [document_id], "run-2")
    catalog.work.removed([document_id])
    assert catalog.reading.counts() == {"pending": 1}
    claim(catalog, [document_id], "run-3")
    catalog.work.removed([document_id])
    catalog.work.complete([record(document_id)], "run-3")
    assert catalog.reading.counts() == {"pending": 1}


def test_ids_in_the_order_of_registration(catalog: Catalog) -> None:
    ids = register(catalog, "c.txt", "a.txt", "b.txt")
    page = catalog.discovery.ids_after(0, 2)
    assert [document_id for _, document_id in page] == ids[:2]
    assert [d for _, d in catalog.discovery.ids_after(page[-1][0], 10)] == ids[2:]


@pytest.mark.parametrize("value", [True, False, 0, "text", None, {"a": [1, None]}, ["é"]])
def test_state_comes_back_as_it_was(catalog: Catalog, value: object) -> None:
    assert catalog.discovery.get_state("name") is None
    catalog.discovery.set_state("name", "before")
    catalog.discovery.set_state("name", value)
    assert catalog.discovery.get_state("name") == value


def test_nothing_to_register_is_nothing(catalog: Catalog) -> None:
    catalog.discovery.register([])
    empty: list[UploadObject] = []
    assert catalog.discovery.compare(empty).unchanged == 0
    assert catalog.discovery.mark_deleted([]) == 0
