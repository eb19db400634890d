"""Which texts go into one request. Only arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

MOST_INPUTS = 2_048
MOST_TOKENS = 300_000
"""What the service takes in one request."""
_FEWEST_INPUTS = 64
_USUAL_INPUTS = 256
"""Larger requests gain nothing any more, and lose more when they fail."""


def tokens_at_most(text: str) -> int:
    """Upper bound of a text's tokens that holds in practice: a third of its bytes."""
    return max(1, -(-len(text.encode("utf-8", "surrogatepass")) // 3))


def pack_requests(
    texts: Sequence[str],
    max_parallel: int,
    most_inputs: int = MOST_INPUTS,
    most_tokens: int = MOST_TOKENS,
) -> list[range]:
    """Ranges of positions, one per request, in order; a text above the limit goes alone."""
    spread = -(-len(texts) // max(1, max_parallel))
    inputs = min(most_inputs, max(_FEWEST_INPUTS, min(_USUAL_INPUTS, spread)))
    requests: list[range] = []
    start = tokens = 0
    for position, text in enumerate(texts):
        size = tokens_at_most(text)
        is_full = position - start >= inputs or tokens + size > most_tokens
        if position > start and is_full:
            requests.append(range(start, position))
            start, tokens = position, 0
        tokens += size
    if texts:
        requests.append(range(start, len(texts)))
    return requests
