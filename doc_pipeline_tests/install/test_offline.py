"""After the install nothing needs a network, and nothing looks for one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doc_pipeline_tests.house.sources import ROOT
from doc_pipeline_tests.install.clones import BIN, run

pytestmark = pytest.mark.heavy

EXAMPLES = ROOT / "examples" / "documents"
# Python reads it at the start of each process: names that are looked up and addresses beyond
# loopback are written down. Without a network they would fail in silence.
WATCH = """
import os
import sys

LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def note(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name and not name.startswith(LOCAL):
        with open(os.environ["TRIES_FILE"], "a") as file:
            file.write(f"{event} {name} by {sys.argv}\\n")


sys.addaudithook(note)
"""


@pytest.fixture(scope="module")
def unshare() -> list[str]:
    """The words before a command that give it a network of its own, with nothing in it."""
    program = shutil.which("unshare")
    if program is None:
        pytest.skip("system: unshare (util-linux) is not on this machine")
    ways = [[program, "--user", "--map-root-user", "--net"]]
    if os.geteuid() == 0:
        ways.append([program, "--net"])
    for way in ways:
        if subprocess.run([*way, "true"], capture_output=True).returncode == 0:
            return [*way, sys.executable, str(Path(__file__).with_name("loopback_only.py"))]
    pytest.skip("this sandbox forbids network namespaces")


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """Variables that let each Python process note what it tries, in `tries`."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    return {"PYTHONPATH": str(tmp_path), "TRIES_FILE": str(tmp_path / "tries")}


def test_network_is_really_away(
    unshare: list[str], watched: dict[str, str], tmp_path: Path
) -> None:
    """Else the next test would prove nothing. The address is one of those kept for examples."""
    code = """if True:
        import errno, socket
        try:
            socket.create_connection(("192.0.2.1", 80), timeout=5)
        except OSError as error:
            print(errno.errorcode[error.errno])
    """
    said = run(*unshare, sys.executable, "-c", code, cwd=tmp_path, env=watched)
    assert said.strip() == "ENETUNREACH"
    assert "192.0.2.1" in (tmp_path / "tries").read_text()


def test_examples_come_through_without_network(
    unshare: list[str], watched: dict[str, str], tmp_path: Path
) -> None:
    """Added, processed, searched; and no process as much as asked for a name."""
    if shutil.which("tesseract") is None:
        pytest.skip("system: no tesseract, and one example is a picture")
    more = {**watched, "DOC_PIPELINE_SETTLE_S": "0"}
    command = BIN / "doc-pipeline"
    run(*unshare, command, "add", EXAMPLES, cwd=tmp_path, env=more)
    run(*unshare, command, "process", cwd=tmp_path, env=more)
    listed = json.loads(run(*unshare, command, "ls", "--json", cwd=tmp_path, env=more))
    documents = [path for path in EXAMPLES.iterdir() if not path.name.endswith(".meta.json")]
    uploads = [row for row in listed if row["parent_id"] is None]
    assert len(uploads) == len(documents)
    assert len(listed) == len(documents) + 1, "a mail carries a delivery note"
    assert {row["processing_status"] for row in listed} == {"completed"}
    hits = json.loads(
        run(*unshare, command, "search", "battery warranty", "--json", cwd=tmp_path, env=more)
    )
    assert hits
    tries = tmp_path / "tries"
    assert not tries.exists(), tries.read_text()
