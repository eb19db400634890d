"""The process that forks the children: single-threaded, without secrets, without network.

It imports libraries once, so that a new child costs milliseconds. It ends, with all children,
when the pool's side of its socket closes.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from doc_pipeline.extraction.isolation import child, kernel, session, wire

_MOST_MESSAGE = 64 * 1024
_DYING_S = 10.0


def main() -> None:
    """Serve the pool at the socket whose number is the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's to act on
    kernel.no_core_dumps()
    kernel.adopt_orphans()
    zygote = Zygote(control, is_offline=kernel.cut_network())
    zygote.serve()


class Zygote:
    """Forks children and ends them, as the pool asks."""

    def __init__(self, control: socket.socket, *, is_offline: bool) -> None:
        self._control = control
        self._is_offline = is_offline
        self._children: dict[int, int | None] = {}

    def serve(self) -> None:
        """Answer one request after another until the pool is gone."""
        while True:
            message, fds, _flags, _address = socket.recv_fds(self._control, _MOST_MESSAGE, 2)
            if not message:
                break
            request: dict[str, Any] = json.loads(message)
            answer = self._spawn(request, *fds) if fds else self._reap(int(request["reap"]))
            self._control.sendall(wire.encode(answer))
        for pid in list(self._children):
            self._end(pid)

    def _spawn(self, request: dict[str, Any], channel: int, errors: int) -> dict[str, Any]:
        _warm_up(request["warm"])
        try:
            pid = os.fork()
        except OSError as error:
            _close(channel, errors)
            return {"failed": error.errno}
        if pid == 0:
            child.run(channel, errors, str(request["entry"]))
        _close(channel, errors)
        self._children[pid] = None
        return {"pid": pid, "is_offline": self._is_offline}

    def _reap(self, pid: int) -> dict[str, Any]:
        return {"status": self._end(pid)}

    def _end(self, pid: int) -> int | None:
        """Kill a child and all it started, wherever that went; its wait status."""
        session.kill_quietly(pid)
        deadline = time.monotonic() + _DYING_S
        while time.monotonic() < deadline:
            members = session.members_of(pid)
            for member in members:
                session.kill_quietly(member, signal.SIGSTOP)  # so that it starts no more
            orphans = [o for o in session.children_of(os.getpid()) if o not in self._children]
            for member in {*members, *orphans}:
                session.kill_quietly(member)
            self._wait()
            if self._children.get(pid) is not None and not members and not orphans:
                break
            time.sleep(0.001)
        return self._children.pop(pid, None)

    def _wait(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._children:
                    self._children[pid] = status


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)


def _warm_up(modules: list[str]) -> None:
    """Import what extractors that were used before need, so that no child has to."""
    if not modules:
        return
    warm = import_module("doc_pipeline.extraction.warm")
    if any([warm.warm_up(name) for name in modules]):
        gc.collect()
        gc.freeze()  # the children share what is there, as nobody writes to it


if __name__ == "__main__":
    main()
