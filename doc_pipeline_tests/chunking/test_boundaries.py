"""What a cut costs: structure first, then the words beside it."""

from __future__ import annotations

import pytest

from doc_pipeline.chunking.atoms import Atom, AtomSizes, Edge, atoms_of
from doc_pipeline.chunking.blocks import blocks_of
from doc_pipeline.chunking.boundaries import COST_OF_EDGE, PREFERENCE, boundary_costs
from doc_pipeline.domain.element import Element
from doc_pipeline_tests.chunking.texts import document_of

PROSE = Element("Text", "A sentence with enough words")
COLON = Element("Text", "These lamps are lit:")


def costs(*elements: Element) -> list[float]:
    extracted = document_of(elements)
    sizes = AtomSizes(limit=100, target=50)
    atoms: list[Atom] = atoms_of(extracted.text, blocks_of(extracted), sizes)
    return boundary_costs(extracted.text, atoms)


@pytest.mark.parametrize(
    ("before", "after", "cost"),
    [
        (PROSE, PROSE, 0.0),
        (PROSE, Element("Title", "The harbour lights", depth=2), -0.6),
        (PROSE, Element("Title", "The harbour lights", depth=3), -0.42),
        (PROSE, Element("ListItem", "a lamp of brass"), 0.15),
        (Element("Title", "The harbour lights", depth=0), PROSE, 3.0),
        (Element("Text", "These lamps are lit:"), PROSE, 0.8),
        (
            Element("Text", "These lamps are lit:"),
            Element("Title", "Harbour lights", depth=0),
            -0.6,
        ),
    ],
)
def test_structure_decides_but_for_a_small_preference(
    before: Element, after: Element, cost: float
) -> None:
    assert costs(before, after)[1] == pytest.approx(cost, abs=PREFERENCE)


def test_the_preference_depends_on_the_words_beside_a_boundary_only() -> None:
    """So an edit elsewhere leaves it alone, and cuts find back to where they were."""
    alone = costs(PROSE, PROSE, PROSE)
    later = costs(Element("Text", "Something quite different stands here"), PROSE, PROSE, PROSE)
    assert alone[2] == later[3]
    assert alone[1] != later[1]


def test_every_edge_has_a_cost() -> None:
    assert set(COST_OF_EDGE) == set(Edge)
