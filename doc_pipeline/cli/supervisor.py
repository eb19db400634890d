"""Runs the stack: one code server, the web page and the daemon, and stops them in order.

Takes everything as arguments and reads no settings; writes only through the `say` it is given.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from doc_pipeline.cli.processes import (
    Child,
    Guard,
    Say,
    end_workers,
    is_group_alive,
    kill_group,
    wait_until,
)
from doc_pipeline.cli.stack_commands import (
    StackOptions,
    commands_of,
    environment_of,
    make_socket_folder,
    workspace_of,
)
from doc_pipeline.cli.stack_state import StackState, hold_lock, read_stack_state, web_url
from doc_pipeline.domain.errors import AlreadyRunning, PortInUse, SettingInvalid

__all__ = ["StackOptions", "StackState", "read_stack_state", "run_stack", "stop_stack"]

_TICK_S = 0.2
_STEADY_S = 60.0  # a service that ran this long has earned its restarts back


def run_stack(options: StackOptions, say: Say) -> int:
    """Start everything, watch it until a signal comes, stop everything; the exit code.

    Raises AlreadyRunning or PortInUse before anything is started.
    """
    with hold_lock(options.data_dir, options.host, options.port) as lock:
        check_port(options.host, options.port)
        if options.on_locked is not None:
            options.on_locked()
        with _signals() as signals, _Stack(options, say, signals) as stack:
            if not stack.start():
                return 0 if signals.is_stopping() else 1
            lock.mark_ready()
            say(f"Dagster UI: {lock.state.url}   (Ctrl-C stops everything)")
            return stack.watch()


def stop_stack(data_dir: Path, seconds: float = 60.0) -> bool:
    """Stop the stack of a data folder; False when none is up.

    AlreadyRunning when it runs on another machine, where no signal reaches it.
    """
    state = read_stack_state(data_dir)
    if state is None:
        return False
    if state.machine != socket.gethostname():
        raise AlreadyRunning(pid=state.pid, host=state.machine)
    with contextlib.suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
        if not wait_until(lambda: read_stack_state(data_dir) is None, seconds, lambda: False):
            os.kill(state.pid, signal.SIGKILL)
    return True


def check_port(host: str, port: int) -> None:
    """Refuse a port that cannot be opened, before anything is started."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise SettingInvalid(
            name="DOC_PIPELINE_WEB_PORT", allowed="a port that this user may open, like 3000"
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port=port) from error
        raise SettingInvalid(
            name="DOC_PIPELINE_WEB_HOST", allowed="an address of this machine, like 127.0.0.1"
        ) from error


class _Signals:
    """First signal: stop in order. Second: kill."""

    def __init__(self) -> None:
        self._count = 0
        self._stop = threading.Event()

    def receive(self, *_: object) -> None:
        self._count += 1
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        return self._stop.wait(seconds)

    def is_stopping(self) -> bool:
        return self._stop.is_set()

    def is_hurried(self) -> bool:
        return self._count > 1


@contextlib.contextmanager
def _signals() -> Generator[_Signals]:
    signals = _Signals()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signals.receive) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class _Service:
    name: str
    command: list[str]
    child: Child | None = None
    restarts: int = 0
    due: float | None = None


class _Stack:
    """The three services and what is left of their predecessors."""

    def __init__(self, options: StackOptions, say: Say, signals: _Signals) -> None:
        self._options, self._say, self._signals = options, say, signals
        self._folder = make_socket_folder()
        self._socket = self._folder / "code.sock"
        self._guard = Guard(self._folder)
        self._environment = environment_of(options)
        self._old_groups: set[int] = set()
        code, web, daemon = commands_of(options, self._socket, self._folder / "workspace.yaml")
        self._code = _Service("code", code)
        self._web = _Service("web", web)
        self._daemon = _Service("daemon", daemon)
        self._services = [self._code, self._web, self._daemon]

    def __enter__(self) -> _Stack:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stop()
        finally:
            self._guard.release()

    def start(self) -> bool:
        """Start all in order; False when one ended before it was ready, or a stop was asked."""
        self._say("Starting code server, web page and daemon …")
        workspace = workspace_of(self._socket, self._options.location)
        (self._folder / "workspace.yaml").write_text(workspace, encoding="utf-8")
        self._launch(self._code)
        if not self._is_up(lambda: _accepts(self._socket)):
            return False
        self._launch(self._web)
        self._launch(self._daemon)
        return self._is_up(lambda: _answers(web_url(self._options.host, self._options.port)))

    def watch(self) -> int:
        """Restart what ends until a signal comes (0) or one ends too often (1)."""
        while not self._signals.wait(_TICK_S):
            for service in self._services:
                if not self._tend(service):
                    return 1
        return 0

    def _is_up(self, is_ready: Callable[[], bool]) -> bool:
        def is_settled() -> bool:
            return self._ended() is not None or is_ready()

        signals = self._signals
        done = wait_until(is_settled, self._options.start_s, signals.is_stopping)
        ended = self._ended()
        if ended is not None:
            self._say(f"The {ended.name} service ended while starting; its log is above.")
        elif not done and not signals.is_stopping():
            self._say(f"The services did not start within {self._options.start_s:.0f} s.")
        return done and ended is None

    def _ended(self) -> _Service | None:
        for service in self._services:
            if service.child is not None and service.child.exit_code() is not None:
                return service
        return None

    def _launch(self, service: _Service) -> None:
        if service is self._code:
            self._socket.unlink(missing_ok=True)
        service.due = None
        service.child = Child(service.name, service.command, self._environment, self._guard)
        service.child.pump(self._say)

    def _tend(self, service: _Service) -> bool:
        """Look after one service; False when it has ended too often."""
        child, now = service.child, time.monotonic()
        if child is None:
            if service.due is not None and now >= service.due:
                self._launch(service)
            return True
        code = child.exit_code()
        if code is None:
            return True
        # Run workers of a lost code server go on and end their batches; they are ended at the stop.
        self._old_groups = {
            group for group in self._old_groups | {child.group} if self._keep(group)
        }
        service.child = None
        service.restarts = 1 if now - child.started > _STEADY_S else service.restarts + 1
        if service.restarts > self._options.max_restarts:
            self._say(
                f"The {service.name} service ended {service.restarts} times (last exit code "
                f"{code}); stopping everything. The reason is in its lines above."
            )
            return False
        wait_s = self._options.restart_wait_s * 2 ** (service.restarts - 1)
        service.due = now + wait_s
        self._say(
            f"The {service.name} service ended (exit code {code}); starting it again in "
            f"{wait_s:g} s ({service.restarts} of {self._options.max_restarts})."
        )
        return True

    def _keep(self, group: int) -> bool:
        if is_group_alive(group):
            return True
        self._guard.forget(group)
        return False

    def _stop(self) -> None:
        """Daemon first, so that nothing new is launched; the code server last."""
        hurried, seconds = self._signals.is_hurried, self._options.stop_s
        self._say("Stopping …")
        for service in (self._daemon, self._web):
            if service.child is not None:
                service.child.end(seconds / 2, hurried)
        groups = self._old_groups | ({self._code.child.group} if self._code.child else set())
        count = end_workers(groups, seconds, hurried)
        if count:
            self._say(f"{count} running batches were interrupted; they go on after the next start.")
        if self._code.child is not None:
            self._code.child.end(seconds / 2, hurried)
        for group in self._old_groups:
            kill_group(group)
        self._say("Stopped.")


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


def _answers(url: str) -> bool:
    try:
        # No proxy: the page is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url}/server_info", timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False
