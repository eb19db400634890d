"""Which kind of text a file is: html, xml, mail, json, table, Markdown or plain.

Form decides where it is certain; elsewhere the name's ending; without one, signs are weighed.
"""

from __future__ import annotations

import json
import re

from doc_pipeline.intake.kinds import kind_of_name
from doc_pipeline.intake.text_forms import is_delimited, is_markdown, is_org, is_rst

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})
_MAX_CONTROLS = 0.02
_MAX_ZEROS = 0.005
_LEAST_CLEAN = 12
_COMMENTS = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_ROOT = re.compile(r"<(?![!?/])([\w:.-]+)")
_HTML_TAG = (
    r"(?:html|head|body|title|meta|link|style|script|base|table|tbody|tr|td|div|span|p|br|hr|h[1-6]"
    r"|ul|ol|li|dl|dt|dd|a|b|i|u|em|strong|font|center|img|pre|code|blockquote|form|input|section"
    r"|article|header|footer|nav|main|frameset|iframe|small|sub|sup)"
)
_HTML = re.compile(rf"<{_HTML_TAG}(?:\s[^<>]*)?/?>", re.I)
_HTML_END = re.compile(rf"</{_HTML_TAG}\s*>", re.I)
_HTML_ONLY = re.compile(r"<(?:html|head|body|!doctype\s+html)\b", re.I)
_HEADER = re.compile(r"[!-9;-~]+:")
_MAIL_LINE = re.compile(
    r"(?:From|To|Cc|Bcc|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Delivered-To"
    r"|Content-[\w-]+|X-[\w-]+|Reply-To|Sender|DKIM-Signature|Authentication-Results"
    r"|In-Reply-To|References|ARC-[\w-]+|Envelope-To|Status|Errors-To|List-[\w-]+):",
    re.I,
)
_MAIL_NEEDED = re.compile(r"^(?:From|Subject|Received|Message-ID|MIME-Version):", re.I | re.M)
_ENVELOPE = re.compile(r"^From [^\n]{1,150}\b\d\d:\d\d(?::\d\d)?\b[^\n]{0,40}\d{4}", re.M)
_BY_NAME = frozenset({"md", "csv", "tsv", "txt", "rst", "org"})


def is_text(head: bytes) -> bool:
    """Whether bytes are text in some charset: hardly any control characters."""
    if head.startswith(_MARKS):
        return True
    sample = head[:8192]
    zeros = sample.count(0)
    if zeros == 1 and len(sample) >= _LEAST_CLEAN:
        sample = sample.replace(b"\0", b"")  # programs in C end their text with one
    elif zeros > len(sample) * _MAX_ZEROS:
        return _is_wide(sample)
    return len(sample) - len(sample.translate(None, _CONTROLS)) <= len(sample) * _MAX_CONTROLS


def sniff_text_kind(head: bytes, name: str) -> str:
    """Kind of a file that is text."""
    text = _decode(head)
    start = text.lstrip("\ufeff \t\r\n\0")
    claimed = kind_of_name(name)
    certain = (
        _markup_kind(start, claimed) or _json_kind(start, claimed) or _mail_kind(start, claimed)
    )
    if certain:
        return certain
    if claimed in _BY_NAME:
        return claimed
    if claimed in {"html", "eml"} and _can_be(claimed, start):
        return claimed
    return _weighed_kind(start)


def _can_be(claimed: str, start: str) -> bool:
    """A table is no page, and what has not one line of a mail's head is no mail."""
    has_head = claimed == "html" or any(map(_MAIL_LINE.match, start.split("\n", 300)[:300]))
    return has_head and not is_delimited(start, "\t")


def _weighed_kind(start: str) -> str:
    if is_rst(start):
        return "rst"
    if is_org(start):
        return "org"
    if is_delimited(start, "\t"):
        return "tsv"
    if any(is_delimited(start, sign) for sign in ",;|"):
        return "csv"
    if is_markdown(start):
        return "md"
    return "html" if len(_HTML_END.findall(start[:8192])) >= 2 else "txt"


def _decode(head: bytes) -> str:
    if head.startswith(_MARKS[1:]):
        return head.decode("utf-16", "replace")
    if head[:8192].count(0) > len(head[:8192]) * _MAX_ZEROS:
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
    beginning = _COMMENTS.sub("", start[:16_384]).lstrip()
    root = _ROOT.search(beginning)
    tag = root[1].lower().rpartition(":")[2] if root else ""
    if tag == "svg":
        return "svg"
    if tag == "html" or re.match(r"<!doctype\s+html", beginning, re.I):
        return "html"
    if start.startswith(("<?xml", "<!ENTITY")) or beginning.startswith("<!DOCTYPE"):
        return "xml" if claimed != "html" or not _HTML_ONLY.search(beginning) else "html"
    if claimed in {"md", "txt", "csv", "rst", "org"} and not _HTML_ONLY.match(beginning):
        return None
    if claimed == "html" or _HTML.match(beginning) or _HTML_ONLY.search(beginning):
        return "html"
    if not tag:
        return None
    is_whole = f"</{root[1]}" in start if root else False
    is_xml = claimed == "xml" or is_whole or beginning.count("</") > 5 or " xmlns" in beginning
    return "xml" if is_xml else None


def _json_kind(start: str, claimed: str) -> str | None:
    if start[:1] not in {"{", "["}:
        return _scalar_kind(start, claimed)
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


def _scalar_kind(start: str, claimed: str) -> str | None:
    """A number or string alone is JSON only where the name says so."""
    if claimed not in {"json", "ndjson"} or not start:
        return None
    try:
        json.loads(start)
    except ValueError:
        return None
    return claimed


def _is_record(line: str) -> bool:
    if not line.lstrip().startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False


def _mail_kind(start: str, claimed: str) -> str | None:
    lines = start.split("\n", 300)[:300]
    is_box = bool(_ENVELOPE.match(lines[0])) or (lines[0].startswith("From ") and len(lines) > 1)
    if is_box or lines[0].startswith(">From "):
        lines = lines[1:]
    head: list[str] = []
    for line in lines:
        if not line.strip():
            break
        head.append(line)
    if not head or not _HEADER.match(head[0]):
        return None
    named = sum(bool(_MAIL_LINE.match(line)) for line in head)
    needed = 1 if claimed in {"eml", "mbox"} or is_box else 3
    if named < needed or not _MAIL_NEEDED.search("\n".join(head)):
        return None
    return "mbox" if is_box and len(_ENVELOPE.findall(start)) > 1 else "eml"
