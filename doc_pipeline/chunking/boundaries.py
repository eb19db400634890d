"""What a cut before an atom costs, by structure. Figures measured on questions with known answers.

Negative costs invite a cut. Does not know sizes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

from doc_pipeline.chunking.atoms import Atom, Edge

AFTER_HEADING = 3.0
"""A heading stays with its text."""

AFTER_COLON = 0.8

COST_OF_EDGE = {
    Edge.BREAK: 0.0,
    Edge.HEADING: -0.6,
    Edge.SUBHEADING: -0.42,
    Edge.PAGE: -1.2,  # a slide stands alone; one of a few words may still join its neighbour
    Edge.PARAGRAPH: 0.0,
    Edge.ITEM: 0.15,
    Edge.LINE: 0.25,
    Edge.SENTENCE: 0.35,
    Edge.ROW: 0.45,
    Edge.CODE: 0.5,
    Edge.CLAUSE: 1.2,
}


PREFERENCE = 0.2
"""Strength of a preference that each boundary takes from the words beside it.

Without it the cuts of a long stretch of like paragraphs hang together, and an edit moves cuts far
behind it: at worst 13 new chunks for one changed paragraph, with it 6. Search finds as much.
"""

_BESIDE = 24


def boundary_costs(text: str, atoms: Sequence[Atom]) -> list[float]:
    """Cost of a cut before each atom."""
    costs = [0.0] * len(atoms)
    for index, (before, atom) in enumerate(pairwise(atoms), start=1):
        if atom.edge is not Edge.BREAK:
            costs[index] = _structure(text, before, atom) + _preference(text, before, atom)
    return costs


def _structure(text: str, before: Atom, atom: Atom) -> float:
    if before.ends_heading and atom.edge is not Edge.PAGE:
        return AFTER_HEADING
    cost = COST_OF_EDGE[atom.edge]
    if atom.starts_heading or atom.edge in {Edge.CLAUSE, Edge.PAGE}:
        return cost
    return max(cost, AFTER_COLON) if text[before.end - 1] in ":：" else cost


def _preference(text: str, before: Atom, atom: Atom) -> float:
    """A number in [-PREFERENCE, PREFERENCE] that only these words decide."""
    ending = text[max(before.start, before.end - _BESIDE) : before.end]
    beginning = text[atom.start : min(atom.end, atom.start + _BESIDE)]
    words = f"{ending}\0{beginning}".encode("utf-8", "surrogatepass")
    return PREFERENCE * (zlib.crc32(words) / 2**31 - 1.0)
