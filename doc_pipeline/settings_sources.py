"""Where the values of settings come from: the environment, `.env`, and older names of variables.

Which settings there are is in settings.py; what their values look like in settings_forms.py.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dotenv.parser import parse_stream
from pydantic import Field

from doc_pipeline.domain.errors import SettingInvalid

PREFIX = "DOC_PIPELINE_"
HANDED_OVER = "DOC_PIPELINE_HANDED_OVER"
"""Set for child processes: the settings are complete, so older names and `.env` are not read."""

Source = Literal["default", "environment", ".env"]

GROUPS = (
    "Stores",
    "Files",
    "Extraction",
    "OCR",
    "Embeddings",
    "Chunks",
    "Runs",
    "Sensor",
    "Web and log",
)
"""The order in which settings are shown."""

NOT_YET_USED = (
    "REDIS_URL",
    "TASK_QUEUE_BACKEND",
    "MULTIPART_UPLOAD_THRESHOLD_MB",
    "UPLOAD_CHUNK_SIZE_MB",
    "WEBSOCKET_HEARTBEAT_INTERVAL",
    "CPU_THROTTLE_THRESHOLD",
)
NOT_YET_USED_PREFIX = "RATE_LIMIT_"

ACCESS_KEY_FAMILIES = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    ("S3_ACCESS_KEY_ID", "S3_SECRET_KEY", "S3_SECRET_ACCESS_KEY"),
    ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Which variable gave a setting its value, and which others were set for it in vain."""

    name: str
    variable: str
    source: Source
    losers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as people see it: secrets are masked."""

    name: str
    value_shown: str
    source: Source
    variable_that_won: str | None
    losers: tuple[str, ...]
    meaning: str
    default: str
    group: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """An older variable whose value means something else than the setting it fills."""

    convert: Callable[[str], str]
    allowed: str


@dataclass(slots=True)
class Found:
    """What the environment and `.env` say, before any value is checked."""

    values: dict[str, str] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    not_yet_used: tuple[str, ...] = ()


def _retries_to_attempts(text: str) -> str:
    retries = int(text)
    if not 0 <= retries <= 19:
        raise ValueError
    return str(retries + 1)


def _storage_to_flag(text: str) -> str:
    return {"s3": "true", "local": "false"}[text.lower()]


CONVERSIONS = {
    "TASK_RETRY_MAX_ATTEMPTS": Conversion(
        _retries_to_attempts, "a whole number from 0 to 19 (tries after the first one)"
    ),
    "DOC_PIPELINE_STORAGE": Conversion(_storage_to_flag, "local or s3"),
}


def setting(
    group: str,
    default: object,
    meaning: str,
    *,
    also: tuple[str, ...] = (),
    form: str = "",
    shown: str = "",
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Declare one setting of the Settings class.

    `default` may be a function of the settings above it; `shown` then says it in words. `also`
    are older variables, the strongest first. `form` is what it takes, where type and bounds do
    not say it.
    """
    extra: dict[str, Any] = {"group": group, "also": list(also), "form": form, "shown": shown}
    if callable(default):
        return Field(
            default_factory=default, description=meaning, json_schema_extra=extra, ge=low, le=high
        )
    return Field(default=default, description=meaning, json_schema_extra=extra, ge=low, le=high)


def variable_of(name: str) -> str:
    """The project's own variable for a setting."""
    return PREFIX + name.upper()


def read_env_file(path: Path) -> dict[str, str]:
    """Read the NAME=value lines of a `.env` file; an absent file is an empty one.

    Values are taken as written: nothing is put in for `$NAME`.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except (FileNotFoundError, IsADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingInvalid(name=path.name, allowed="a readable UTF-8 file") from error
    for binding in bindings:
        if binding.error:
            place = f"{path.name} line {binding.original.line}"
            raise SettingInvalid(name=place, allowed="NAME=value, or a comment after #")
    return {each.key: each.value for each in bindings if each.key and each.value is not None}


def find_values(
    names: Mapping[str, Sequence[str]], environ: Mapping[str, str], env_file: Path | None
) -> Found:
    """Look up every setting under all its variables.

    `names` gives for each setting its variables, the strongest first. Of one variable the
    environment's value is stronger than that of `.env`. Empty values count as not set.
    """
    environment = _without_empty(environ)
    if HANDED_OVER in environment:
        names = {name: variables[:1] for name, variables in names.items()}
        env_file = None
    from_file = _without_empty(read_env_file(env_file)) if env_file else {}
    merged = {**from_file, **environment}
    found = Found()
    for name, variables in names.items():
        present = [variable for variable in variables if variable in merged]
        if present:
            source: Source = "environment" if present[0] in environment else ".env"
            _take(found, Origin(name, present[0], source, tuple(present[1:])), merged)
    if HANDED_OVER not in environment:
        known = {variable for variables in names.values() for variable in variables}
        found.warnings += _warn_of_typos(merged, known)
        found.warnings += _warn_of_mixed_keys(found.origins)
        found.not_yet_used = tuple(sorted(v for v in merged if _is_not_yet_used(v)))
    return found


def _without_empty(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in values.items() if value.strip()}


def _take(found: Found, origin: Origin, merged: Mapping[str, str]) -> None:
    found.values[origin.name] = _converted(origin.variable, merged)
    found.origins.append(origin)
    # Two variables that say the same need no warning: AWS_REGION and AWS_DEFAULT_REGION often do.
    for loser in origin.losers:
        if merged[loser] != merged[origin.variable]:
            found.warnings.append(
                f"{origin.variable} and {loser} are both set: {origin.variable} is used."
            )


def _converted(variable: str, merged: Mapping[str, str]) -> str:
    conversion = CONVERSIONS.get(variable)
    if conversion is None:
        return merged[variable]
    try:
        return conversion.convert(merged[variable])
    except (ValueError, KeyError):
        raise SettingInvalid(name=variable, allowed=conversion.allowed) from None


def _warn_of_typos(merged: Mapping[str, str], known: Iterable[str]) -> list[str]:
    known_names = sorted(known)
    warnings: list[str] = []
    for variable in sorted(merged):
        if variable.startswith(PREFIX) and variable not in known_names:
            # The prefix, which all share, would make everything look near.
            own = [name.removeprefix(PREFIX) for name in known_names if name.startswith(PREFIX)]
            near = difflib.get_close_matches(variable.removeprefix(PREFIX), own, n=1)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else "see 'doc-pipeline config'."
            warnings.append(f"{variable} is no setting and is ignored: {hint}")
    return warnings


def _warn_of_mixed_keys(origins: Iterable[Origin]) -> list[str]:
    """Half a key pair of one set and half of another never opens a store: say so."""
    families: dict[int, str] = {}
    for origin in origins:
        for number, family in enumerate(ACCESS_KEY_FAMILIES):
            if origin.variable in family:
                families.setdefault(number, origin.variable)
    if len(families) < 2:
        return []
    return [f"{' and '.join(families.values())} are of different sets: check the access keys."]


def _is_not_yet_used(variable: str) -> bool:
    return variable in NOT_YET_USED or variable.startswith(NOT_YET_USED_PREFIX)
