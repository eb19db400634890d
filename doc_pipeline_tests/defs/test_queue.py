"""What becomes of batches and keys when runs die, files go, or the whole pipeline must wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from doc_pipeline.defs.jobs import REMOVE_JOB
from doc_pipeline.defs.requests import RUN_KEY_TAG
from doc_pipeline.domain.stage import Stage
from doc_pipeline.stages import pause
from doc_pipeline_tests.defs.conftest import ASSETS, Rig, failure_of
from doc_pipeline_tests.servers.openai_server import OpenAIServer, Refusal, run_openai_server

# -- runs that die -------------------------------------------------------------------------------


def _hold(rig: Rig, ids: list[str], run_id: str) -> None:
    """As a run does first, and then it dies."""
    rig.catalog.work.claim(ids, run_id, lambda _: True)


def _end(rig: Rig, run_id: str) -> None:
    run = rig.instance.get_run_by_id(run_id)
    assert run is not None
    rig.instance.report_run_failed(run)


def _end_pause(rig: Rig) -> None:
    """Let the time of the pause go by."""
    state = rig.catalog.discovery.get_state(pause.STATE)
    if state:
        rig.catalog.discovery.set_state(pause.STATE, {**state, "until": 0})


@pytest.mark.parametrize("status", [DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED])
def test_a_run_that_never_began_its_batch(rig: Rig, status: DagsterRunStatus) -> None:
    """The batch is dissolved and its documents are asked for under a new key."""
    ids = rig.write_many(3)
    (first,) = rig.tick()
    rig.note_run(status, {RUN_KEY_TAG: str(first.run_key)})
    rig.tick()
    _end_pause(rig)
    (second,) = rig.tick()
    assert second.run_key != first.run_key
    assert second.tags["doc_pipeline/documents"] == "3"
    assert rig.launch(second).success
    assert rig.counts() == {"completed": len(ids)}


@pytest.mark.parametrize(
    "status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED]
)
def test_a_batch_whose_run_is_on_its_way_is_left_alone(rig: Rig, status: DagsterRunStatus) -> None:
    rig.write_many(3)
    (first,) = rig.tick()
    rig.note_run(status, {RUN_KEY_TAG: str(first.run_key)})
    assert [r.run_key for r in rig.tick()] == [first.run_key]


def test_a_batch_whose_run_is_retried_by_dagster_is_left_alone(rig: Rig) -> None:
    """Else two runs would take the same documents."""
    rig.write_many(3)
    (first,) = rig.tick()
    tags = {RUN_KEY_TAG: str(first.run_key), "dagster/will_retry": "true"}
    rig.note_run(DagsterRunStatus.FAILURE, tags)
    assert [r.run_key for r in rig.tick()] == [first.run_key]


def test_a_batch_that_never_begins_is_not_asked_for_at_every_tick(rig: Rig) -> None:
    """Such as an index of another model: opened before the first document, it fails every run."""
    rig.write_many(2)
    index = rig.settings.index_url
    rig.bring_through()
    _spoil_index(index)
    new = rig.write("new.txt")
    runs = 0
    for _ in range(5):
        for request in rig.tick():
            runs += 1
            result = rig.launch(request)
            assert not result.success
    assert runs == 1
    said = rig.evaluate()
    assert isinstance(said, dg.SkipReason)
    assert "Waiting after INDEX_UNAVAILABLE" in str(said.skip_message)
    assert rig.status(new) == "pending"


def _spoil_index(folder: str) -> None:
    """Turn the folder of the tables into something that is none."""
    path = Path(folder)
    path.rename(path.with_name("aside"))
    path.write_text("not a folder")


def test_documents_of_a_finished_run_are_released(rig: Rig) -> None:
    ids = rig.write_many(3)
    (first,) = rig.tick()
    run_id = rig.note_run(DagsterRunStatus.STARTED, {RUN_KEY_TAG: str(first.run_key)})
    _hold(rig, ids, run_id)
    assert rig.tick() == []
    assert rig.counts() == {"processing": 3}
    _end(rig, run_id)
    (second,) = rig.tick()
    assert second.run_key != first.run_key
    assert rig.launch(second).success
    assert rig.counts() == {"completed": 3}


def test_documents_of_a_run_that_is_deleted_are_released(rig: Rig) -> None:
    ids = rig.write_many(2)
    rig.tick()
    run_id = rig.note_run(DagsterRunStatus.STARTED, {})
    _hold(rig, ids, run_id)
    rig.instance.delete_run(run_id)
    assert len(rig.tick()) == 1
    assert rig.counts() == {"pending": 2}


def test_a_run_that_is_retried_keeps_its_documents(rig: Rig) -> None:
    """Dagster starts another run in its place, which takes them over."""
    ids = rig.write_many(2)
    rig.tick()
    run_id = rig.note_run(DagsterRunStatus.STARTED, {"dagster/will_retry": "true"})
    _hold(rig, ids, run_id)
    _end(rig, run_id)
    assert rig.tick() == []
    assert rig.counts() == {"processing": 2}
    child = rig.note_run(
        DagsterRunStatus.STARTED,
        {"dagster/parent_run_id": run_id, "dagster/root_run_id": run_id},
    )
    assert rig.tick() == []
    _end(rig, child)
    assert len(rig.tick()) == 1
    assert rig.counts() == {"pending": 2}


@pytest.mark.parametrize("rig_variables", [{"DOC_PIPELINE_MAX_ATTEMPTS": "2"}])
def test_a_document_that_kills_its_runs_fails_in_the_end(rig: Rig) -> None:
    killer = rig.write("killer.txt")
    waiting = rig.write("waiting.txt")
    for _ in range(2):
        rig.tick()
        run_id = rig.note_run(DagsterRunStatus.STARTED, {})
        _hold(rig, [killer, waiting], run_id)
        rig.catalog.work.stage_started([killer], Stage.EXTRACT, run_id)
        _end(rig, run_id)
    rig.tick()
    assert (rig.status(killer), rig.get(killer).error_code) == ("failed", "RUN_LOST")
    assert (rig.status(waiting), rig.get(waiting).attempts) == ("pending", 0)


# -- files that go ---------------------------------------------------------------------------------


def test_a_deleted_file_leaves_and_comes_back(rig: Rig) -> None:
    ids = [rig.write(f"{n}.txt", f"The heron number {n} stands still.") for n in range(3)]
    rig.bring_through()
    (rig.uploads / "1.txt").unlink()
    (request,) = rig.tick()
    assert request.job_name == REMOVE_JOB
    assert rig.tick()[0].run_key == request.run_key
    assert "1.txt" not in rig.search("heron")
    assert rig.launch(request).success
    assert rig.services.index.count_rows([ids[1]]) == 0
    rig.tick()
    assert rig.keys == [ids[0], ids[2]]

    rig.write("1.txt", "The heron number 1 stands still.")
    (again,) = rig.tick()
    assert ids[1] in rig.keys
    assert rig.launch(again).success
    assert "1.txt" in rig.search("heron")
    assert rig.partition_status("raw_document")[ids[1]] == "MATERIALIZED"


def test_no_key_is_deleted_while_a_run_is_unfinished(rig: Rig) -> None:
    """A queued run of a range whose end is gone could not start."""
    ids = rig.write_many(3)
    rig.bring_through()
    busy = rig.note_run(DagsterRunStatus.NOT_STARTED, {})
    (rig.uploads / "0001.txt").unlink()
    for request in rig.tick():
        assert rig.launch(request).success
    rig.tick()
    assert rig.keys == ids
    _end(rig, busy)
    rig.tick()
    assert rig.keys == [ids[0], ids[2]]


def test_a_file_that_is_back_before_its_key_is_retired_keeps_it(rig: Rig) -> None:
    ids = rig.write_many(3)
    rig.bring_through()
    busy = rig.note_run(DagsterRunStatus.NOT_STARTED, {})
    (rig.uploads / "0001.txt").unlink()
    rig.tick()
    rig.write("0001.txt")
    rig.tick()
    _end(rig, busy)
    rig.tick()
    assert rig.keys == ids


def test_a_held_file_that_comes_back_has_its_key_again(rig: Rig) -> None:
    """Nobody asks for its run, but the UI's backfill must be able to."""
    rig.write("b.txt")
    held = rig.write("hold/a.txt")
    rig.bring_through()
    (rig.uploads / "hold/a.txt").unlink()
    rig.tick()
    rig.tick()
    assert held not in rig.keys
    rig.write("hold/a.txt")
    assert rig.tick() == []
    assert held in rig.keys


