"""The head of a mail, of any format, as elements: subject, then who, when and what is attached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Any

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.charset import decode_text

_MOST_CHARS = 100_000
_NAMES_LISTED = 200
_FOLD = re.compile(r"[\r\n]+[ \t]*")


@dataclass(frozen=True, slots=True)
class MailHead:
    """What a mail says before its body. `lines` are pairs of name and value, in their order."""

    subject: str
    sender: str = ""
    recipients: Sequence[str] = ()
    lines: Sequence[tuple[str, str]] = ()
    sent_at: str | None = None
    files: Sequence[str] = field(default_factory=tuple[str, ...])

    def elements(self) -> list[Element]:
        """The subject as title; 'From: …' and the like as lines of one element.

        People search for senders, dates and file names, so these stand in the text.
        """
        known: dict[str, Any] = {"subject": self.subject}
        known["sent_from"] = [self.sender] if self.sender else None
        known["sent_to"] = list(self.recipients)[:_NAMES_LISTED]
        shown = [f"{name}: {value}" for name, value in self.lines if value]
        if self.files:
            more = len(self.files) - _NAMES_LISTED
            names = ", ".join(self.files[:_NAMES_LISTED])
            shown.append(f"Attachments: {names}" + (f" and {more:,} more" if more > 0 else ""))
        extra = {name: value for name, value in known.items() if value}
        return [
            Element("Title", self.subject, depth=0, extra=extra),
            Element("UncategorizedText", "\n".join(shown)),
        ]


def decode_line(raw: str) -> str:
    """A head line as people read it: words in `=?charset?…?=` and raw bytes decoded. Never fails.

    `raw` holds bytes beyond ASCII as lone surrogates, as the standard library's parser gives them.
    """
    line = _FOLD.sub(" ", raw[:_MOST_CHARS])
    if not line.isascii():
        line = decode_text(line.encode("utf-8", "surrogateescape"))[0]
    if "=?" in line:
        line = _without_coded_words(line) or line
    return " ".join(line.replace("\0", "").split())


def _without_coded_words(line: str) -> str:
    try:
        parts = decode_header(line)
    except (HeaderParseError, ValueError):
        return line
    shown: list[str] = []
    for text, charset in parts:
        if isinstance(text, str):
            shown.append(text)
        elif charset is None:
            shown.append(text.decode("raw-unicode-escape", "replace"))
        else:
            shown.append(decode_text(text, charset)[0])
    return "".join(shown)
