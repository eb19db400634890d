"""Dates as mails and pages write them, as ISO 8601. What is no date is None."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_YEAR = 1970


def iso_of_moment(moment: datetime | None) -> str | None:
    """To the second, in its own zone (UTC where it names none); None before 1970."""
    if moment is None or moment.year < _FIRST_YEAR:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.isoformat(timespec="seconds")


def iso_of_text(text: str) -> str | None:
    """From ISO 8601 ('2024-05-03', '2024-05-03T10:00:00Z') or the form of mails."""
    text = text.strip()
    try:
        return iso_of_moment(datetime.fromisoformat(text))
    except ValueError:
        return iso_of_mail_date(text)


def iso_of_mail_date(line: str) -> str | None:
    """From 'Fri, 3 May 2024 10:00:00 +0200'."""
    try:
        return iso_of_moment(parsedate_to_datetime(line))
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
