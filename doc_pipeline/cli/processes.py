"""The processes of the stack: start, read their output, end them and what they started.

Knows nothing of Dagster but how a run worker looks among the children of a code server.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

Say = Callable[[str], None]
_POLL_S = 0.1
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # Dagster colours its lines even into a pipe
_LEASH = [sys.executable, "-P", "-m", "doc_pipeline.cli.leash"]


class Guard:
    """A process that kills all groups it knows when this process is gone, however it ended."""

    def __init__(self, folder: Path) -> None:
        """Start it; `folder` is deleted at the end."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [*_LEASH, "guard", str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def watch(self, group: int) -> None:
        """Add a process group."""
        self._order(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Take a group away whose number may be used again by others."""
        self._order(f"-{group}\n")

    def release(self) -> None:
        """Let it kill what is left, and wait for it."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        self._process.wait()

    def _order(self, line: str) -> None:
        # A guard that was killed is no reason to stop: the kernel still ends the direct children.
        with contextlib.suppress(OSError):
            pipe = _pipe(self._process.stdin)
            pipe.write(line)
            pipe.flush()


class Child:
    """One service: a console script in a process group of its own, its lines prefixed."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], guard: Guard
    ) -> None:
        """Start it. Call from the thread that stays: the child ends with the thread."""
        self.name = name
        self.started = time.monotonic()
        self._guard = guard
        self._process = subprocess.Popen(  # noqa: S603 - a console script of our own dependencies
            [*_LEASH, "script", str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(environment),
            encoding="utf-8",
            errors="replace",
        )
        self.group = self._process.pid
        guard.watch(self.group)

    def pump(self, say: Say) -> None:
        """Hand every line of its output to `say`, in a thread."""
        output = _pipe(self._process.stdout)

        def read() -> None:
            for line in output:
                # Keep reading when nobody listens any more: a full pipe would halt the service.
                with contextlib.suppress(OSError, ValueError):
                    say(f"[{self.name}] {_COLOUR.sub('', line).rstrip()}")

        threading.Thread(target=read, name=f"log-{self.name}", daemon=True).start()

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def end(self, seconds: float, is_hurried: Callable[[], bool]) -> None:
        """Ask it to stop, wait, then kill its whole group."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        wait_until(lambda: self.exit_code() is not None, seconds, is_hurried)
        self.kill()

    def kill(self) -> None:
        """Kill it and everything in its group."""
        kill_group(self.group)
        self._process.wait()
        self._guard.forget(self.group)


def kill_group(group: int) -> None:
    """Kill every process of a group; none left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def is_group_alive(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run_workers(groups: set[int]) -> list[psutil.Process]:
    """Run workers in these groups, the ended ones too that their code server has not noted yet.

    A worker is a spawned child of the code server; what a worker spawns itself is left to it, or
    its documents would fail for a pool that died under it.
    """
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            group = os.getpgid(process.pid)
            if group in groups and process.pid != group and _is_worker(process, group):
                found.append(process)
    return found


def _is_worker(process: psutil.Process, group: int) -> bool:
    parent = process.ppid()
    if parent != group and psutil.pid_exists(parent) and os.getpgid(parent) == group:
        return False
    if process.status() == psutil.STATUS_ZOMBIE:
        return parent == group
    return any("multiprocessing.spawn" in part for part in process.cmdline())


def end_workers(groups: set[int], seconds: float, is_hurried: Callable[[], bool]) -> int:
    """Interrupt the run workers, wait until their code server has noted it; how many there were.

    Those that do not end in time are killed while the code server still lives, which then
    records their runs as failed.
    """
    workers = run_workers(groups)
    _send(workers, signal.SIGTERM)
    if not wait_until(lambda: not run_workers(groups), seconds, is_hurried):
        _send(run_workers(groups), signal.SIGKILL)
        wait_until(lambda: not run_workers(groups), 3, is_hurried)
    return len(workers)


def wait_until(is_true: Callable[[], bool], seconds: float, is_hurried: Callable[[], bool]) -> bool:
    """Poll a condition; False when the time is over or somebody is in a hurry."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if is_hurried() or time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:  # pragma: no cover - we always ask for a pipe
        raise RuntimeError("the process was started without a pipe")
    return stream
