"""The whole product as a user runs it: `doc-pipeline up` on a data folder of its own.

Statuses are read back over GraphQL, as the Dagster UI reads them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ASSETS = (
    "raw_document",
    "extracted_text",
    "document_chunks",
    "chunk_embeddings",
    "document_record",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """A running stack: its data folder, its uploads, its GraphQL door."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.uploads = data_dir / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
            "DOC_PIPELINE_DATA_DIR": str(data_dir),
            "DOC_PIPELINE_SENSOR_INTERVAL_S": "2",
            "DOC_PIPELINE_SETTLE_S": "0.2",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    # -- life -------------------------------------------------------------------------------

    def start(self) -> None:
        log = (self.data_dir / "stack.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "doc_pipeline.cli.main", "up", "--port", str(self.port)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self.environment,
            cwd=self.data_dir,
        )
        self.wait_for(self.is_up, "the web page answers", 120)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            self.graphql("{ version }")
            listed = self.graphql(
                f"{{ sensorsOrError(repositorySelector: {REPO}) {{ __typename }} }}"
            )
        except (OSError, AssertionError):
            return False
        return listed["sensorsOrError"]["__typename"] == "Sensors"

    def log(self) -> str:
        return (self.data_dir / "stack.log").read_text(errors="replace")[-6000:]

    def cli(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "doc_pipeline.cli.main", *words],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.data_dir,
            timeout=240,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def cli_json(self, *words: str) -> Any:
        return json.loads(self.cli(*words, "--json").stdout)

    def wait_for(self, is_true: Callable[[], object], what: str, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_true():
                return
            time.sleep(0.5)
        raise AssertionError(f"waited {seconds:.0f} s in vain: {what}\n{self.log()}")

    # -- what people see ------------------------------------------------------------------------

    def statuses(self) -> dict[str, str]:
        """Status by upload key, from the command line."""
        rows = self.cli_json("ls", "--limit", "10000")
        return {row["source_key"]: row["processing_status"] for row in rows}

    def wait_until_settled(self, count: int, seconds: float = 240) -> dict[str, str]:
        def settled() -> bool:
            statuses = self.statuses()
            busy = {"pending", "processing"}
            return len(statuses) >= count and not busy & set(statuses.values())

        self.wait_for(settled, f"{count} documents settled", seconds)
        return self.statuses()

    def graphql(self, query: str, **variables: object) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            read = json.load(answer)
        assert "errors" not in read, read
        return read["data"]

    def partitions(self, asset: str) -> dict[str, int]:
        """Counts of the asset's partitions as the UI shows them."""
        query = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
          ... on AssetNode { partitionStats {
            numMaterialized numFailed numPartitions numMaterializing } } } }"""
        node = self.graphql(query, key={"path": [asset]})["assetNodeOrError"]
        stats = node["partitionStats"]
        return {
            "all": stats["numPartitions"],
            "green": stats["numMaterialized"],
            "red": stats["numFailed"],
        }

    def red_partitions(self, asset: str) -> set[str]:
        query = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
          ... on AssetNode { assetPartitionStatuses {
            ... on DefaultPartitionStatuses { failedPartitions } } } } }"""
        node = self.graphql(query, key={"path": [asset]})["assetNodeOrError"]
        return set(node["assetPartitionStatuses"]["failedPartitions"])

    def runs(self) -> list[dict[str, Any]]:
        query = """{ runsOrError(limit: 200) { ... on Runs { results {
          runId jobName status tags { key value } } } } }"""
        return self.graphql(query)["runsOrError"]["results"]

    def reexecute(self, run_id: str) -> str:
        """Press 'Re-execute from failure' on a run."""
        query = """mutation($params: ReexecutionParams!) {
          launchRunReexecution(reexecutionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } }
            ... on PythonError { message } } }"""
        params = {"parentRunId": run_id, "strategy": "FROM_FAILURE"}
        done = self.graphql(query, params=params)["launchRunReexecution"]
        assert done["__typename"] == "LaunchRunSuccess", done
        return done["run"]["runId"]

    def backfill(self, keys: list[str]) -> str:
        """Materialize these partitions of all five assets, as the UI's dialog does."""
        query = """mutation($params: LaunchBackfillParams!) {
          launchPartitionBackfill(backfillParams: $params) {
            __typename ... on LaunchBackfillSuccess { backfillId }
            ... on PythonError { message } } }"""
        params = {
            "assetSelection": [{"path": [asset]} for asset in ASSETS],
            "partitionNames": keys,
            "fromFailure": False,
        }
        done = self.graphql(query, params=params)["launchPartitionBackfill"]
        assert done["__typename"] == "LaunchBackfillSuccess", done
        return done["backfillId"]

    def backfill_status(self, backfill_id: str) -> str:
        query = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
          ... on PartitionBackfill { status } } }"""
        return self.graphql(query, id=backfill_id)["partitionBackfillOrError"]["status"]

    def reexecute_backfill(self, backfill_id: str) -> str:
        """Press 'Re-execute from failure' on a backfill."""
        query = """mutation($params: ReexecutionParams!) {
          reexecutePartitionBackfill(reexecutionParams: $params) {
            __typename ... on LaunchBackfillSuccess { backfillId }
            ... on PythonError { message } } }"""
        params = {"parentRunId": backfill_id, "strategy": "FROM_FAILURE"}
        done = self.graphql(query, params=params)["reexecutePartitionBackfill"]
        assert done["__typename"] == "LaunchBackfillSuccess", done
        return done["backfillId"]


REPO = '{repositoryName: "__repository__", repositoryLocationName: "doc_pipeline"}'
