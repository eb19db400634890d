"""E-mail (eml) to elements: the head, then the body; what is attached becomes files.

Reads the standard library's parser, because unstructured's raises on addresses and charsets that
real mails have; html bodies go through unstructured.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from io import BytesIO
from pathlib import Path
from typing import cast

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, OverLimit
from doc_pipeline.extraction.attachments import FoundFiles
from doc_pipeline.extraction.charset import declared_charset, decode_text
from doc_pipeline.extraction.dates import iso_of_mail_date
from doc_pipeline.extraction.mail_head import MailHead, decode_line
from doc_pipeline.extraction.mail_parts import (
    REPORTS,
    MailParts,
    Part,
    file_name,
    payload,
    pieces,
    sort_parts,
)
from doc_pipeline.extraction.mail_signed import signed_content
from doc_pipeline.extraction.markup import read_page
from doc_pipeline.extraction.plain_text import text_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_SHOWN = ("From", "To", "Cc", "Bcc", "Date")
_ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP = b"-----BEGIN PGP MESSAGE-----"
_BOUNDARY = re.compile(rb"^--([!-~][ -~]{0,69}?)[ \t]*\r?\n[A-Za-z-]+:", re.MULTILINE)
_MOST_SEARCHED = 1 << 20
_MOST_SKIPPED = 4096
_FLOWED = re.compile(r"(?<!^--) \n", re.MULTILINE)
"""Where a paragraph flows on in the next line, but for the line that begins a signature."""


def extract_mail(path: Path, request: ExtractRequest) -> Draft:
    """Subject, head lines and body of a mail, and the files in it.

    Raises `FileEncrypted` (S/MIME, PGP), `FileCorrupt`, `OverLimit`.
    """
    message, fallback = _parsed(path)
    if not message.keys():
        raise FileCorrupt(kind="eml")
    parts = sort_parts(_opened(message))
    found = FoundFiles(request)
    for part in parts.files:
        _add_file(part, found)
    body, why = _body_elements(parts, request)
    head = _head(message, found.names)
    return Draft(
        [*head.elements(), *body],
        title=head.subject or None,
        author=head.sender or None,
        created_at=head.sent_at,
        fallback=fallback or why,
        warnings=found.warnings,
        attachments=tuple(found.attachments),
    )


def _parsed(path: Path) -> tuple[Part, str | None]:
    """The message, and why it was parsed as head and text only, if it was."""
    with path.open("rb") as file:
        start = file.read(_MOST_SKIPPED)
        begin = len(start) - len(start.removeprefix(BOM_UTF8).lstrip())
        file.seek(begin)
        try:
            message = cast("Part", BytesParser(policy=compat32).parse(file))
        except (RecursionError, LookupError, TypeError, ValueError) as error:
            file.seek(begin)
            head = cast("Part", BytesHeaderParser(policy=compat32).parse(file))
            del head["Content-Type"]  # of no parts that anybody could tell apart
            return head, f"parts of the mail could not be told apart ({type(error).__name__})"
        if message.get_content_maintype() == "multipart" and not message.is_multipart():
            file.seek(0)
            return _with_boundary(message, file.read(_MOST_SEARCHED), path), None
    return message, None


def _with_boundary(message: Part, start: bytes, path: Path) -> Part:
    """A mail whose head lost the boundary of its parts: the first line that looks like one."""
    found = _BOUNDARY.search(start)
    if found is None:
        return message
    kind = message.get_content_type()
    head = f'Content-Type: {kind}; boundary="{found[1].decode("ascii").replace(chr(34), "")}"\n'
    data = path.read_bytes()
    mended = cast("Part", BytesParser(policy=compat32).parse(BytesIO(head.encode() + data)))
    return mended if mended.is_multipart() else message


def _opened(message: Part) -> Part:
    """The mail, or the one inside its signature envelope. Raises `FileEncrypted`."""
    kind = message.get_content_type()
    if kind in _ENVELOPES:
        content = signed_content(payload(message))
        if content is None:
            raise FileEncrypted(kind="eml")
        return cast("Part", BytesParser(policy=compat32).parse(BytesIO(content)))
    is_pgp = kind == "text/plain" and payload(message).lstrip().startswith(_PGP)
    if is_pgp or kind == "multipart/encrypted":
        raise FileEncrypted(kind="eml")
    return message


def _head(message: Part, files: list[str]) -> MailHead:
    lines: dict[str, list[str]] = {}
    for name, raw in message.raw_items():
        lines.setdefault(name.lower(), []).append(str(raw))
    values = [(name, ", ".join(map(decode_line, lines.get(name.lower(), ())))) for name in _SHOWN]
    shown = dict(values)
    recipients = [shown[name] for name in ("To", "Cc") if shown[name]]
    received = lines.get("received", [""])[0].rpartition(";")[2]
    return MailHead(
        subject=decode_line(lines.get("subject", [""])[0]),
        sender=shown["From"],
        recipients=recipients,
        lines=values,
        sent_at=iso_of_mail_date(shown["Date"]) or iso_of_mail_date(received),
        files=files,
    )


def _add_file(part: Part, found: FoundFiles) -> None:
    is_wanted = found.writes and not found.is_full
    data = payload(part) if is_wanted else b""
    found.add(file_name(part), pieces(data), part.get_content_type())


def _body_elements(parts: MailParts, request: ExtractRequest) -> tuple[list[Element], str | None]:
    """Elements of the body, and why not the first way was taken, if it was not."""
    elements: list[Element] = []
    why: str | None = None
    for part in (*parts.texts, *reversed(parts.spare)):
        if elements and part in parts.spare:
            break
        text = _text(part, request)
        if part.get_content_subtype() == "html":
            page = read_page(text)
            elements.extend(page.elements)
            why = why or page.fallback
        elif part.get_content_type() in REPORTS:
            elements.append(Element("UncategorizedText", text.strip()))
        else:
            elements.extend(text_elements(text))
    return elements, why


def _text(part: Part, request: ExtractRequest) -> str:
    data = payload(part)
    if len(data) > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=len(data))
    declared = _charset(part)
    if declared is None and part.get_content_subtype() == "html":
        declared = declared_charset(data)
    text, _ = decode_text(data, declared)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    is_flowed = str(part.get_param("format", "")).lower() == "flowed"
    return _FLOWED.sub(" ", text) if is_flowed else text


def _charset(part: Message) -> str | None:
    try:
        charset = part.get_content_charset()
    except (LookupError, TypeError, ValueError):
        return None
    return None if charset in {"utf-8", "us-ascii"} else charset
