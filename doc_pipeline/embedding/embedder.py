"""What an embedder is, and how one is chosen by configuration.

Cheap to import: the embedders themselves are imported when one is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from doc_pipeline.domain.errors import SettingInvalid

if TYPE_CHECKING:
    import numpy as np

BatchListener = Callable[[Sequence[int], "np.ndarray"], None]
"""Is told the positions and vectors of every batch as it comes in, in the caller's thread."""

HASHING_DIMENSIONS = 1024
HASHING_VERSION = "1"
"""Raise it when the same text gets another vector: old indexes are then refused, not mixed."""


class Embedder(Protocol):
    """Turns texts into vectors of one model.

    `vector_weight` is the share of the vector score in hybrid search. `requests_made` and
    `tokens_used` count from the opening.
    """

    model_id: str
    dimensions: int
    max_input_tokens: int
    vector_weight: float
    price_per_million_tokens: float
    requests_made: int
    tokens_used: int

    def embed_documents(
        self, texts: Sequence[str], on_progress: BatchListener | None = None
    ) -> np.ndarray:
        """Vectors of the texts, float32 [n, dimensions], in their order."""
        ...

    def embed_query(self, text: str) -> np.ndarray:
        """Vector of a question, float32 [dimensions]."""
        ...


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """Which embedder, and how to reach it. `base_url` and `api_key` are for `openai` only."""

    provider: Literal["hashing", "openai"] = "hashing"
    model: str = ""
    dimensions: int | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    max_parallel: int = 5
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class KnownModel:
    """What is public about a model: size of its vectors, price, whether it can shorten them."""

    dimensions: int
    price_per_million_tokens: float
    can_shorten: bool


KNOWN_MODELS = {
    "text-embedding-3-small": KnownModel(1536, 0.02, can_shorten=True),
    "text-embedding-3-large": KnownModel(3072, 0.13, can_shorten=True),
    "text-embedding-ada-002": KnownModel(1536, 0.10, can_shorten=False),
}


def model_id_of(spec: EmbedderSpec) -> str:
    """Name under which vectors are kept: vectors of equal ids may be compared."""
    if spec.provider == "hashing":
        return f"hashing@{HASHING_VERSION}"
    return f"openai/{spec.model}"


def dimensions_of(spec: EmbedderSpec) -> int:
    """Size of the vectors. Raises `SettingInvalid` when it is not known or cannot be."""
    if spec.dimensions is not None and spec.dimensions < 1:
        raise SettingInvalid(
            name="DOC_PIPELINE_EMBEDDING_DIMENSIONS", allowed="a whole number above 0"
        )
    if spec.provider == "hashing":
        return spec.dimensions or HASHING_DIMENSIONS
    known = KNOWN_MODELS.get(spec.model)
    if known is None and spec.dimensions is None:
        raise SettingInvalid(
            name="DOC_PIPELINE_EMBEDDING_DIMENSIONS",
            allowed=f"the size of the vectors of {spec.model or 'the model'}",
        )
    if known is None or spec.dimensions is None:
        return spec.dimensions or (known.dimensions if known else 0)
    limit = known.dimensions
    if spec.dimensions > limit or (spec.dimensions != limit and not known.can_shorten):
        allowed = f"at most {limit}" if known.can_shorten else f"{limit}"
        raise SettingInvalid(
            name="DOC_PIPELINE_EMBEDDING_DIMENSIONS", allowed=f"{allowed} for {spec.model}"
        )
    return spec.dimensions


def open_embedder(spec: EmbedderSpec) -> Embedder:
    """The embedder of the spec. Contacts no service; its library is imported at first use."""
    if spec.provider == "hashing":
        from doc_pipeline.embedding.hashing import HashingEmbedder

        return HashingEmbedder(model_id_of(spec), dimensions_of(spec))
    from doc_pipeline.embedding.openai_embedder import OpenAIEmbedder

    return OpenAIEmbedder(spec, model_id_of(spec), dimensions_of(spec))
