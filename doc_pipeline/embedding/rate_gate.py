"""How many requests may be on their way at once, learned from the service's answers.

Additive increase, multiplicative decrease; knows nothing of embeddings.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_PAUSE_S = 60.0
# With 1.0, 28 of 79 requests were refused at 6 a second; with 0.25, 15 of 66.
_STEP = 0.25
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class RateGate:
    """Lets at most `limit` requests through at once, none before a pause is over.

    A refusal halves the limit (once for all requests sent before it); a success adds a
    little.
    """

    def __init__(self, most: int) -> None:
        self._most = float(max(1, most))
        self._changed = threading.Condition()
        self._in_flight = 0
        self._open_at = 0.0
        self._halved_at = 0.0
        self.limit = self._most

    def enter(self, stopped: threading.Event) -> float | None:
        """Wait for a place; the time of entry, or None when `stopped` was set."""
        with self._changed:
            while not stopped.is_set():
                pause = self._open_at - time.monotonic()
                if pause <= 0 and self._in_flight < int(self.limit):
                    self._in_flight += 1
                    return time.monotonic()
                # wakes up at least twice a second, to see `stopped`
                self._changed.wait(min(pause, 0.5) if pause > 0 else 0.5)
            return None

    def leave(self) -> None:
        """Give the place back."""
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()

    def succeeded(self, pause_s: float = 0.0) -> None:
        """Learn from an answer; `pause_s` when its headers say that the allowance is used up."""
        with self._changed:
            self.limit = min(self._most, self.limit + _STEP / self.limit)
            self._pause(pause_s)

    def refused(self, entered_at: float, pause_s: float) -> None:
        """Learn from a 'too many requests'."""
        with self._changed:
            if entered_at >= self._halved_at:
                self.limit = max(1.0, self.limit / 2)
                self._halved_at = time.monotonic()
            self._pause(pause_s)

    def _pause(self, pause_s: float) -> None:
        self._open_at = max(self._open_at, time.monotonic() + min(pause_s, LONGEST_PAUSE_S))
        self._changed.notify_all()


def pause_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` ask for, or None."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" in headers:
            return max(0.0, _seconds_of(headers["retry-after"]))
    except (ValueError, OverflowError):
        return None
    return None


def _seconds_of(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return parsedate_to_datetime(value).timestamp() - time.time()


def pause_announced(headers: Mapping[str, str], tokens_next: int) -> float:
    """Seconds until the allowance of an OpenAI account is enough for the next request."""
    pause = 0.0
    for kind, needed in (("requests", 1), ("tokens", tokens_next)):
        left = headers.get(f"x-ratelimit-remaining-{kind}", "")
        limit = headers.get(f"x-ratelimit-limit-{kind}", "")
        # an account whose whole allowance is smaller than the request would wait for ever
        is_short = left.isdigit() and int(left) < needed
        if is_short and not (limit.isdigit() and int(limit) < needed):
            pause = max(pause, _duration_s(headers.get(f"x-ratelimit-reset-{kind}", "")))
    return pause


def _duration_s(text: str) -> float:
    return sum(float(number) * _UNIT_S[unit] for number, unit in _DURATION.findall(text))
