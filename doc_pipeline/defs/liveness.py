"""Whether a run still holds its documents, and who runs it when it is not Dagster's daemon."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

PROCESS_TAG = "doc_pipeline/process"
"""`host:pid:start` of a run executed inside a command (`doc-pipeline process`)."""


def this_process() -> str:
    """Value of `PROCESS_TAG` for a run in this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


IN_WORK = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def open_instance(home: Path) -> DagsterInstance:
    """The Dagster instance whose dagster.yaml lies in `home`."""
    return DagsterInstance.from_config(str(home))


def fail_lost_runs(instance: DagsterInstance) -> int:
    """Report runs as failed whose services are gone; only to be called while none are up.

    Dagster would call them started until `max_runtime`; failed, they are retried at once.
    """
    lost = 0
    for run in instance.get_runs(RunsFilter(statuses=IN_WORK)):
        if run.tags.get(PROCESS_TAG) is None or run.parent_run_id is not None:
            instance.report_run_failed(run, "The services that executed this run were killed.")
            lost += 1
        else:
            lost += not is_run_live(instance, run.run_id)
    return lost


def is_run_live(instance: DagsterInstance, run_id: str) -> bool:
    """Whether the run can still finish its documents.

    A run of a command that was killed never ends by itself: it is reported as failed here.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    if _is_orphan(run):
        instance.report_run_failed(run, "The command that executed this run was killed.")
        return False
    return True


def _is_orphan(run: dg.DagsterRun) -> bool:
    holder = run.tags.get(PROCESS_TAG)
    # A retry takes its parent's tags along but runs in a worker of the services.
    if holder is None or run.parent_run_id is not None:
        return False
    host, pid, started = holder.rsplit(":", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """Start time of a process in clock ticks, '' when there is none: pids are used again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return _started_elsewhere(pid)
    return fields[19]


def _started_elsewhere(pid: int) -> str:
    """Systems without /proc: only whether the process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "there"
    return "there"
