"""Reading the answers of the embedding protocol: vectors from the body, our error from a failure.

Nothing of a failed answer's text leaves this module.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast

from doc_pipeline.domain.errors import (
    EmbeddingInvalid,
    EmbeddingQuotaSpent,
    EmbeddingRateLimited,
    EmbeddingRefused,
    EmbeddingUnavailable,
    InputTooLong,
    PipelineError,
)

if TYPE_CHECKING:
    import numpy as np

_AGAIN = {408, 409, 425}
_TOO_LONG = ("maximum context", "maximum input length", "context length", "tokens per request")


def read_vectors(body: bytes, rows: int, dimensions: int, model_id: str) -> tuple[np.ndarray, int]:
    """Vectors float32 [rows, dimensions] of an answer, and the tokens it says it used.

    Raw base64 into numpy: 0.15 ms a vector, where the SDK's lists of floats take up to 7 ms.
    """
    import numpy as np

    try:
        answer = json.loads(body)
        items = cast("list[dict[str, Any]]", answer["data"])
        places = [int(item.get("index", i)) for i, item in enumerate(items)]
        parts = [_vector_of(item["embedding"]) for item in items]
        used = int((answer.get("usage") or {}).get("total_tokens") or 0)
    except (ValueError, KeyError, TypeError, AttributeError):
        # not `from` it: the text of these errors quotes the answer
        raise EmbeddingInvalid(model=model_id, problem="not the expected JSON") from None
    if sorted(places) != list(range(rows)):
        raise EmbeddingInvalid(model=model_id, problem=f"{len(places)} vectors for {rows} texts")
    sizes = {len(part) for part in parts} - {dimensions}
    if sizes:
        problem = f"{min(sizes)} dimensions instead of {dimensions}"
        raise EmbeddingInvalid(model=model_id, problem=problem)
    vectors = np.empty((rows, dimensions), np.float32)
    vectors[places] = np.stack(parts)
    if not np.isfinite(vectors).all():
        raise EmbeddingInvalid(model=model_id, problem="not a number")
    if not vectors.any(axis=1).all():
        raise EmbeddingInvalid(model=model_id, problem="zero vector")
    return vectors, used


def _vector_of(value: str | list[float]) -> np.ndarray:
    import numpy as np

    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), "<f4")
    # some compatible servers ignore that base64 was asked for
    return np.asarray(value, np.float32)


def name_failure(error: Exception, model_id: str) -> PipelineError:
    """The pipeline's error for an exception of the SDK."""
    status = getattr(error, "status_code", None)
    if status is None:
        return EmbeddingUnavailable(model=model_id)
    if status == 429:
        if "insufficient_quota" in (getattr(error, "code", None), getattr(error, "type", None)):
            return EmbeddingQuotaSpent(model=model_id)
        return EmbeddingRateLimited(model=model_id)
    if status >= 500 or status in _AGAIN:
        return EmbeddingUnavailable(model=model_id)
    if status in {400, 413, 422} and _is_too_long(error):
        return InputTooLong(model=model_id)
    return EmbeddingRefused(model=model_id, status=status)


def _is_too_long(error: Exception) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in _TOO_LONG)
