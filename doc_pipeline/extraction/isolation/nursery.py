"""The pool's side of the zygote: starts it, asks it for children and for their end.

One lock, one question at a time. A zygote that died is started anew at the next question.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from doc_pipeline.extraction.isolation import session
from doc_pipeline.extraction.isolation.wire import Reader

_PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PATH",
    "TESSDATA_PREFIX",
    "TMPDIR",
    "TZ",
)
"""Variables a child may see: keys and passwords are in others."""
_SET = {
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
}
"""Threads of libraries would multiply with the children, and must not exist in the zygote; each
thread's own arena would take 64 MB of address space."""
_MOST_ANSWER = 4096
_STARTING_S = 60.0
_TAIL_BYTES = 4096


class NurseryGone(Exception):
    """No child: the zygote died before it answered, or the system gives no process for it."""


@dataclass(slots=True)
class Worker:
    """One child. `errors` holds what it printed, `documents` how many it was given."""

    pid: int
    channel: socket.socket
    reader: Reader
    errors: IO[bytes]
    generation: int
    documents: int = 0

    def is_silent(self) -> bool:
        """Whether nothing waits to be read, not even its end: so it should be between files."""
        poll = select.poll()  # select() takes no descriptor above 1023
        poll.register(self.channel, select.POLLIN)
        return not poll.poll(0)

    def printed(self) -> str:
        """The end of what libraries printed during this document; may hold its content."""
        size = os.fstat(self.errors.fileno()).st_size
        start = max(0, size - _TAIL_BYTES)
        return os.pread(self.errors.fileno(), _TAIL_BYTES, start).decode("utf-8", "replace")

    def forget_printed(self) -> None:
        """Empty what it printed, before the next document."""
        os.ftruncate(self.errors.fileno(), 0)


class Nursery:
    """Makes and ends children."""

    def __init__(self, entry: str) -> None:
        self._entry = entry
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._generation = 0
        self.is_offline = False

    def spawn(self, warm: Sequence[str]) -> Worker:
        """A new child, forked after the modules `warm` were imported. Raises `NurseryGone`."""
        try:
            errors = tempfile.TemporaryFile(mode="a+b", buffering=0)  # noqa: SIM115 - kept by the worker
        except OSError as error:
            raise NurseryGone from error
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                fds = (theirs.fileno(), errors.fileno())
                answer = self._ask({"warm": list(warm), "entry": self._entry}, fds)
                pid = int(answer["pid"])
            except (NurseryGone, KeyError, OSError) as error:
                ours.close()
                errors.close()
                raise NurseryGone from error
            self.is_offline = bool(answer["is_offline"])
            return Worker(pid, ours, Reader(ours), errors, self._generation)

    def end(self, worker: Worker) -> int | None:
        """Kill a child and all it started; its wait status where that is known."""
        worker.channel.close()
        worker.errors.close()
        with self._lock, suppress(NurseryGone):
            if worker.generation == self._generation and self._process is not None:
                status = self._ask({"reap": worker.pid}).get("status")
                return None if status is None else int(status)
        return None

    def close(self) -> None:
        """End the zygote and with it all children."""
        with self._lock:
            self._forget()

    def _ask(self, request: Mapping[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        control = self._control or self._start()
        try:
            socket.send_fds(control, [json.dumps(request).encode()], fds)
            answer = control.recv(_MOST_ANSWER)
        except OSError as error:
            self._forget()
            raise NurseryGone from error
        if not answer:
            self._forget()
            raise NurseryGone
        return json.loads(answer)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[3])
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "doc_pipeline.extraction.isolation.zygote",
                    str(theirs.fileno()),
                ],
                pass_fds=(theirs.fileno(),),
                env={**environment, **_SET, "PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
            )
        ours.settimeout(_STARTING_S)
        self._control = ours
        self._generation += 1
        return ours

    def _forget(self) -> None:
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(timeout=_STARTING_S)
            except subprocess.TimeoutExpired:
                session.kill_quietly(process.pid)
                process.wait()
