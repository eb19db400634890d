"""Which kind of text a file is: html, xml, mail, json, table, Markdown or plain.

Form decides where it is certain; elsewhere the name's ending; Markdown needs its ending or signs.
"""

from __future__ import annotations

import json
import re

from doc_pipeline.intake.kinds import kind_of_name

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = frozenset(range(32)) - {7, 8, 9, 10, 12, 13, 27}
_MAX_CONTROLS = 0.02
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|table|div|p|h[1-6]|script)\b", re.I
)
_MAIL_LINE = re.compile(
    r"^(?:From|To|Cc|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Delivered-To"
    r"|Content-Type|X-[\w-]+|Reply-To|Sender):",
    re.I,
)
_MAIL_NEEDED = re.compile(r"^(?:From|Subject|Received|Message-ID|MIME-Version):", re.I | re.M)
_HEADING = re.compile(r"^#{1,6} \S", re.M)
_MARKDOWN = re.compile(
    r"^```|\[[^\]\n]{1,300}\]\([^)\n]+\)|^[*-] \S|^\d+\. \S|\*\*[^*\n]+\*\*", re.M
)
_BY_NAME = frozenset({"md", "csv", "tsv", "txt", "rst", "org", "html", "json", "ndjson", "eml"})


def is_text(head: bytes) -> bool:
    """Whether bytes are text in some charset: hardly any control characters."""
    if head.startswith(_MARKS):
        return True
    sample = head[:8192]
    if b"\0" in sample:
        return _is_wide(sample)
    return sum(byte in _CONTROLS for byte in sample) <= len(sample) * _MAX_CONTROLS


def sniff_text_kind(head: bytes, name: str) -> str:
    """Kind of a file that is text."""
    text = _decode(head)
    start = text.lstrip("\ufeff \t\r\n")
    claimed = kind_of_name(name)
    certain = _markup_kind(start, claimed) or _json_kind(start, claimed) or _mail_kind(start)
    if certain:
        return certain
    if claimed in _BY_NAME - {"json", "ndjson", "html", "eml"}:
        return claimed
    if _looks_delimited(start, "\t"):
        return "tsv"
    if _looks_delimited(start, ",") or _looks_delimited(start, ";"):
        return "csv"
    if _HEADING.search(text) and _MARKDOWN.search(text):
        return "md"
    return claimed if claimed in {"html", "eml"} else "txt"


def _decode(head: bytes) -> str:
    if head.startswith(_MARKS[1:]):
        return head.decode("utf-16", "replace")
    if b"\0" in head[:8192]:
        little = head[1:400:2].count(0) > head[0:400:2].count(0)
        return head.decode("utf-16-le" if little else "utf-16-be", "replace")
    return head.decode("utf-8", "replace")


def _is_wide(sample: bytes) -> bool:
    half = len(sample) // 2
    zeros = sorted((sample[0::2].count(0), sample[1::2].count(0)))
    return zeros[1] > half * 0.7 and zeros[0] < half * 0.1


def _markup_kind(start: str, claimed: str) -> str | None:
    if not start.startswith("<"):
        return None
    beginning = start[:4096]
    root = re.search(r"<(?![!?])([\w:.-]+)", beginning)
    tag = root[1].lower().rpartition(":")[2] if root else ""
    if tag == "svg":
        return "svg"
    if tag == "html" or re.match(r"<!doctype\s+html", start, re.I):
        return "html"
    if start.startswith(("<?xml", "<!DOCTYPE", "<!ENTITY")):
        return "xml"
    if claimed in {"md", "txt", "csv"}:
        return None
    if claimed == "html" or _HTML.match(start) or _HTML.search(beginning):
        return "html"
    return "xml" if tag and (f"</{tag}" in start.lower() or claimed == "xml") else None


def _json_kind(start: str, claimed: str) -> str | None:
    if start[:1] not in {"{", "["}:
        return None
    lines = [line for line in start.split("\n", 20)[:20] if line.strip()]
    if len(lines) > 1 and all(map(_is_record, lines[:-1])):
        return "ndjson"
    if claimed in {"json", "ndjson"}:
        return claimed
    try:
        json.loads(start)
    except RecursionError:
        return "json"
    except json.JSONDecodeError as error:
        # The head of a long file ends in the middle; an error before that is an error.
        return "json" if len(start) > 1000 and error.pos > len(start) - 300 else None
    except ValueError:
        return None
    return "json"


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _mail_kind(start: str) -> str | None:
    lines = start.split("\n", 40)[:40]
    if lines and lines[0].startswith("From ") and len(lines) > 1:
        lines = lines[1:]
    head: list[str] = []
    for line in lines:
        if not line.strip():
            break
        head.append(line)
    named = sum(bool(_MAIL_LINE.match(line)) for line in head)
    is_head = bool(head) and bool(re.match(r"[!-9;-~]+:", head[0]))
    return "eml" if is_head and named >= 3 and _MAIL_NEEDED.search("\n".join(head)) else None


def _looks_delimited(start: str, sign: str) -> bool:
    lines = [line for line in start.split("\n", 30)[:30] if line.strip()][:-1]
    counts = {line.count(sign) for line in lines}
    return len(lines) >= 3 and len(counts) == 1 and min(counts) >= 1 and not _is_prose(lines)


def _is_prose(lines: list[str]) -> bool:
    return sum(line.rstrip().endswith((".", "!", "?")) for line in lines) * 2 > len(lines)
