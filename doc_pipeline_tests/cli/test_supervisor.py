"""`up` against real Dagster processes, with a tiny code location of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest

from doc_pipeline.cli.instance_home import render_instance, write_dagster_home
from doc_pipeline.cli.stack_commands import environment_of
from doc_pipeline.cli.stack_state import hold_lock, web_url
from doc_pipeline.cli.supervisor import (
    StackOptions,
    check_port,
    read_stack_state,
    run_stack,
    stop_stack,
)
from doc_pipeline.domain.errors import AlreadyRunning, PortInUse, SettingInvalid

ROOT = Path(__file__).parents[2]
LIMIT_S = 120

DEFINITIONS = """
import time
import dagster as dg

@dg.op
def nap():
    time.sleep(600)

@dg.job(executor_def=dg.in_process_executor)
def sleep_long():
    nap()

@dg.op
def nothing():
    pass

@dg.job(executor_def=dg.in_process_executor)
def do_nothing():
    nothing()

defs = dg.Definitions(jobs=[sleep_long, do_nothing])
"""

PROGRAM = """
import json, sys
from pathlib import Path
from doc_pipeline.cli.supervisor import StackOptions, run_stack
given = json.loads(sys.argv[1])
for name in ("data_dir", "dagster_home"):
    given[name] = Path(given[name])
sys.exit(run_stack(StackOptions(**given), lambda line: print(line, flush=True)))
"""

PROJECT = """
[project]
name = "tiny"
version = "0"
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "tiny_project"
code_location_target_module = "tiny_definitions"
code_location_name = "doc_pipeline"
"""


class Stack:
    """One `up` in a process of its own, on a clone-like folder."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder, self.data_dir, self.port = folder, folder / ".data", free_port()
        self.log = folder / "up.log"
        (folder / "tiny_definitions.py").write_text(DEFINITIONS)
        given = {
            "data_dir": str(self.data_dir),
            "dagster_home": str(write_dagster_home(self.data_dir)),
            "environment": {"PYTHONPATH": str(folder)},
            "port": self.port,
            "module": "tiny_definitions",
            "restart_wait_s": 0.1,
            **options,
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, json.dumps(given)],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )

    def wait_until_ready(self) -> Stack:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            state = read_stack_state(self.data_dir)
            return state is not None and state.is_ready

        wait_for(is_ready, self.log)
        return self

    def members(self) -> list[psutil.Process]:
        """Every process of this stack: its folder stands in the environment of all."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                home = process.environ().get("DAGSTER_HOME")
            except psutil.Error:
                continue
            if home == str(self.data_dir / "dagster"):
                found.append(process)
        return found

    def member(self, word: str) -> psutil.Process:
        (found,) = [p for p in self.members() if word in p.cmdline()]
        return found

    def launch(self, job: str) -> str:
        return launch(self.port, job)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(LIMIT_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(is_true: Callable[[], bool], log: Path) -> None:
    """The limit only keeps a broken stack from hanging the suite."""
    deadline = time.monotonic() + LIMIT_S
    while not is_true():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def ask(port: int, query: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["data"]


def is_loaded(port: int) -> bool:
    try:
        answer = ask(
            port,
            "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }",
        )
    except OSError:
        return False
    return bool(answer["repositoriesOrError"].get("nodes"))


def launch(port: int, job: str) -> str:
    selector = (
        '{ repositoryLocationName: "doc_pipeline", repositoryName: "__repository__",'
        f' jobName: "{job}" }}'
    )
    parameters = f'{{ mode: "default", selector: {selector} }}'
    answer = ask(
        port,
        f"mutation {{ launchRun(executionParams: {parameters})"
        " { __typename ... on LaunchRunSuccess { run { runId } } } }",
    )
    assert answer["launchRun"]["__typename"] == "LaunchRunSuccess", answer
    return str(answer["launchRun"]["run"]["runId"])


def statuses(port: int) -> dict[str, str]:
    answer = ask(port, "{ runsOrError { ... on Runs { results { runId status } } } }")
    return {run["runId"]: run["status"] for run in answer["runsOrError"]["results"]}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for the tests that leave it running; its folder has a space in its name."""
    stack = Stack(tmp_path_factory.mktemp("a clone"))
    try:
        yield stack.wait_until_ready()
    finally:
        stack.end()


# -- files and refusals ------------------------------------------------------------------------


