"""The part of a text that shows best why it was found."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_LEAST_LETTERS = 3
_ENDING = 2
"""Letters of a long word that may differ: delivery finds deliveries."""


def words_of(query: str) -> list[str]:
    """The words of a query that are worth showing, as beginnings in lower case."""
    words = [word.casefold() for word in _WORD.findall(query) if len(word) >= _LEAST_LETTERS]
    return list(dict.fromkeys(_stem(word) for word in words))


def snippet_of(text: str, query: str, length: int) -> str:
    """At most about `length` characters of the text: where most words of the query stand."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    start = _best_start(flat, words_of(query), length)
    if start:
        # Begin with a whole word, and a little before the first hit.
        start = flat.find(" ", max(0, start - length // 6)) + 1
    end = start + length
    if end < len(flat):
        end = max(flat.rfind(" ", start, end), start + length // 2)
    return f"{'… ' if start else ''}{flat[start:end]}{' …' if end < len(flat) else ''}"


def _best_start(flat: str, words: list[str], length: int) -> int:
    hits = [
        (match.start(), word)
        for match in _WORD.finditer(flat)
        for word in words
        if match.group().casefold().startswith(word)
    ]
    reach = length - length // 3
    best, most = 0, 0
    for start, _ in hits:
        found = len({word for at, word in hits if start <= at <= start + reach})
        if found > most:
            best, most = start, found
    return best if best + reach > length else 0


def _stem(word: str) -> str:
    return word[:-_ENDING] if len(word) > _LEAST_LETTERS + _ENDING else word
