"""The wheel, and an environment that has it. Made once; no package index is asked."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from doc_pipeline_tests.install.clones import BIN, copy_project, run


@dataclass(frozen=True)
class Installed:
    """A fresh environment: its python, its command line, its site-packages."""

    python: Path
    command: Path
    packages: Path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: the checkout stays as it is."""
    clone = copy_project(tmp_path_factory.mktemp("wheel"))
    run(BIN / "python", "-m", "hatchling", "build", "-t", "wheel", cwd=clone)
    (built,) = (clone / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, over the libraries of this one.

    A path in a .pth file adds the libraries, but not the checkout: .pth files in there, which
    point to it, are not read.
    """
    folder = tmp_path_factory.mktemp("fresh")
    run(BIN / "python", "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(
        *(BIN / "uv", "pip", "install", "--offline", "--no-index", "--no-deps"),
        *("--python", python, wheel),
        cwd=folder,
    )
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
                        cwd=folder).strip())  # fmt: skip
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(python, python.with_name("doc-pipeline"), packages)
