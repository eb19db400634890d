"""What the stack is started with: options, commands, environment and workspace of its services.

Starts nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SOCKET_PATH_LIMIT = 100  # the kernel takes 107 bytes (103 on macOS)


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What `up` needs to know."""

    data_dir: Path
    dagster_home: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    host: str = "127.0.0.1"
    port: int = 3000
    module: str = "doc_pipeline.definitions"
    location: str = "doc_pipeline"
    log_level: str = "info"
    max_restarts: int = 5
    restart_wait_s: float = 1.0
    start_s: float = 180.0
    stop_s: float = 10.0
    on_locked: Callable[[], None] | None = None
    """Called once the lock is held and before anything starts: no other stack is on this folder,
    so a run that the instance still calls started has lost its worker."""


def make_socket_folder() -> Path:
    """Make a folder of this user's own whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="doc-pipeline-"))
    if len(os.fsencode(folder)) > _SOCKET_PATH_LIMIT - len("/code.sock"):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="doc-pipeline-", dir="/tmp"))
    return folder


def environment_of(options: StackOptions) -> dict[str, str]:
    """Make the environment of all services."""
    environment = {
        **os.environ,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
        "DAGSTER_GRPC_TIMEOUT_SECONDS": "300",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
        **options.environment,
        "DAGSTER_HOME": str(options.dagster_home),
    }
    # Without bytecode every start and every run compiles all libraries again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def commands_of(
    options: StackOptions, socket_path: Path, workspace: Path
) -> tuple[list[str], list[str], list[str]]:
    """Console scripts and arguments of code server, web page and daemon."""
    log = ["--log-level", options.log_level]
    code = ["dagster", "api", "grpc", "--module-name", options.module]
    code += ["--socket", str(socket_path), "--location-name", options.location]
    # The code comes from the installed package, not from whatever folder the user stands in.
    code += ["--empty-working-directory", "--inject-env-vars-from-instance", *log]
    web = ["dagster-webserver", "--host", options.host, "--port", str(options.port)]
    web += ["--workspace", str(workspace), "--dagster-log-level", options.log_level]
    daemon = ["dagster-daemon", "run", "--workspace", str(workspace), *log]
    return code, web, daemon


def workspace_of(socket_path: Path, location: str) -> str:
    """Make the workspace file that points at the one code server; JSON is YAML."""
    server = {"host": "localhost", "socket": str(socket_path), "location_name": location}
    return json.dumps({"load_from": [{"grpc_server": server}]})
