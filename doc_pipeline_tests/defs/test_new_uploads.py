"""The sensor: what it registers, what it asks for, and what it must not believe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dagster as dg
import pytest

from doc_pipeline.defs import sensors
from doc_pipeline.defs.jobs import PROCESS_JOB, REMOVE_JOB, keys_config
from doc_pipeline.defs.requests import RANGE_END, RANGE_START
from doc_pipeline.defs.sensors import TickFailed
from doc_pipeline.domain.errors import StoreUnavailable
from doc_pipeline.stages import pause
from doc_pipeline_tests.defs.conftest import Rig


def test_two_hundred_new_files_make_one_run_of_a_range(rig: Rig) -> None:
    ids = rig.write_many(200)
    (request,) = rig.tick()
    assert rig.keys == ids
    assert request.job_name == PROCESS_JOB
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (ids[0], ids[-1])
    assert request.tags["doc_pipeline/documents"] == "200"
    assert request.run_config == {}


def test_a_batch_asked_for_again_has_the_same_run_key(rig: Rig) -> None:
    """The daemon launches a run key once: neither a lost tick nor a slow launch runs it twice."""
    rig.write_many(3)
    first, second = rig.tick(), rig.tick()
    assert [r.run_key for r in first] == [r.run_key for r in second]
    assert first[0].tags == second[0].tags


def test_an_empty_store_is_said_in_words(rig: Rig) -> None:
    _ = rig.uploads
    said = rig.evaluate()
    assert isinstance(said, dg.SkipReason)
    assert said.skip_message == "The upload store is empty."


def test_when_all_is_done_nothing_is_asked_for(rig: Rig) -> None:
    rig.write_many(2)
    assert [result.success for result in rig.bring_through()] == [True]
    said = rig.evaluate()
    assert isinstance(said, dg.SkipReason)
    assert said.skip_message == "Uploads: 2 listed."
    assert rig.counts() == {"completed": 2}


def test_files_that_come_later_stand_behind_the_others(rig: Rig) -> None:
    """Partitions stand in the order of registration, whatever their names."""
    late = rig.write("m.txt")
    rig.tick()
    early = rig.write("a.txt")
    rig.tick()
    assert rig.keys == [late, early]


def test_changed_files_make_a_list_of_keys(rig: Rig) -> None:
    ids = rig.write_many(5)
    rig.bring_through()
    for n in (0, 2, 4):
        rig.write(f"{n:04}.txt", "Other words than before.")
    (request,) = rig.tick()
    assert request.run_config == keys_config([ids[0], ids[2], ids[4]])
    assert RANGE_START not in request.tags
    assert rig.launch(request).success
    assert [rig.get(key).current_version for key in ids] == [2, 1, 2, 1, 2]


@pytest.mark.parametrize("rig_variables", [{"DOC_PIPELINE_BATCH_SIZE": "4"}])
def test_batches_are_no_larger_than_the_setting(rig: Rig) -> None:
    ids = rig.write_many(10)
    requests = rig.tick()
    assert [r.tags["doc_pipeline/documents"] for r in requests] == ["4", "4"]
    assert [r.tags[RANGE_START] for r in requests] == [ids[0], ids[4]]
    assert len({r.run_key for r in requests}) == 2
    for request in requests:
        assert rig.launch(request).success
    (rest,) = rig.tick()
    assert (rest.tags[RANGE_START], rest.tags["doc_pipeline/documents"]) == (ids[8], "2")


def test_uploads_gather_while_two_batches_wait(rig: Rig) -> None:
    """A slow burst makes few runs, not one for each tick."""
    requests: list[dg.RunRequest] = []
    for n in range(6):
        rig.write(f"{n}.txt")
        requests = rig.tick()
    assert len(requests) == 2
    for request in requests:
        assert rig.launch(request).success
    (rest,) = rig.tick()
    assert rest.tags["doc_pipeline/documents"] == "4"


@pytest.mark.parametrize(
    ("name", "sidecar"), [("hold/a.txt", None), ("a.txt", {"hold": True})], ids=["folder", "option"]
)
def test_held_documents_are_partitions_that_wait(
    rig: Rig, name: str, sidecar: dict[str, bool] | None
) -> None:
    """They can be released by a backfill in the UI, so their partition must be there."""
    held = rig.write(name)
    if sidecar is not None:
        rig.write(f"{name}.meta.json", json.dumps(sidecar))
    free = rig.write("b.txt")
    (request,) = rig.tick()
    assert set(rig.keys) == {held, free}
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (free, free)
    assert rig.launch(request).success
    assert (rig.status(held), rig.status(free)) == ("pending", "completed")
    assert rig.tick() == []
    assert rig.process_range(held, held).success
    assert rig.status(held) == "completed"


@pytest.mark.parametrize("rig_variables", [{"ASYNC_PROCESSING_ENABLED": "false"}])
def test_processing_off_registers_and_asks_for_nothing(rig: Rig) -> None:
    ids = rig.write_many(3)
    assert rig.tick() == []
    assert rig.keys == ids
    assert rig.counts() == {"pending": 3}
    assert rig.process(ids).success
    assert rig.counts() == {"completed": 3}


@pytest.mark.parametrize("rig_variables", [{"ASYNC_PROCESSING_ENABLED": "false"}])
def test_deleted_documents_leave_the_index_also_while_processing_is_off(rig: Rig) -> None:
    ids = rig.write_many(2)
    rig.tick()
    rig.process(ids)
    (rig.uploads / "0000.txt").unlink()
    (request,) = rig.tick()
    assert request.job_name == REMOVE_JOB


# -- ticks that die ------------------------------------------------------------------------------


def test_a_tick_that_dies_before_it_adds_partitions_loses_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = rig.write_many(3)
    with monkeypatch.context() as patch:
        patch.setattr(rig.instance, "add_dynamic_partitions", _die)
        with pytest.raises(_Killed):
            rig.tick()
    assert (rig.keys, rig.counts()) == ([], {"pending": 3})
    (request,) = rig.tick()
    assert rig.keys == ids
    assert request.tags["doc_pipeline/documents"] == "3"


def test_a_tick_that_dies_before_it_asks_loses_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = rig.write_many(3)
    with monkeypatch.context() as patch:
        patch.setattr(sensors, "process_request", _die)
        with pytest.raises(_Killed):
            rig.tick()
    assert rig.keys == ids
    (request,) = rig.tick()
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (ids[0], ids[-1])
    assert rig.launch(request).success
    assert rig.counts() == {"completed": 3}


# -- what must not be believed ---------------------------------------------------------------------


def test_a_vanished_share_fails_the_tick_and_deletes_nothing(rig: Rig) -> None:
    ids = rig.write_many(30)
    rig.tick()
    aside = rig.uploads.with_name("aside")
    rig.uploads.rename(aside)
    with pytest.raises(TickFailed) as failed:
        rig.tick()
    assert str(failed.value).startswith("UPLOADS_VANISHED: 30 of 30 uploads are gone at once")
    assert "doc-pipeline accept-deletes" in str(failed.value)
    assert rig.keys == ids
    assert rig.counts() == {"pending": 30}
    shutil.rmtree(rig.uploads)
    aside.rename(rig.uploads)
    assert len(rig.tick()) == 1


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """An upload folder outside the data folder, such as a mounted share."""
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


@pytest.fixture
def shared_rig(share: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Rig:
    monkeypatch.setenv("UPLOAD_DIR", str(share))
    return request.getfixturevalue("rig")


def test_a_share_that_is_away_fails_the_tick_with_its_remedy(shared_rig: Rig, share: Path) -> None:
    """Stores are opened before the sensor's body: also then people read a code and a remedy."""
    document_id = shared_rig.write("a.txt")
    shared_rig.tick()
    share.rename(share.with_name("away"))
    with pytest.raises(dg.DagsterError) as failed:
        shared_rig.tick()
    shown = str(failed.value.__cause__)
    assert f"STORE_UNAVAILABLE: The uploads store did not answer for {share.as_uri()}" in shown
    assert StoreUnavailable.remedy in shown
    assert pause.current_pause(shared_rig.catalog) is None
    assert not share.exists()
    assert shared_rig.status(document_id) == "pending"


class _Killed(Exception):
    pass


def _die(*_: object, **__: object) -> None:
    raise _Killed
