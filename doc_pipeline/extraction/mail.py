"""E-mail (eml) to elements: the head lines people search for, then the body.

Attachments are named in a warning; they become documents of their own elsewhere.
"""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from doc_pipeline.domain.element import Element
from doc_pipeline.domain.errors import FileCorrupt, FileEncrypted, OverLimit
from doc_pipeline.extraction.charset import decode_text
from doc_pipeline.extraction.markup import html_elements
from doc_pipeline.extraction.plain_text import text_elements
from doc_pipeline.extraction.request import Draft, ExtractRequest

_HEAD_LINES = ("From", "To", "Cc", "Date")
_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


def extract_mail(path: Path, request: ExtractRequest) -> Draft:
    """Subject, head lines and body of a mail.

    Raises `FileEncrypted` (S/MIME, PGP), `FileCorrupt`, `OverLimit`.
    """
    size_bytes = path.stat().st_size
    if size_bytes > request.limits.text_bytes:
        raise OverLimit(limit="text_bytes", allowed=request.limits.text_bytes, found=size_bytes)
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    if not message.keys():
        raise FileCorrupt(kind="eml")
    if _is_encrypted(message):
        raise FileEncrypted(kind="eml")
    subject = _head_line(message, "Subject")
    elements = [*_head_elements(message, subject), *_body_elements(message)]
    return Draft(elements, title=subject or None, warnings=_warnings(message))


def _is_encrypted(message: EmailMessage) -> bool:
    if message.get_content_type() == "multipart/encrypted":
        return True
    kind = str(message.get_param("smime-type", "enveloped-data"))
    return message.get_content_type() in _ENCRYPTED and kind != "signed-data"


def _head_line(message: EmailMessage, name: str) -> str:
    """A head line as one line. The parser raises for addresses no standard allows."""
    try:
        value = str(message.get(name, ""))
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raw = dict(message.raw_items()).get(name, "")
        value = str(raw)
    return " ".join(value.encode("utf-8", "replace").decode().split())


def _head_elements(message: EmailMessage, subject: str) -> list[Element]:
    found = ((name, _head_line(message, name)) for name in _HEAD_LINES)
    head = "\n".join(f"{name}: {value}" for name, value in found if value)
    return [
        Element("Title", subject, depth=0, extra={"subject": subject}),
        Element("UncategorizedText", head),
    ]


def _body_elements(message: EmailMessage) -> list[Element]:
    body = cast("EmailMessage | None", message.get_body(preferencelist=("html", "plain")))
    if body is None:
        return []
    payload = body.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else str(payload or "").encode("utf-8", "replace")
    charset = body.get_content_charset()
    text, _ = decode_text(data, None if charset in {"utf-8", "us-ascii"} else charset)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return html_elements(text) if body.get_content_subtype() == "html" else text_elements(text)


def _warnings(message: EmailMessage) -> tuple[str, ...]:
    if not message.is_multipart():
        return ()
    count = sum(1 for _ in message.iter_attachments())
    return (f"{count} attachments were not extracted",) if count else ()
