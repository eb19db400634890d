"""Who is up on a data folder: the lock that `up` holds, and what it says there.

The lock is the truth, not the file: it goes with the process, however that ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, cast

from doc_pipeline.domain.errors import AlreadyRunning

LOCK_NAME = "up.lock"
_WAIT_S = 1.0


@dataclass(frozen=True)
class StackState:
    """What `up` writes into its lock file."""

    pid: int
    machine: str
    host: str
    port: int
    started: str
    is_ready: bool = False

    @property
    def url(self) -> str:
        """Address of the web page as a browser on this machine takes it."""
        return web_url(self.host, self.port)


def web_url(host: str, port: int) -> str:
    """Make the address to open; 'every address' is shown as the local one."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - only compared
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    return f"http://{shown}:{port}"


class StackLock:
    """The lock of one data folder, held by this process."""

    def __init__(self, file: TextIO, state: StackState) -> None:
        """Write the state into the file, which is locked already."""
        self._file = file
        self.state = state
        self._write()

    def mark_ready(self) -> None:
        """Say that the web page answers."""
        self.state = replace(self.state, is_ready=True)
        self._write()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.write(json.dumps(asdict(self.state)))
        self._file.truncate()
        self._file.flush()


@contextlib.contextmanager
def hold_lock(data_dir: Path, host: str, port: int) -> Generator[StackLock]:
    """Hold the data folder's lock; AlreadyRunning when another process has it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    opened = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(opened, "r+", encoding="utf-8") as file:
        # A moment's patience: read_stack_state holds it too while it looks.
        if not _try_lock(file, fcntl.LOCK_EX, _WAIT_S):
            other = _read(file)
            raise AlreadyRunning(
                pid=other.pid if other else "unknown", host=other.machine if other else "unknown"
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        state = StackState(os.getpid(), socket.gethostname(), host, port, now)
        yield StackLock(file, state)
        file.truncate(0)


def read_stack_state(data_dir: Path) -> StackState | None:
    """What runs on this data folder; None when nothing does."""
    try:
        file = (data_dir / LOCK_NAME).open(encoding="utf-8")
    except OSError:
        return None
    with file:
        if _try_lock(file, fcntl.LOCK_SH, 0):
            return None
        for _ in range(10):  # it may be writing just now
            state = _read(file)
            if state is not None:
                return state
            time.sleep(0.05)
    return None


def _try_lock(file: TextIO, kind: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file.fileno(), kind | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _read(file: TextIO) -> StackState | None:
    file.seek(0)
    try:
        content = cast("dict[str, object]", json.loads(file.read()))
        return StackState(**content)  # type: ignore[arg-type] - a foreign file fails as TypeError
    except (ValueError, TypeError):
        return None
