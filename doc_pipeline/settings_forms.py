"""The forms of setting values: how they are read, completed, shown and written back.

Pure functions on single values. A value that cannot be used raises ValueError without the value.
Which setting has which form is in settings.py.
"""

from __future__ import annotations

import re
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import unquote

from annotated_types import Ge, Le
from pydantic import SecretStr, TypeAdapter, ValidationError

MASK = "***"

_BUCKET_URL = re.compile(r"(s3|gs|az)://[^\s/?#@]+(/[^\s?#]*)?")
_SERVICE_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_NAME = re.compile(r"[A-Za-z0-9:][A-Za-z0-9._:-]{0,254}")
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,254}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_POSTGRES = re.compile(r"^postgres(?:ql)?(?:\+psycopg2?)?://(?=.)")
_SQLITE = re.compile(r"^sqlite:///(?=[^/?:]|/[^/?])([^?]+)$")
_MIME_PATTERN = re.compile(r"[a-z0-9*]+/[a-z0-9.+*-]+")
_OCR_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_/]{1,40}")
_USERINFO = re.compile(r"(?<=://)(?!/).*@", re.DOTALL)
_SECRET_PARAMETER = re.compile(
    r"([?&;][^=&;]*(?:pass|pwd|secret|token|key|sig|cred)[^=&;]*=)[^&;]*", re.IGNORECASE
)


# -- completing ----------------------------------------------------------------------------------


def add_scheme(values: dict[str, Any]) -> dict[str, Any]:
    """Make host:port a whole address; of a whole one the scheme says whether TLS is used."""
    endpoint = values.get("s3_endpoint_url")
    if isinstance(endpoint, str):
        if "://" not in endpoint:
            is_tls = _as_bool(values.get("s3_use_ssl", False))
            values["s3_endpoint_url"] = f"{'https' if is_tls else 'http'}://{endpoint}"
        elif _as_bool(values.get("s3_use_ssl")) is not None:
            values["s3_use_ssl"] = endpoint.startswith("https://")
    return values


def _as_bool(value: object) -> bool | None:
    """The value as a flag; None when it is none, which the setting's own check then refuses."""
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError:
        return None


def name_provider(values: dict[str, Any]) -> dict[str, Any]:
    """Naming a model of a service chooses that service, unless a provider is named too."""
    model = values.get("embedding_model")
    if isinstance(model, str) and "embedding_provider" not in values:
        values["embedding_provider"] = "hashing" if model.startswith("hashing") else "openai"
    return values


# -- reading -------------------------------------------------------------------------------------


def folder(value: object) -> Path:
    """An absolute folder; `~` is the home folder."""
    text = str(value)
    if "\0" in text or _SCHEME.match(text):
        raise ValueError
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError):
        raise ValueError from None


def data_folder(value: object) -> Path:
    """A folder whose path can stand in the address of a SQLite file, which ends at '?'."""
    found = folder(value)
    if "?" in str(found):
        raise ValueError
    return found


def store_url(value: object) -> str:
    """The address of a blob store; a plain folder becomes file:///."""
    text = str(value)
    if _BUCKET_URL.fullmatch(text):
        return text.rstrip("/")
    if text.startswith("file:///"):
        return folder(unquote(text.removeprefix("file://"))).as_uri()
    return folder(text).as_uri()


def index_address(value: object) -> str:
    """The place of the index: an absolute folder or a bucket."""
    text = str(value)
    if _BUCKET_URL.fullmatch(text):
        return text.rstrip("/")
    if text.startswith("file:///"):
        text = unquote(text.removeprefix("file://"))
    return str(folder(text))


def catalog_address(text: str) -> str:
    """An SQL address with the driver that the catalog uses and, for SQLite, an absolute path.

    sqlalchemy takes 'postgresql://' for another driver from one version to the next.
    """
    if _POSTGRES.match(text):
        return _POSTGRES.sub("postgresql+psycopg://", text)
    sqlite = _SQLITE.match(text)
    if sqlite is None:
        raise ValueError
    return f"sqlite:///{folder(sqlite.group(1))}"


def service_address(text: str | None) -> str | None:
    """An http or https address."""
    if text is not None and not _SERVICE_URL.fullmatch(text):
        raise ValueError
    return text


def name(text: str | None) -> str | None:
    """A name of a bucket, region or host: no spaces, no slashes."""
    if text is not None and not _NAME.fullmatch(text):
        raise ValueError
    return text


def model_name(text: str) -> str:
    """A name of a model, which may hold slashes."""
    if not _MODEL_NAME.fullmatch(text):
        raise ValueError
    return text


def key_prefix(text: str) -> str:
    """The beginning of a key."""
    if text.startswith("/") or not text.isprintable():
        raise ValueError
    return text


def comma_list(value: object) -> object:
    """Names separated by commas."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def mime_patterns(value: tuple[str, ...]) -> tuple[str, ...]:
    """Types such as application/pdf or image/*, in small letters."""
    lowered = tuple(item.lower() for item in value)
    if not all(map(_MIME_PATTERN.fullmatch, lowered)):
        raise ValueError
    return lowered


def ocr_languages(value: tuple[str, ...]) -> tuple[str, ...]:
    """Tesseract's names of languages and scripts, at least one."""
    if not value or not all(map(_OCR_LANGUAGE.fullmatch, value)):
        raise ValueError
    return value


def upper(value: object) -> object:
    """A word in capitals."""
    return value.upper() if isinstance(value, str) else value


def is_inside(inner: str, outer: str) -> bool:
    """Whether an address is another one or lies below it."""
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")


# -- showing and writing -------------------------------------------------------------------------


def allowed_form(annotation: Any, metadata: Sequence[object], form: str) -> str:
    """What a setting takes, in words: `form` if given, else what its type and bounds say."""
    if form:
        return form
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = get_args(annotation)[0]
    if annotation is bool:
        return "true or false"
    if get_origin(annotation) is Literal:
        *first, last = get_args(annotation)
        return f"{', '.join(first)} or {last}"
    low = next(bound.ge for bound in metadata if isinstance(bound, Ge))
    high = next(bound.le for bound in metadata if isinstance(bound, Le))
    return f"a {'whole ' if annotation is int else ''}number from {low} to {high}"


def show_value(value: object) -> str:
    """A value as people may see it: secrets and passwords in addresses masked; '' if not set."""
    return MASK if isinstance(value, SecretStr) else mask_url(write_value(value))


def write_value(value: object) -> str:
    """A value as it stands in the environment, secrets included."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return f"{value:g}" if isinstance(value, float) else str(value)


def mask_url(text: str) -> str:
    """Hide user, password and secret parameters of an address."""
    return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", _USERINFO.sub(f"{MASK}@", text))