def test_instance_of_a_clone_is_the_template_with_the_default_folder() -> None:
    """`dagster dev` in a clone and `up` must never drift apart."""
    assert (ROOT / "dagster.yaml").read_text() == render_instance(Path(".data/dagster"), 3)


def test_home_is_written_once_and_with_absolute_paths(tmp_path: Path) -> None:
    folder = tmp_path / 'odd "name": #1'
    home = write_dagster_home(folder, 7)
    text = (home / "dagster.yaml").read_text()
    written = (home / "dagster.yaml").stat().st_mtime_ns
    assert "max_concurrent_runs: 7" in text
    assert f"base_dir: {json.dumps(str(home))}" in text
    write_dagster_home(folder, 7)
    assert (home / "dagster.yaml").stat().st_mtime_ns == written


@pytest.mark.heavy
def test_second_stack_on_a_folder_is_refused_with_process_and_machine(tmp_path: Path) -> None:
    with hold_lock(tmp_path, "127.0.0.1", 3000) as lock:
        state = read_stack_state(tmp_path)
        assert state is not None
        assert (state.pid, state.port, state.is_ready) == (os.getpid(), 3000, False)
        lock.mark_ready()
        state = read_stack_state(tmp_path)
        assert state is not None
        assert state.is_ready
        with pytest.raises(AlreadyRunning, match=str(os.getpid())) as caught:
            run_stack(StackOptions(data_dir=tmp_path, dagster_home=tmp_path), lambda _: None)
        assert caught.value.fields["host"] == socket.gethostname()


def test_lock_goes_with_its_holder(tmp_path: Path) -> None:
    """A lock file that a killed process left behind keeps nobody out."""
    with hold_lock(tmp_path, "127.0.0.1", 3000):
        left = (tmp_path / "up.lock").read_text()
    (tmp_path / "up.lock").write_text(left)
    assert read_stack_state(tmp_path) is None
    assert stop_stack(tmp_path) is False
    with hold_lock(tmp_path, "127.0.0.1", 3001):
        pass


def test_nothing_is_up_where_there_is_no_folder(tmp_path: Path) -> None:
    assert read_stack_state(tmp_path / "absent") is None


def test_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    lines: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = StackOptions(data_dir=tmp_path, dagster_home=tmp_path, port=port)
        with pytest.raises(PortInUse, match=str(port)):
            run_stack(options, lines.append)
    assert lines == []
    assert read_stack_state(tmp_path) is None


def test_address_of_another_machine_is_a_wrong_setting() -> None:
    with pytest.raises(SettingInvalid, match="DOC_PIPELINE_WEB_HOST"):
        check_port("192.0.2.1", 3000)


def test_environment_of_the_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home wins over one that is set; bytecode is written whatever the shell says."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("DAGSTER_HOME", "/elsewhere")
    options = StackOptions(
        data_dir=tmp_path, dagster_home=tmp_path / "home", environment={"A_SETTING": "1"}
    )
    environment = environment_of(options)
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["DAGSTER_HOME"] == str(tmp_path / "home")
    assert environment["A_SETTING"] == "1"
    assert environment["DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS"] == "true"


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - only shown, nothing is bound
        ("::", "[::1]"),
        ("::1", "[::1]"),
    ],
)
def test_address_to_open(host: str, shown: str) -> None:
    assert web_url(host, 3000) == f"http://{shown}:3000"


# -- the running stack -------------------------------------------------------------------------


@pytest.mark.heavy
def test_a_job_runs_and_a_second_up_is_refused(stack: Stack) -> None:
    wait_for(lambda: is_loaded(stack.port), stack.log)
    run_id = stack.launch("do_nothing")
    wait_for(lambda: statuses(stack.port)[run_id] == "SUCCESS", stack.log)
    second = StackOptions(data_dir=stack.data_dir, dagster_home=stack.data_dir, port=stack.port)
    with pytest.raises(AlreadyRunning, match=str(stack.process.pid)):
        run_stack(second, lambda _: None)
    lines = stack.log.read_text().splitlines()
    for name in ("code", "web", "daemon"):
        assert any(line.startswith(f"[{name}] ") for line in lines)


@pytest.mark.heavy
@pytest.mark.parametrize("word", ["grpc", "dagster-webserver", "dagster-daemon"])
def test_killed_service_comes_back(stack: Stack, word: str) -> None:
    """After each restart the three find one another again and a job runs."""
    before = stack.member(word).pid
    os.kill(before, signal.SIGKILL)
    launched: list[str] = []

    def is_back() -> bool:
        if not [p for p in stack.members() if word in p.cmdline() and p.pid != before]:
            return False
        try:  # refused while the web page has not found the new code server yet
            launched.append(stack.launch("do_nothing"))
        except (OSError, AssertionError):
            return False
        return True

    wait_for(is_back, stack.log)
    wait_for(lambda: statuses(stack.port)[launched[0]] == "SUCCESS", stack.log)