# -- faults of all ---------------------------------------------------------------------------------


@pytest.fixture
def quota_server() -> Iterator[OpenAIServer]:
    with run_openai_server(always=Refusal(429, "insufficient_quota")) as server:
        yield server


@pytest.fixture
def paying_rig(
    quota_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Rig:
    monkeypatch.setenv("DOC_PIPELINE_EMBEDDING_PROVIDER", "openai")
    monkeypatch.setenv("OPENAI_BASE_URL", quota_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nobody-may-see-this")
    return request.getfixturevalue("rig")


def test_a_spent_quota_pauses_all_and_charges_nobody(
    paying_rig: Rig, quota_server: OpenAIServer
) -> None:
    rig = paying_rig
    ids = [rig.write("a.txt"), rig.write("b.txt")]
    (request,) = rig.tick()
    result = rig.launch(request)
    failure = failure_of(result)
    assert "EMBEDDING_QUOTA_SPENT" in str(failure.description)
    assert failure.metadata["code"].value == "EMBEDDING_QUOTA_SPENT"
    assert failure.metadata["remedy"].value
    assert [(rig.status(key), rig.get(key).attempts) for key in ids] == [("pending", 0)] * 2

    rig.write("c.txt")
    said = rig.evaluate()
    assert isinstance(said, dg.SkipReason)
    assert "Waiting after EMBEDDING_QUOTA_SPENT" in str(said.skip_message)
    assert rig.counts() == {"pending": 3}

    quota_server.always = None
    _end_pause(rig)
    (again,) = rig.tick()
    assert rig.launch(again).success
    assert rig.counts() == {"completed": 3}
    assert not rig.catalog.discovery.get_state(pause.STATE)


def test_the_pause_grows_with_each_fault(paying_rig: Rig) -> None:
    rig = paying_rig
    rig.write("a.txt")
    lengths: list[float] = []
    for _ in range(2):
        (request,) = rig.tick()
        rig.launch(request)
        held = pause.current_pause(rig.catalog)
        assert held is not None
        lengths.append(pause.FIRST_S * 2 ** (held.times - 1))
        _end_pause(rig)
    assert lengths == [60, 120]


def test_a_document_that_failed_before_the_batch_was_stopped_is_red(paying_rig: Rig) -> None:
    """Its verdict stands, also when the fault of all came after it."""
    rig = paying_rig
    bad = rig.write_empty("a.txt")
    good = rig.write("b.txt")
    (request,) = rig.tick()
    rig.launch(request)
    assert (rig.status(bad), rig.status(good)) == ("failed", "pending")
    for asset in ASSETS:
        assert rig.partition_status(asset)[bad] == "FAILED"
