"""The seam to unstructured: its contract with the pinned version, and that nothing goes out."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from doc_pipeline.extraction import tagger
from doc_pipeline.extraction.tokenizer_seam import PUBLIC_FUNCTIONS


def _unstructured() -> Path:
    spec = find_spec("unstructured")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _tree(name: str) -> ast.Module:
    return ast.parse((_unstructured() / name).read_text(encoding="utf-8"))


def test_replaced_module_has_exactly_our_functions() -> None:
    """Read, not imported: the module imports spaCy, which a lean install leaves out."""
    functions = {
        node.name: [arg.arg for arg in node.args.args]
        for node in _tree("nlp/tokenize.py").body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert functions == {name: ["text"] for name in PUBLIC_FUNCTIONS}
    assert all(callable(getattr(tagger, name)) for name in PUBLIC_FUNCTIONS)


def test_only_text_type_asks_on_the_partition_path() -> None:
    users = [
        path.relative_to(_unstructured()).as_posix()
        for path in _unstructured().rglob("*.py")
        if "nlp.tokenize" in path.read_text(encoding="utf-8")
    ]
    assert [name for name in users if name.startswith("partition/")] == ["partition/text_type.py"]
    imported = {
        alias.name
        for node in ast.walk(_tree("partition/text_type.py"))
        if isinstance(node, ast.ImportFrom) and node.module == "unstructured.nlp.tokenize"
        for alias in node.names
    }
    assert imported == set(PUBLIC_FUNCTIONS)


@pytest.mark.heavy
def test_no_network_and_no_spacy(tmp_path: Path) -> None:
    """Every way out is shut and counted: no telemetry, no notice, no model download."""
    page = tmp_path / "raw"
    page.write_text("<html><body><h1>News</h1><p>The bridge was opened today.</p></body></html>")
    code = f"""
import socket, sys, threading
tried = []
def refuse(*args, **kwargs):
    tried.append(args)
    raise OSError("no network in this test")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from pathlib import Path
from doc_pipeline.extraction.registry import *
found = extract_file(Path({str(page)!r}), ExtractRequest(kind="html", name="a.html"))
assert [e.type for e in found.elements] == ["Title", "NarrativeText"], found.elements
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(5)
assert not tried, tried
assert not {{"spacy", "lemminflect", "numba"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_seam_reaches_a_text_type_imported_before() -> None:
    """Another library may have imported unstructured first."""
    code = """
import sys
from types import ModuleType
early = ModuleType("unstructured.partition.text_type")
early.pos_tag = early.sent_tokenize = early.word_tokenize = None
sys.modules[early.__name__] = early
from doc_pipeline.extraction.tokenizer_seam import install_tokenizer
from doc_pipeline.extraction import tagger
install_tokenizer()
install_tokenizer()
assert early.pos_tag is tagger.pos_tag
assert sys.modules["unstructured.nlp.tokenize"] is tagger
"""
    subprocess.run([sys.executable, "-c", code], check=True)
