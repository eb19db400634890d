"""Big objects never stand in memory whole: measured on a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from doc_pipeline_tests.servers.s3 import S3Server

pytestmark = pytest.mark.heavy

MIB = 1024 * 1024
SIZE = 192 * MIB
ALLOWED = 96 * MIB

MEASURE = """
import sys
from pathlib import Path
from doc_pipeline.storage.blobs import StoreCredentials, open_blob_store
from doc_pipeline.storage.uploads import open_upload_store

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

url, source, folder, endpoint = sys.argv[1:]
given = StoreCredentials(endpoint_url=endpoint or None, region="us-east-1", access_key_id="k",
                         secret_access_key="s")
blobs = open_blob_store(url, "artifacts", given)
uploads = open_upload_store(url, given)
blobs.put("small", b"1")
before = peak()
blobs.put_file("big/raw", Path(source))
uploads.put("big/upload", Path(source))
largest = max(len(piece) for piece in uploads.stream("big/raw"))
with blobs.local_copy("big/raw", Path(folder)) as path:
    assert path.stat().st_size == Path(source).stat().st_size
print(largest, peak() - before)
"""


@pytest.mark.parametrize("kind", ["file", "s3"])
def test_peak_memory_of_a_big_file(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source, folder = tmp_path / "source", tmp_path / "copies"
    folder.mkdir()
    with source.open("wb") as file:
        file.truncate(SIZE)
    url, endpoint = (tmp_path / "store").as_uri(), ""
    if kind == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        url, endpoint = f"s3://{server.make_bucket()}", server.endpoint_url
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, url, str(source), str(folder), endpoint],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    largest, growth = map(int, done.stdout.split())
    assert largest <= 8 * MIB
    assert growth < ALLOWED, f"{growth / MIB:.0f} MiB for a file of {SIZE // MIB} MiB"
