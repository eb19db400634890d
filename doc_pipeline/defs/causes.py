"""What the log may say of an exception: classes and places, never its text.

A library's message may hold a password, a key or a document's content.
"""

from __future__ import annotations

import logging
import traceback

logger = logging.getLogger("doc_pipeline")


def log_cause(what: str, error: BaseException) -> None:
    """Log where an exception and its causes came from, for whoever mends the code."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < 60:
        lines.append(type(cause).__name__)
        frames = traceback.extract_tb(cause.__traceback__)[-8:]
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        cause = cause.__cause__ or cause.__context__
    logger.error("%s: %s", what, "\n".join(lines))
