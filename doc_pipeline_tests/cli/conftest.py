"""One data folder for a module's tests, filled by the commands themselves and processed once."""

from __future__ import annotations

import json
import logging
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from doc_pipeline.cli.main import main
from doc_pipeline.settings import get_settings


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


class _Output(TextIOWrapper):
    """Takes text and, as `text` writes them, bytes."""

    def __init__(self) -> None:
        self.bytes = BytesIO()
        super().__init__(self.bytes, encoding="utf-8", newline="")

    @property
    def text(self) -> str:
        self.flush()
        return self.bytes.getvalue().decode()


@dataclass
class CommandLine:
    """`doc-pipeline` in this process, on a data folder of its own, as `main` runs it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, *words: str, **environment: str) -> Ended:
        settings = {
            "DOC_PIPELINE_DATA_DIR": str(self.folder),
            "DOC_PIPELINE_SETTLE_S": "0",
            **self.environment,
            **environment,
        }
        out, err = _Output(), _Output()
        # `process` quietens them for the rest of its process.
        levels = {name: logging.getLogger(name).level for name in ("doc_pipeline", "dagster")}
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            # No .env of the person who runs the tests.
            patch.chdir(self.folder.parent)
            patch.setattr("sys.argv", ["doc-pipeline", *words])
            for name in [*os.environ]:
                if name.startswith(("DOC_PIPELINE_", "AWS_", "S3_", "MINIO_", "OPENAI_")):
                    patch.delenv(name)
            for name, value in settings.items():
                patch.setenv(name, value)
            code = 0
            # A process has one set of settings; here each command is as good as a process.
            get_settings.cache_clear()
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            finally:
                get_settings.cache_clear()
                for name, level in levels.items():
                    logging.getLogger(name).setLevel(level)
        return Ended(code, out.text, err.text)


NOTES = """Terms of payment

Invoices are due within thirty days. A late payment costs two percent a month.

Lanterns

Store the lantern dry and charge it twice each winter.
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two good documents and two bad ones; treat it as read-only."""
    root = tmp_path_factory.mktemp("cli")
    files = root / "files"
    files.mkdir()
    (files / "notes.txt").write_text(NOTES)
    (files / "strange, name\n\x1b[31m.txt").write_text("A page with a name of many signs.")
    (files / "empty.txt").touch()
    (files / "broken.pdf").write_bytes(b"%PDF-1.4 nothing more")
    run = CommandLine(root / "data")
    assert run("add", str(files)).code == 0
    assert run("process").code == 1, "two of the documents are bad"
    return root / "data"


@pytest.fixture
def cli(filled: Path) -> CommandLine:
    """The command line on the module's data folder."""
    return CommandLine(filled)


@pytest.fixture
def fresh(tmp_path: Path) -> CommandLine:
    """The command line on a data folder that is not there yet."""
    return CommandLine(tmp_path / "data")
