"""Signs of form in plain text: tables, Markdown, reStructuredText, Org. Each answers yes or no."""

from __future__ import annotations

import csv
import re
from collections import Counter

_LOOKED_AT = 32_768
_ROWS = 60
_MOST_COLUMNS_DIFFERENT = 0.2
_MARKDOWN_SIGNS = tuple(
    re.compile(sign, re.M)
    for sign in (
        r"^#{1,6} \S",
        r"^(?:```|~~~)",
        r"\[[^\[\]\n]{1,300}\]\([^()\n]{2,300}\)|^\[[^\]\n]{1,300}\]: \S",
        r"\*\*[^*\s][^*\n]{0,300}\*\*|(?<!\w)__[^_\s][^_\n]{0,300}__(?!\w)",
        r"^\s{0,3}\|?(?: ?:?-{3,}:? ?\|)+(?: ?:?-{3,}:? ?)?\|?\s*$",
        r"^(?:[*-] \S.*\n){2}",
        r"^> \S",
        r"(?<!`)`[^`\n]{1,300}`(?!`)",
        r"^[^\n]{3,80}\n(?:={3,}|-{3,})\s*$",
    )
)
_STRONG = 4
"""The first signs of the list hardly ever stand in plain text."""
_PROSE_ENDS = (".", "!", "?", "{", "(", "}", "*/", ")")
_RST = re.compile(
    r"^\.\. (?:[\w:-]+::(?:\s|$)|_[^:\n]+:|\[[^\]\n]+\] |\|[^|\n]+\| \w+::)"
    r"|:(?:ref|doc|class|func|meth|mod|attr|exc|pep|rfc|term|py:\w+|c:\w+|option|file|data|any):`"
    r"|``[^`\n]+``|`[^`<\n]+ <[^>\n]+>`_|^::$|\w::\n\n +\S|\|[\w -]+\|_?\b|\w`__?(?=\W)",
    re.M,
)
_RST_TITLE = re.compile(r"^(?=\S)([^\n]{2,120})\n([=~^\"'`#*+-])\2{2,}\s*$", re.M)
_RST_ONLY = re.compile(r"^\.\. [\w-]+::(?:\s|$)|^\.\. _[^:\n]+:", re.M)
_ORG = re.compile(
    r"^#\+(?:TITLE|AUTHOR|DATE|BEGIN_\w+|END_\w+|OPTIONS|STARTUP|TODO|EMAIL|LANGUAGE|FILETAGS"
    r"|SETUPFILE|PROPERTY|NAME|CAPTION):?|^:PROPERTIES:|\[\[[^\[\]\n]{1,300}\]\[[^\[\]\n]{1,300}\]\]"
    r"|^\*+ (?:TODO|DONE) |^ *(?:SCHEDULED|DEADLINE|CLOSED): [<\[]",
    re.M | re.I,
)
_ORG_HEADING = re.compile(r"^(\*{1,8}) \S", re.M)


def is_rst(text: str) -> bool:
    """Directives or targets, or several kinds of markup with underlined titles."""
    text = text[:_LOOKED_AT].replace("\r\n", "\n")
    if text.startswith("#") or re.search(r"^```|^#{1,6} \S", text, re.M):
        return False
    if _RST_ONLY.search(text):
        return True
    titles = sum(len(m[2]) > 0 and _is_underline(m[0]) for m in _RST_TITLE.finditer(text))
    return titles > 0 and len({m[0][:3] for m in _RST.finditer(text)}) > 0


def _is_underline(found: str) -> bool:
    title, _, line = found.rstrip().rpartition("\n")
    return abs(len(line) - len(title.strip())) <= 3


def is_org(text: str) -> bool:
    """Org's own keywords, or headings of several depths made of stars."""
    text = text[:_LOOKED_AT]
    if re.search(r"^```|^#{1,6} \S", text, re.M):
        return False
    depths = {len(match[1]) for match in _ORG_HEADING.finditer(text)}
    signs = len(_ORG.findall(text))
    return (signs > 0 and bool(depths)) or signs >= 2 or {1, 2, 3} <= depths or {1, 2} == depths


def is_markdown(text: str) -> bool:
    """At least two of Markdown's signs, one of which plain text hardly ever has."""
    text = text[:_LOOKED_AT].replace("\r\n", "\n")
    found = [bool(sign.search(text)) for sign in _MARKDOWN_SIGNS]
    return sum(found) >= 2 and any(found[: _STRONG + 1])


def is_delimited(text: str, sign: str) -> bool:
    """Whether most rows of a table with this delimiter have the same number of fields."""
    sample = text[:_LOOKED_AT].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    is_cut = len(text) > len(sample) or sample.count("\n") > _ROWS
    rows = _rows_of(sample, sign)
    if is_cut and len(rows) > 3:
        rows = rows[:-1]
    least = 2 if sign in "\t;" else 3
    if len(rows) < least:
        return False
    counts = Counter(map(len, rows))
    columns, usual = counts.most_common(1)[0]
    is_even = columns >= 2 and usual >= len(rows) * (1 - _MOST_COLUMNS_DIFFERENT)
    is_ragged = min(counts) >= 4 and len(rows) > 4
    return (is_even or is_ragged) and not _is_prose(rows, sign)


def _rows_of(sample: str, sign: str) -> list[list[str]]:
    lines = [line for line in sample.split("\n") if not line.startswith("#")]
    try:
        found = csv.reader((line + "\n" for line in lines), delimiter=sign)
        return [
            row for row, _ in zip(found, range(_ROWS), strict=False) if any(map(str.strip, row))
        ]
    except csv.Error:
        return []


def _is_prose(rows: list[list[str]], sign: str) -> bool:
    """Sentences have a space behind the comma and end with a full stop; code has brackets."""
    if sign == "\t":
        return False
    inner = [field for row in rows for field in row[1:] if field]
    spaced = sum(field.startswith(" ") for field in inner)
    ended = sum(row[-1].rstrip().endswith(_PROSE_ENDS) for row in rows)
    long = sum(len(row[0]) > 60 for row in rows)
    is_code = sign == ";" and sum(len(row) == 2 and not row[1] for row in rows) * 2 > len(rows)
    if is_code or ended * 2 > len(rows) or long * 2 > len(rows):
        return True
    worded = sum(" " in field.strip() for field in inner)
    return spaced * 2 > len(inner) and (ended > 0 or worded * 4 > len(inner))
