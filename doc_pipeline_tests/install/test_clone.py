"""What every Dagster user types first in a clone: it loads, and sees what `up` sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doc_pipeline_tests.install.clones import BIN, copy_project, plain_environment, run
from doc_pipeline_tests.stack.running import ASSETS, free_port

pytestmark = pytest.mark.heavy

WHERE = "import doc_pipeline, pathlib; print(pathlib.Path(doc_pipeline.__file__).parents[1])"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.mark.parametrize("words", [("dg", "check", "defs"), ("dagster", "definitions", "validate")])
def test_definitions_load(clone: Path, words: tuple[str, ...]) -> None:
    """Beside the classic workspace.yaml the [tool.dg] block works."""
    own = {"PYTHONPATH": str(clone)}
    assert run(BIN / "python", "-c", WHERE, cwd=clone, env=own).strip() == str(clone)
    run(BIN / words[0], *words[1:], cwd=clone, env=own)


@pytest.fixture(params=["dagster", "dg"])
def door(request: pytest.FixtureRequest, clone: Path) -> Iterator[int]:
    """The port of `dagster dev` and of `dg dev`, started in the clone with no settings."""
    port = free_port()
    log = clone.parent / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / request.param, "dev", "--port", str(port)],
            cwd=clone,
            env=plain_environment(
                {
                    "PYTHONPATH": str(clone),
                    "DOC_PIPELINE_SENSOR_INTERVAL_S": "2",
                    "DOC_PIPELINE_SETTLE_S": "0",
                }
            ),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_hear_interrupts,
        )
    try:
        _wait(lambda: _asset_names(port) >= set(ASSETS), log, process)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def test_dev_server_sees_the_storage_of_up(door: int, clone: Path) -> None:
    """A dropped file comes through by its sensor; the command line then finds it in .data."""
    log = clone.parent / "dev.log"
    uploads = clone / ".data" / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    (uploads / "buoy.txt").write_text("The green buoy off the harbour swings in the tide.")
    _wait(lambda: _materialized(door) == 1, log)
    found = json.loads(run(BIN / "doc-pipeline", "search", "green buoy", "--json", cwd=clone))
    assert found[0]["source_key"] == "buoy.txt"
    assert (clone / ".data" / "dagster").is_dir()


def _hear_interrupts() -> None:
    """A shell starts what runs in its background deaf to them, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait(
    is_true: Callable[[], bool], log: Path, process: subprocess.Popen[bytes] | None = None
) -> None:
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        assert process is None or process.poll() is None, log.read_text()[-4000:]
        try:
            if is_true():
                return
        except OSError:
            pass  # does not listen yet
        time.sleep(0.5)
    raise AssertionError(f"waited in vain\n{log.read_text()[-4000:]}")


def _graphql(port: int, query: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def _asset_names(port: int) -> set[str]:
    data = _graphql(port, "{ assetNodes { assetKey { path } } }")
    return {node["assetKey"]["path"][0] for node in data["assetNodes"]}


def _materialized(port: int) -> int:
    data = _graphql(
        port,
        '{ assetNodeOrError(assetKey: {path: ["document_record"]}) '
        "{ ... on AssetNode { partitionStats { numMaterialized } } } }",
    )
    return data["assetNodeOrError"]["partitionStats"]["numMaterialized"]
