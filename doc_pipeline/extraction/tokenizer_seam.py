"""Puts our tagger where unstructured keeps its own, before any partitioner is imported.

unstructured 0.27 loads a spaCy model there, downloads it at first use, and reports each call to
its maker. With the seam nothing is loaded, downloaded or reported. Contract: its test.
"""

from __future__ import annotations

import os
import sys

from doc_pipeline.extraction import tagger

TOKENIZER = "unstructured.nlp.tokenize"
PUBLIC_FUNCTIONS = ("pos_tag", "sent_tokenize", "word_tokenize")
OPT_OUT = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
}


def install_tokenizer() -> None:
    """Make unstructured ask our tagger; also where it was imported before. Safe to call again."""
    os.environ.update(OPT_OUT)
    sys.modules[TOKENIZER] = tagger
    users = sys.modules.get("unstructured.partition.text_type")
    if users is not None:
        for name in PUBLIC_FUNCTIONS:
            setattr(users, name, getattr(tagger, name))
