"""The dynamic programming finds the cheapest cut, and does work linear in the atoms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doc_pipeline.chunking import adaptive
from doc_pipeline.chunking.adaptive import (
    cheapest_cuts,
    largest_chunk,
    size_cost,
    size_costs,
)
from doc_pipeline.chunking.atoms import Atom, Edge


def atoms_of_sizes(sizes: Sequence[int], breaks: Sequence[int] = ()) -> list[Atom]:
    edges = [Edge.BREAK if n == 0 or n in breaks else Edge.SENTENCE for n in range(len(sizes))]
    pairs = zip(sizes, edges, strict=True)
    return [Atom(0, 0, size, edge, False, False) for size, edge in pairs]


def cost_of(sizes: list[int], costs: list[float], cuts: list[int], most: int) -> float:
    total = 0.0
    for start, end in zip(cuts, [*cuts[1:], len(sizes)], strict=True):
        tokens = sum(sizes[start:end])
        if tokens > most and end - start > 1:
            return float("inf")
        total += size_cost(tokens, 20) + costs[start]
    return total


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.floats(-1, 3)), min_size=1, max_size=9))
def test_no_other_cut_is_cheaper(drawn: list[tuple[int, float]]) -> None:
    """Against trying all of them."""
    sizes, costs = [size for size, _ in drawn], [0.0, *(cost for _, cost in drawn[1:])]
    found = cheapest_cuts(atoms_of_sizes(sizes), costs, target=20, most=44)
    inner = range(1, len(sizes))
    all_cuts = ([0, *some] for count in range(len(sizes)) for some in combinations(inner, count))
    cheapest = min(cost_of(sizes, costs, cuts, 44) for cuts in all_cuts)
    assert cost_of(sizes, costs, found, 44) == pytest.approx(cheapest)


def test_sizes_come_near_the_target() -> None:
    cuts = cheapest_cuts(atoms_of_sizes([10] * 100), [0.0] * 100, target=50, most=110)
    assert cuts == list(range(0, 100, 5))


def test_a_break_is_always_cut() -> None:
    cuts = cheapest_cuts(atoms_of_sizes([5] * 6, breaks=[1, 4]), [9.0] * 6, target=50, most=110)
    assert cuts == [0, 1, 4]


def test_an_atom_above_the_limit_stands_alone() -> None:
    cuts = cheapest_cuts(atoms_of_sizes([5, 500, 5]), [3.0] * 3, target=50, most=110)
    assert cuts == [0, 1, 2]


def test_work_is_linear_in_the_atoms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how many chunks are weighed up, sizes of one token being the worst."""

    class CountedList(list[float]):
        looks = 0

        def __getitem__(self, index: Any) -> Any:
            CountedList.looks += 1
            return super().__getitem__(index)

    def looks(count: int) -> int:
        CountedList.looks = 0
        monkeypatch.setattr(
            adaptive, "size_costs", lambda most, target: CountedList(size_costs(most, target))
        )
        cheapest_cuts(atoms_of_sizes([1] * count), [0.0] * count, target=50, most=110)
        return CountedList.looks

    first, second, third = looks(1000), looks(2000), looks(3000)
    assert second - first == third - second <= 1000 * 110


def test_the_largest_chunk_keeps_the_model_limit() -> None:
    assert largest_chunk(70, 512) == 154
    assert largest_chunk(70, 100) == 100
    assert largest_chunk(1, 1) == 1
