"""The block of `name: value` lines before a Markdown text: title, author and dates."""

from __future__ import annotations

import re
from dataclasses import dataclass

from doc_pipeline.extraction.dates import iso_of_text

_BLOCK = re.compile(
    r"\A\s*(?:---[ \t]*\n(?P<yaml>.{0,65536}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
    r"|\+\+\+[ \t]*\n(?P<toml>.{0,65536}?)\n\+\+\+[ \t]*(?:\n|\Z))",
    re.DOTALL,
)
_PAIR = re.compile(r"^([A-Za-z_][\w.-]{0,50})[ \t]*[:=][ \t]*(.*)$")
_LISTED = re.compile(r"^[ \t]*-[ \t]+(.+)$")
_AUTHORS = ("author", "authors", "by")
_CREATED = ("date", "created", "published", "created_at", "publishdate")
_MODIFIED = ("updated", "modified", "lastmod", "last_modified", "updated_at")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the block says. Dates are ISO 8601."""

    title: str | None = None
    author: str | None = None
    created_at: str | None = None
    modified_at: str | None = None


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """What the block says, and the text without it. A rule of dashes is no front matter."""
    block = _BLOCK.match(text)
    if block is None:
        return FrontMatter(), text
    pairs = _pairs(block["yaml"] or block["toml"] or "")
    if not pairs:
        return FrontMatter(), text
    found = FrontMatter(
        title=_first(pairs, ("title",)),
        author=_first(pairs, _AUTHORS),
        created_at=iso_of_text(_first(pairs, _CREATED) or ""),
        modified_at=iso_of_text(_first(pairs, _MODIFIED) or ""),
    )
    return found, text[block.end() :]


def _pairs(block: str) -> dict[str, str]:
    """Top-level pairs; the items of a list are joined with commas."""
    pairs: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        if pair := _PAIR.match(line):
            name = pair[1].lower()
            pairs.setdefault(name, _plain(pair[2]))
        elif (item := _LISTED.match(line)) and name:
            pairs[name] = ", ".join(filter(None, (pairs[name], _plain(item[1]))))
    return pairs


def _plain(value: str) -> str:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(_plain(item) for item in value[1:-1].split(","))
    return value.strip("\"' ")


def _first(pairs: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((pairs[name] for name in names if pairs.get(name)), None)
