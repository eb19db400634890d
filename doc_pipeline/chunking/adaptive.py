"""The adaptive strategy: the cheapest way to put atoms together into chunks.

Cost of a chunk by its size, cost of a cut by structure, one pass of dynamic programming.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from doc_pipeline.chunking.atoms import Atom, Edge

MOST_OF_TARGET = 2.2
_TINY_SHARE = 4
_TINY_COST = 1.0


def largest_chunk(target: int, max_tokens: int) -> int:
    """Tokens that a chunk of several atoms never exceeds."""
    return max(1, min(int(target * MOST_OF_TARGET), max_tokens))


def size_cost(tokens: int, target: int) -> float:
    """How far a size is from the target: squared distance of logarithms."""
    cost = math.log(max(tokens, 1) / target) ** 2
    return cost + _TINY_COST if tokens * _TINY_SHARE < target else cost


def size_costs(most: int, target: int) -> list[float]:
    """Cost of every size up to the largest."""
    return [size_cost(tokens, target) for tokens in range(most + 1)]


def cheapest_cuts(
    atoms: Sequence[Atom], costs: Sequence[float], target: int, most: int
) -> list[int]:
    """Index of the first atom of each chunk.

    Linear: a chunk is bounded, so each atom looks back at few others. Of equal sums the shortest
    last chunk wins, so the result depends on nothing but the text.
    """
    sizes = size_costs(most, target)
    weights = [atom.tokens for atom in atoms]
    must_cut = [atom.edge is Edge.BREAK for atom in atoms]
    entry: list[float] = []  # cost of everything before atom i, with the cut there
    came_from: list[int] = []
    best = 0.0
    for last, weight in enumerate(weights):
        entry.append(best + costs[last])
        start, total = last, weight
        chosen = last
        best = entry[last] + (sizes[weight] if weight <= most else size_cost(weight, target))
        while not must_cut[start]:
            start -= 1
            total += weights[start]
            if total > most:
                break
            candidate = entry[start] + sizes[total]
            if candidate < best:
                best, chosen = candidate, start
        came_from.append(chosen)
    return _walk_back(came_from)


def _walk_back(came_from: Sequence[int]) -> list[int]:
    cuts: list[int] = []
    last = len(came_from) - 1
    while last >= 0:
        cuts.append(came_from[last])
        last = came_from[last] - 1
    return cuts[::-1]
