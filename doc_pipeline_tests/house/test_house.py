"""The conventions of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from doc_pipeline import __version__
from doc_pipeline_tests.house.sources import ROOT, modules, place_of, tracked_files, tree_of

MOST_LINES = 400
# Tables of many small entries, each read on its own; splitting them would hide the whole.
LONGER_BY_NATURE = {"domain/errors.py": 640}
MOST_DOCSTRING_LINES = 5
# The error tree is drawn in its docstring (style: encode/httpx).
DRAWN_IN_DOCSTRING = {"domain/errors.py"}

# What a place of work or a package registry would leave behind. Written in pieces, so that this
# file does not hold what it looks for.
FOREIGN = re.compile(
    "|".join(
        (
            r"(?<![\w.])/" + r"work/",
            r"(?<![\w.])/" + r"root/",
            r"(?<![\w.])/" + r"home/\w+/",
            r"/" + r"Users/\w+/",
            r"--(?:extra-)?index-" + r"url",
            r"(?:^|\n)\s*index-" + r"url\s*=",
            r"files\.python" + r"hosted\.org",
            r"https?://[\w.-]*(?:arti" + r"factory|nex" + r"us|dev" + r"pi|pypi-mir" + r"ror)",
        )
    )
)
NOT_TEXT = {".png", ".jpg", ".pdf", ".docx", ".pptx", ".xlsx", ".zip", ".db", ".lance", ".sqlite"}

HEAVY = ("lancedb", "unstructured", "openai", "pandas")
# Functions that reach for network or files; at the top of a module none of them may be called.
REACHING = {
    "open", "read_text", "read_bytes", "write_text", "mkdir", "connect", "urlopen", "create_engine",
    "open_catalog", "open_index", "open_blob_store", "open_upload_store", "open_embedder",
    "get_settings", "read_settings", "getenv",
}  # fmt: skip

# Dagster imports `definitions.defs`: there settings are read, and nothing else is touched.
DOORS = {("definitions.py", "get_settings")}


@pytest.mark.parametrize("path", modules(), ids=place_of)
def test_a_module_says_what_belongs_in_it(path: Path) -> None:
    """Blank lines do not count: ruff asks for one after the first sentence."""
    docstring = ast.get_docstring(tree_of(path))
    assert docstring, "no module docstring"
    if place_of(path) not in DRAWN_IN_DOCSTRING:
        lines = sum(1 for line in docstring.splitlines() if line.strip())
        assert lines <= MOST_DOCSTRING_LINES, f"{lines} lines of docstring"


@pytest.mark.parametrize("path", modules(), ids=place_of)
def test_a_module_is_not_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    allowed = LONGER_BY_NATURE.get(place_of(path), MOST_LINES)
    assert lines <= allowed, f"{lines} lines: look for the missing module"


def test_nothing_reaches_for_files_or_network_at_import() -> None:
    """Calls outside functions run at import; those on `importlib.resources` count as well."""
    calls = [
        f"doc_pipeline/{place_of(path)}:{call.lineno} calls {_name_of(call)}"
        for path in modules()
        if "/migrations/" not in f"/{place_of(path)}"
        for call in _calls_at_import(tree_of(path))
        if _name_of(call) in REACHING and (place_of(path), _name_of(call)) not in DOORS
    ]
    assert calls == []


def _calls_at_import(node: ast.AST) -> list[ast.Call]:
    found: list[ast.Call] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "__main__" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Call):
            found.append(child)
        found += _calls_at_import(child)
    return found


def _name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)


def test_definitions_load_nothing_heavy() -> None:
    """Every run is a process that imports them: 3 CPU-seconds, or 12 with all at the top.

    The libraries must be there to be found: an absent one proves nothing.
    """
    code = (
        "import importlib.util, sys\n"
        f"heavy = {HEAVY!r}\n"
        "absent = [m for m in heavy if importlib.util.find_spec(m) is None]\n"
        "import doc_pipeline.definitions\n"
        "print(absent, [m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[] []", "absent libraries, loaded libraries"


def test_definitions_can_be_imported_where_nothing_can_be_written(tmp_path: Path) -> None:
    """Importing makes no folder and no file: a code server may stand on a read-only disk."""
    code = "import sys; sys.dont_write_bytecode = True; import doc_pipeline.definitions"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_tracked_file_names_this_machine() -> None:
    """Neither paths of whoever wrote it nor hosts of their package registry."""
    found: list[str] = []
    for path in tracked_files():
        if path.suffix.lower() in NOT_TEXT:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {m.group()!r}" for m in FOREIGN.finditer(text)]
    assert found == []


def test_generated_and_private_files_are_not_tracked() -> None:
    """uv.lock holds the host of a registry; .env and .data hold what is private."""
    tracked = {path.relative_to(ROOT).as_posix() for path in tracked_files()}
    assert not tracked & {"uv.lock", ".env"}
    assert not [name for name in tracked if name.startswith((".data/", ".venv/"))]


def test_the_changelog_is_kept() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "Keep a Changelog" in text
    sections = re.findall(r"^## (\S+)", text, re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert __version__ in sections


def test_no_report_files_in_the_tree() -> None:
    """Progress belongs in commits and the changelog."""
    names = {path.name for path in tracked_files()}
    assert not names & {"COMPLETE.md", "SUMMARY.md", "TODO.md"}


def test_every_test_folder_mirrors_the_package() -> None:
    """A test stands where its module stands; the rest look at the whole."""
    own = {"house", "install", "servers", "stack", "upgrades"}
    for folder in sorted((ROOT / "doc_pipeline_tests").iterdir()):
        if folder.is_dir() and (folder / "__init__.py").is_file() and folder.name not in own:
            assert (ROOT / "doc_pipeline" / folder.name).is_dir(), folder.name
