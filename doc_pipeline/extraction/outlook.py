"""Outlook messages (msg) to elements: the head, then the body; what is attached becomes files.

A message inside another becomes an eml file with everything that it holds.
"""

from __future__ import annotations

import struct
from email.message import EmailMessage
from email.parser import HeaderParser
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, OverLimit
from doc_pipeline.extraction.attachments import FoundFiles, safe_name
from doc_pipeline.extraction.charset import declared_charset, decode_text
from doc_pipeline.extraction.dates import iso_of_mail_date, iso_of_moment
from doc_pipeline.extraction.mail_head import MailHead, decode_line
from doc_pipeline.extraction.mail_parts import LAYOUT_PICTURE_BYTES, pieces
from doc_pipeline.extraction.markup import read_page
from doc_pipeline.extraction.outlook_body import rtf_text, unpack_rtf
from doc_pipeline.extraction.outlook_store import (
    StoredFile,
    StoredMessage,
    named_address,
    open_message,
)
from doc_pipeline.extraction.plain_text import text_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_CLASS, _SUBJECT, _HEADERS = 0x001A, 0x0037, 0x007D
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP, _FOR = 0x0C1A, 0x0C1F, 0x5D01, 0x0042
_SHOWN_TO, _SHOWN_CC = 0x0E04, 0x0E03
_DATES = (0x0039, 0x0E06, 0x3007)
"""Sent, delivered, created."""
_ENCRYPTED = ("ipm.note.smime", "ipm.note.rpmsg")
_SIGNED = "ipm.note.smime.multipartsigned"
_DEEPEST = 20


def extract_msg(path: Path, request: ExtractRequest) -> Draft:
    """Subject, head lines and body of a message, and the files in it.

    Raises `FileCorrupt`, `FileEncrypted`, `OverLimit`.
    """
    try:
        message = open_message(path)
    except (OSError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
            ValueError, struct.error) as error:  # fmt: skip
        raise FileCorrupt(kind=request.kind) from error
    message_class = message.text(_CLASS).lower()
    if message_class.startswith(_ENCRYPTED) and not message_class.startswith(_SIGNED):
        raise FileEncrypted(kind=request.kind)
    found = FoundFiles(request)
    for file in message.files():
        _add_file(file, found)
    body, fallback = _body_elements(message, request)
    head = _head(message, found.names)
    return Draft(
        [*head.elements(), *body],
        title=head.subject or None,
        author=head.sender or None,
        created_at=head.sent_at,
        fallback=fallback,
        warnings=found.warnings,
        attachments=tuple(found.attachments),
    )


def _head(message: StoredMessage, files: list[str]) -> MailHead:
    headers = HeaderParser().parsestr(message.text(_HEADERS))
    recipients: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for kind, shown in message.recipients():
        recipients.setdefault(kind, []).append(shown)
    to = ", ".join(filter(None, recipients[1])) or message.text(_SHOWN_TO)
    copies = ", ".join(filter(None, recipients[2])) or message.text(_SHOWN_CC)
    date = decode_line(str(headers.get("Date", "")))
    moment = next(filter(None, map(message.moment, _DATES)), None)
    sender = decode_line(str(headers.get("From", ""))) or _sender(message)
    return MailHead(
        subject=" ".join(message.text(_SUBJECT).split()),
        sender=sender,
        recipients=[each for each in (to, copies) if each],
        lines=[
            ("From", sender),
            ("To", to),
            ("Cc", copies),
            ("Bcc", ", ".join(filter(None, recipients[3]))),
            ("Date", date or (format_datetime(moment) if moment else "")),
        ],
        sent_at=iso_of_mail_date(date) or iso_of_moment(moment),
        files=files,
    )


def _sender(message: StoredMessage) -> str:
    address = message.text(_SENDER_SMTP) or message.text(_SENDER_ADDRESS)
    return named_address(message.text(_SENDER) or message.text(_FOR), address)


def _body_elements(
    message: StoredMessage, request: ExtractRequest
) -> tuple[list[Element], str | None]:
    """Plain text, else html, else the RTF that Outlook packs; and why a second way was taken."""
    text, is_html = _body(message, request.limits.text_bytes)
    if len(text) > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=len(text))
    if not is_html:
        return text_elements(text.replace("\r\n", "\n").replace("\r", "\n")), None
    page = read_page(text)
    return page.elements, page.fallback


def _body(message: StoredMessage, allowed_bytes: int) -> tuple[str, bool]:
    text = message.body_text(_BODY)
    if text.strip():
        return text, False
    html = message.data(_HTML)
    if html:
        return decode_text(html, message.codepage() or declared_charset(html))[0], True
    if html_text := message.body_text(_HTML):
        return html_text, True
    return rtf_text(unpack_rtf(message.data(_RTF), allowed_bytes + 1))


def _add_file(file: StoredFile, found: FoundFiles) -> None:
    is_wanted = found.writes and not found.is_full
    if file.message is not None:
        subject = safe_name(file.message.text(_SUBJECT).replace("/", "-")) or file.name or "mail"
        data = bytes(_as_mail(file.message)) if is_wanted else b""
        found.add(f"{subject}.eml", pieces(data), "message/rfc822")
    elif file.data is None:
        found.leave_out(file.name, "an embedded object without a file")
    elif not _is_layout(file):
        found.add(file.name, pieces(file.data if is_wanted else b""), file.media_type)


def _is_layout(file: StoredFile) -> bool:
    is_picture = file.media_type.lower().startswith("image/")
    return file.is_layout and is_picture and len(file.data or b"") < LAYOUT_PICTURE_BYTES


def _as_mail(message: StoredMessage, depth: int = 0) -> EmailMessage:
    """A message as an eml, its files inside."""
    head = _head(message, [])
    mail = EmailMessage(policy=SMTP.clone(raise_on_defect=False, max_line_length=998))
    for name, value in (("Subject", head.subject), *head.lines):
        _set_line(mail, name, value)
    text, is_html = _body(message, 1 << 30)
    mail.set_content(_whole(text), subtype="html" if is_html else "plain")
    for file in message.files():
        name = " ".join(file.name.split()) or None
        if file.message is not None and depth < _DEEPEST:
            mail.add_attachment(_as_mail(file.message, depth + 1))
        elif file.data is not None:
            main, _, sub = file.media_type.partition("/")
            is_plain = main.isalpha() and main not in {"message", "multipart"} and sub.isascii()
            main, sub = (main, sub) if is_plain and sub else ("application", "octet-stream")
            mail.add_attachment(file.data, maintype=main, subtype=sub, filename=name)
    return mail


def _set_line(mail: EmailMessage, name: str, value: str) -> None:
    value = _whole(" ".join(value.split()))
    if not value:
        return
    try:
        mail[name] = value
    except (IndexError, LookupError, TypeError, ValueError, AttributeError):
        mail[f"X-{name}"] = value  # an address that no standard allows


def _whole(text: str) -> str:
    """Without halves of characters, which no charset can write."""
    return text.encode("utf-8", "replace").decode()
