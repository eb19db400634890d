"""Whether a run can still finish its documents: runs of commands end with their process."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from doc_pipeline.defs.liveness import (
    PROCESS_TAG,
    fail_lost_runs,
    is_run_live,
    open_instance,
    this_process,
)
from doc_pipeline.defs.running import process_here
from doc_pipeline.services import discovery_settings
from doc_pipeline.stages.discover import discover_uploads
from doc_pipeline_tests.defs.conftest import ASSETS, Rig


def _of_a_dead_process() -> str:
    """The tag of a process that has ended, as it wrote it while it lived."""
    code = "from doc_pipeline.defs.liveness import this_process; print(this_process())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _status(rig: Rig, run_id: str) -> DagsterRunStatus:
    run = rig.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_an_unknown_run_is_dead(rig: Rig) -> None:
    assert not is_run_live(rig.instance, "no-such-run")


def test_a_run_of_a_living_command_is_live(rig: Rig) -> None:
    run_id = rig.note_run(DagsterRunStatus.STARTED, {PROCESS_TAG: this_process()})
    assert is_run_live(rig.instance, run_id)


def test_a_run_of_a_command_on_another_machine_is_taken_as_live(rig: Rig) -> None:
    """Nobody here can look at its processes."""
    run_id = rig.note_run(DagsterRunStatus.STARTED, {PROCESS_TAG: "elsewhere.example.org:1:2"})
    assert is_run_live(rig.instance, run_id)


@pytest.mark.heavy
def test_a_run_of_a_killed_command_is_reported_as_failed(rig: Rig) -> None:
    """It never ends by itself: no daemon watches it. Its documents are queued again."""
    document_id = rig.write("a.txt")
    rig.tick()
    run_id = rig.note_run(DagsterRunStatus.STARTED, {PROCESS_TAG: _of_a_dead_process()})
    rig.catalog.work.claim([document_id], run_id, lambda _: True)
    (request,) = rig.tick()
    assert _status(rig, run_id) is DagsterRunStatus.FAILURE
    assert rig.launch(request).success


def test_a_process_number_used_again_is_another_process(rig: Rig) -> None:
    host, pid, started = this_process().rsplit(":", 2)
    tag = f"{host}:{pid}:{int(started) - 1 if started.isdigit() else 'before'}"
    run_id = rig.note_run(DagsterRunStatus.STARTED, {PROCESS_TAG: tag})
    assert not is_run_live(rig.instance, run_id)


def test_runs_without_services_are_failed_once_and_commands_spared(rig: Rig) -> None:
    of_services = rig.note_run(DagsterRunStatus.STARTED, {})
    of_command = rig.note_run(DagsterRunStatus.STARTED, {PROCESS_TAG: this_process()})
    assert fail_lost_runs(rig.instance) == 1
    assert _status(rig, of_services) is DagsterRunStatus.FAILURE
    assert _status(rig, of_command) is DagsterRunStatus.STARTED
    assert fail_lost_runs(rig.instance) == 0


@pytest.fixture
def _loggers_restored() -> Iterator[None]:
    """A command silences the loggers of its process."""
    before = {name: logging.getLogger(name).level for name in ("dagster", "doc_pipeline")}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.heavy
@pytest.mark.usefixtures("_loggers_restored")
def test_a_command_runs_the_same_job_on_the_same_instance(rig: Rig, tmp_path: Path) -> None:
    """`doc-pipeline process`: the UI shows its run and its partitions."""
    held = rig.write("hold/a.txt")
    discover_uploads(rig.services.uploads, rig.catalog, discovery_settings(rig.settings))
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(f"storage: {{sqlite: {{base_dir: '{home}'}}}}\n")
    outcome = process_here([held], definitions=rig.definitions, catalog=rig.catalog, home=home)
    assert outcome.is_success
    assert rig.status(held) == "completed"
    with open_instance(home) as instance:
        assert instance.get_dynamic_partitions("documents") == [held]
        run = instance.get_run_by_id(outcome.run_id)
        assert run is not None
        assert run.tags[PROCESS_TAG] == this_process()
        assert instance.get_materialized_partitions(dg.AssetKey(ASSETS[-1])) == {held}
