"""Names of documents, chunks, artifacts and cached vectors, all made from content or upload key.

Everything that becomes a Dagster partition key is made here.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping

from doc_pipeline.domain.errors import NameInvalid
from doc_pipeline.domain.stage import Stage

MAX_ID_LENGTH = 80
MAX_KEY_BYTES = 1024
NORMALISATION_VERSION = "1"
_DIGEST_LENGTH = 12
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
"""Letters that Unicode does not take apart."""

_ID_FORM = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def check_upload_key(key: str) -> str:
    """Return the key, or raise `NameInvalid` when no store can hold it safely."""
    try:
        encoded = key.encode("utf-8")
    except UnicodeEncodeError:
        raise NameInvalid(key=ascii(key)) from None
    parts = key.split("/")
    if (
        not key
        or len(encoded) > MAX_KEY_BYTES
        or "\0" in key
        or any(p in {"", ".", ".."} for p in parts)
    ):
        raise NameInvalid(key=key[:200])
    return key


def document_id_of(upload_key: str) -> str:
    """Partition key of an upload: readable slug of its name, '-', 12 hex of sha256(key).

    `[a-z0-9-]`, at most 80 characters, the same for ever.
    """
    return _id_of(upload_key.rsplit("/", 1)[-1], upload_key)


def attachment_id_of(parent_id: str, name: str) -> str:
    """Partition key of an attachment: as that of an upload, made of its parent's id and its name.

    No upload has it: its digest is made with a NUL, which upload keys cannot hold.
    """
    return _id_of(name.rsplit("/", 1)[-1], f"{parent_id}\0{name}")


def _id_of(name: str, made_of: str) -> str:
    """Slug of the name, '-', 12 hex of the sha256 of what makes it unlike others."""
    digest = hashlib.sha256(made_of.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    ascii_name = plain.encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")
    slug = slug[: MAX_ID_LENGTH - _DIGEST_LENGTH - 1].strip("-")
    return f"{slug or 'document'}-{digest}"


def is_document_id(text: str) -> bool:
    """Whether the text has the form of a document id."""
    return len(text) <= MAX_ID_LENGTH and _ID_FORM.fullmatch(text) is not None


def fingerprint_of(
    stage: Stage, code_version: str, settings: Mapping[str, object], inputs: Iterable[str]
) -> str:
    """16 hex that change exactly when code, shaping settings or inputs of a stage change."""
    made_of = [stage.value, code_version, dict(settings), list(inputs)]
    canonical = json.dumps(made_of, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def artifact_prefix(stage: Stage, document_id: str, version: int, fingerprint: str) -> str:
    """Folder of one stage's result in the artifact store, without a slash at its end."""
    return f"{stage.value}/{document_id}/{version}/{fingerprint}"


def normalise_text(text: str) -> str:
    """The text as chunk ids see it: NFC, white space runs as one space, ends stripped."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def text_sha256(text: str) -> str:
    """Hex sha256 of the exact text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chunk_ids_of(document_id: str, texts: Iterable[str]) -> list[str]:
    """Stable ids, one per text: equal text keeps its id through edits, twins get an ordinal."""
    seen: dict[str, int] = {}
    ids: list[str] = []
    for text in texts:
        normal = normalise_text(text)
        ordinal = seen.get(normal, 0)
        seen[normal] = ordinal + 1
        made_of = f"{document_id}\0{normal}\0{ordinal}".encode("utf-8", "surrogatepass")
        ids.append(hashlib.sha256(made_of).hexdigest()[:32])
    return ids


def embedding_key_of(model_id: str, dimensions: int, text: str) -> str:
    """Cache key of a vector: sha256 of model, dimensions, normalisation and the text sent."""
    made_of = f"{model_id}\0{dimensions}\0{NORMALISATION_VERSION}\0{text}"
    return hashlib.sha256(made_of.encode("utf-8", "surrogatepass")).hexdigest()
