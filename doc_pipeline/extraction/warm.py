"""Imports the libraries of an extractor ahead of its first file, where many files will come.

Only libraries that start no threads, so that the process may fork afterwards. Reads no file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from doc_pipeline.extraction.language import detect_language
from doc_pipeline.extraction.partitions import classify_text, load_partition

_PARTITIONS: dict[str, tuple[str, ...]] = {
    "plain_text": ("text",),
    "markup": ("md", "html"),
    "office": ("docx", "pptx"),
    "mail": ("html",),
    "outlook": ("html",),
    "structured_text": ("text",),
    "xml_text": ("text",),
    "rtf": ("text",),
    "legacy": ("md",),
}
_LIBRARIES: dict[str, tuple[str, ...]] = {
    "pdf.document": ("pypdfium2", "pypdfium2.raw"),
    "ocr.pictures": ("PIL.Image",),
    "sheets": ("python_calamine",),
    "outlook": ("oxmsg.storage", "olefile"),
    "structured_text": ("docutils.core", "orgparse"),
    "xml_text": ("lxml.etree",),
    "rtf": ("striprtf.striprtf",),
}
_SENTENCE = "These few words only serve to have the tables of words and letters loaded."


_warm: set[str] = set()


def warm_up(module: str) -> bool:
    """Import an extractor's module, named as in the registry, and what it imports at work.

    False when this process, or the one it was forked from, has done it before.
    """
    if module in _warm:
        return False
    _warm.add(module)
    steps: list[Callable[[], object]] = [
        lambda: import_module(f"doc_pipeline.extraction.{module}"),
        *(lambda n=name: import_module(n) for name in _LIBRARIES.get(module, ())),
        *(lambda n=name: load_partition(n) for name in _PARTITIONS.get(module, ())),
    ]
    if module in _PARTITIONS:
        steps.append(lambda: classify_text(_SENTENCE))  # loads the lexicon
    steps.append(lambda: detect_language(_SENTENCE))  # loads the profiles
    for step in steps:
        # What cannot be imported is named, with its remedy, when a file needs it.
        with suppress(ImportError, AttributeError):
            step()
    return True