@pytest.mark.heavy
def test_stop_ends_the_run_workers_and_their_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is interrupted by the stop must not be called started for ever."""
    stack = Stack(tmp_path).wait_until_ready()
    try:
        wait_for(lambda: is_loaded(stack.port), stack.log)
        run_id = stack.launch("sleep_long")
        wait_for(lambda: statuses(stack.port)[run_id] == "STARTED", stack.log)
        assert stop_stack(stack.data_dir) is True
        assert stack.process.wait(LIMIT_S) == 0
    finally:
        stack.end()
    assert stack.members() == []
    assert read_stack_state(stack.data_dir) is None
    monkeypatch.setenv("DAGSTER_HOME", str(stack.data_dir / "dagster"))
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.is_finished
    assert "1 running batches were interrupted" in stack.log.read_text()


@pytest.mark.heavy
def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """Run workers included, which are no children of the supervisor."""
    stack = Stack(tmp_path).wait_until_ready()
    try:
        wait_for(lambda: is_loaded(stack.port), stack.log)
        run_id = stack.launch("sleep_long")
        wait_for(lambda: statuses(stack.port)[run_id] == "STARTED", stack.log)
        socket_path = next(p for p in stack.member("grpc").cmdline() if p.endswith("code.sock"))
        folder = Path(socket_path).parent
        assert folder.is_dir()
        stack.process.kill()
    finally:
        stack.end()
    wait_for(lambda: stack.members() == [], stack.log)
    wait_for(lambda: not folder.exists(), stack.log)
    assert read_stack_state(stack.data_dir) is None


@pytest.mark.heavy
def test_code_that_does_not_load_stops_the_start(tmp_path: Path) -> None:
    stack = Stack(tmp_path, module="no_such_module")
    assert stack.process.wait(LIMIT_S) == 1
    log = stack.log.read_text()
    assert "No module named 'no_such_module'" in log
    assert "The code service ended while starting" in log
    assert stack.members() == []


@pytest.mark.heavy
def test_service_that_keeps_ending_stops_the_stack(tmp_path: Path) -> None:
    stack = Stack(tmp_path, max_restarts=0).wait_until_ready()
    os.kill(stack.member("dagster-daemon").pid, signal.SIGKILL)
    assert stack.process.wait(LIMIT_S) == 1
    assert "The daemon service ended 1 times" in stack.log.read_text()
    assert stack.members() == []


@pytest.mark.heavy
@pytest.mark.parametrize("command", [["dagster", "dev"], ["dg", "dev", "--use-active-venv"]])
def test_dagster_dev_in_a_clone_sees_the_runs_of_up(stack: Stack, command: list[str]) -> None:
    """What every Dagster user types first, without DAGSTER_HOME, reads the same storage."""
    folder, port = stack.folder, free_port()
    (folder / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    workspace = (ROOT / "workspace.yaml").read_text()
    (folder / "workspace.yaml").write_text(
        workspace.replace("doc_pipeline.definitions", "tiny_definitions")
    )
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "tiny_project" / "defs").mkdir(parents=True, exist_ok=True)
    (folder / "tiny_project" / "__init__.py").touch()
    (folder / "tiny_project" / "defs" / "__init__.py").touch()
    bin_folder = Path(sys.executable).parent
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment.get('PATH', '')}"
    environment["DAGSTER_DISABLE_TELEMETRY"] = "1"
    wait_for(lambda: is_loaded(stack.port), stack.log)
    log = folder / f"{command[0]}.log"
    with log.open("w") as output:
        dev = subprocess.Popen(
            [str(bin_folder / command[0]), *command[1:], "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: is_loaded(port), log)
        run_id = launch(port, "do_nothing")
        wait_for(lambda: statuses(stack.port).get(run_id) == "SUCCESS", log)
        assert statuses(port) == statuses(stack.port)
    finally:
        # `dagster dev` cannot be stopped cleanly from a script: its whole session is ended.
        for process in [p for p in psutil.process_iter() if is_in_session(p.pid, dev.pid)]:
            process.kill()
        dev.wait(LIMIT_S)


def is_in_session(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session
    except OSError:
        return False
