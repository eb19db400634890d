"""Word lists of the tagger: closed classes by hand, open classes from lemminflect's table."""

from __future__ import annotations

import csv
import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

Lexicon: TypeAlias = "dict[str, tuple[frozenset[str], frozenset[str]]]"
"""Lower-case form: its verb classes and its other classes."""


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


ABBREVIATIONS = _set_of(
    """mr mrs ms dr prof sr jr st rev hon gen col lt sgt capt gov sen rep pres e.g i.e eg ie cf vs
    viz al approx no nos vol pp p fig figs eq eqs ch sec art ed eds est dept univ inc ltd co corp
    llc plc bros assn u.s u.k u.n u.s.a d.c a.m p.m jan feb mar apr jun jul aug sep sept oct nov
    dec mon tue wed thu fri sat sun nr bzw usw ca str z.b d.h u.a abs"""
)
AUXILIARIES = _set_of(
    "be am is are was were been being 'm 're 've have has had having get gets got"
)
_CLOSED = {
    "DT": "the a an this that these those each every any some no all both either neither another",
    "PRP": "i you he she it we they me him us them myself itself themselves himself herself",
    "PRP$": "my your his her its our their",
    "MD": "can could may might must shall should will would 'll 'd cannot",
    "TO": "to",
    "IN": "of in on at by for with from into about as than through over under between after before "
    "during against without within upon among per via because if while although though since "
    "until unless whether",
    "CC": "and or but nor",
    "WDT": "which",
    "WP": "who what whom",
    "WRB": "when where why how",
    "EX": "there",
    "RB": "not n't also very too only never always often here then now just still even again "
    "already however therefore thus not currently",
    "POS": "'s",
    "VB": "be",
    "VBP": "am are 'm 're 've have do",
    "VBZ": "is has does",
    "VBD": "was were had did",
    "VBN": "been done",
    "VBG": "being having doing",
}
FUNCTION_TAGS = {word: tag for tag, words in _CLOSED.items() for word in words.split()}
_VERB_COLUMNS = ("VBD", "VBN", "VBG", "VBZ")


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Classes of about 70,000 forms. The table is read, lemminflect itself is not imported.

    Importing it would import spaCy where that is installed (2.8 CPU-seconds, 100 MB).
    """
    verbs: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    with gzip.open(_table(), "rt", encoding="utf-8", newline="") as rows:
        for lemma, word_class, *forms in csv.reader(rows):
            if word_class == "verb":
                _add_verb(lemma, forms, verbs)
            else:
                _add_other(lemma, word_class, forms, others)
    words = verbs.keys() | others.keys()
    return {
        word: (frozenset(verbs.get(word, ())), frozenset(others.get(word, ()))) for word in words
    }


def _table() -> Path:
    spec = find_spec("lemminflect")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("lemminflect is not installed", name="lemminflect")
    return Path(spec.submodule_search_locations[0]) / "resources" / "infl_lu.csv.gz"


def _add_verb(lemma: str, forms: list[str], verbs: dict[str, set[str]]) -> None:
    if not lemma.islower():
        return
    verbs.setdefault(lemma, set()).add("VB")
    past = forms[0] if forms else ""
    columns = dict(zip(_VERB_COLUMNS, [*forms, "", "", "", ""], strict=False))
    columns["VBN"] = columns["VBN"] or past
    for tag, spellings in columns.items():
        for form in filter(None, spellings.split("/")):
            verbs.setdefault(form, set()).add(tag)


def _add_other(lemma: str, word_class: str, forms: list[str], others: dict[str, set[str]]) -> None:
    tag = {"adj": "JJ", "adv": "RB"}.get(word_class, "NN")
    others.setdefault(lemma.lower(), set()).add(tag)
    if tag == "NN" and forms:
        for form in filter(None, forms[0].split("/")):
            others.setdefault(form.lower(), set()).add("NNS" if form != lemma else "NN")
