"""The processes of one child: the child itself and all it started. Watched, and ended together.

Reads /proc; where there is none, only the child itself is known.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SESSION_FIELD = 3
"""Index in /proc/PID/stat, counted after the name in brackets."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the processes of a child take together."""

    memory_bytes: int
    tasks: int


def load_of(pid: int) -> Load:
    """Resident memory, and processes and threads, of a child and its descendants."""
    memory = tasks = 0
    for member in _descendants(pid):
        with suppress(OSError, ValueError):
            pages = int((_PROC / str(member) / "statm").read_text().split()[1])
            memory += pages * _PAGE
            tasks += len(list((_PROC / str(member) / "task").iterdir()))
    return Load(memory, tasks)


def members_of(session: int) -> list[int]:
    """Processes of a session, the leader excluded."""
    return [pid for pid in _all_processes() if pid != session and _session_of(pid) == session]


def children_of(pid: int) -> list[int]:
    """The direct children of a process."""
    found: list[int] = []
    with suppress(OSError, ValueError):
        for task in (_PROC / str(pid) / "task").iterdir():
            found.extend(map(int, (task / "children").read_text().split()))
    return found


def kill_quietly(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, how)


def _descendants(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        waiting.extend(children_of(member))


def _all_processes() -> list[int]:
    try:
        return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()]
    except OSError:
        return []


def _session_of(pid: int) -> int | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[_SESSION_FIELD])
    except (OSError, ValueError, IndexError):
        return None
