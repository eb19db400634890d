"""Every setting of the pipeline: default, bounds, meaning and variables. Read once, at the doors.

Read only by definitions, defs.resources, services, cli and api; what lies below gets plain
values. How variables are found and shown is in settings_sources.py. Opens no store.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from pydantic import SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from doc_pipeline import settings_forms as forms
from doc_pipeline.domain.errors import SettingInvalid, StorageNotConfigured
from doc_pipeline.settings_extraction import ExtractionSettings
from doc_pipeline.settings_sources import (
    CONVERSIONS,
    GROUPS,
    HANDED_OVER,
    Origin,
    SettingRow,
    find_values,
    setting,
    variable_of,
)

_URL_FORM = "file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
_CATALOG_FORM = "sqlite:////folder/catalog.db or postgresql+psycopg://user:password@host/database"


def _below_data(folder: str) -> Any:
    def derive(data: dict[str, Any]) -> Path:
        return Path(data["data_dir"]) / folder

    return derive


def _catalog_file(data: dict[str, Any]) -> str:
    # SQLAlchemy decodes percent signs in the path of a SQLite file.
    return f"sqlite:///{quote(str(data['data_dir']))}/catalog.db"


def _has_bucket(data: dict[str, Any]) -> bool:
    return data["s3_bucket"] is not None


def _store_url(folder_setting: str, prefix: str) -> Any:
    """Where a store is when its address is not given: the bucket if S3 is used, else a folder."""

    def derive(data: dict[str, Any]) -> str:
        if not data["use_s3_storage"]:
            return Path(data[folder_setting]).as_uri()
        if data["s3_bucket"] is None:
            raise StorageNotConfigured(name=_any_variable_of("s3_bucket"))
        return f"s3://{data['s3_bucket']}/{prefix}"

    return derive


def _is_tls(data: dict[str, Any]) -> bool:
    endpoint = data["s3_endpoint_url"]
    return endpoint is None or endpoint.startswith("https://")


def _default_model(data: dict[str, Any]) -> str:
    return "hashing" if data["embedding_provider"] == "hashing" else "text-embedding-3-small"


# fmt: off
# One setting, two or three lines: group, default, meaning; then other variables, bounds, form.
class Settings(ExtractionSettings):
    """All settings, checked and complete: addresses are absolute, derived values filled in."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    # -- stores: where documents and results are
    data_dir: Path = setting(
        "Stores", ".data", "Folder of everything that is kept on this machine.",
        form="a folder, without '?' in its path")
    s3_bucket: str | None = setting(
        "Stores", None, "Bucket for uploads and artifacts; naming one switches S3 on.",
        also=("AWS_BUCKET_NAME", "S3_BUCKET_NAME", "MINIO_BUCKET_NAME"),
        form="a bucket's name, without s3:// and without slashes")
    use_s3_storage: bool = setting(
        "Stores", _has_bucket,
        "Whether uploads and artifacts are in the bucket; false keeps them on this machine.",
        also=("USE_S3_STORAGE", "DOC_PIPELINE_STORAGE"), shown="true when a bucket is set")
    s3_endpoint_url: str | None = setting(
        "Stores", None, "Address of an S3 service other than Amazon's, such as MinIO.",
        also=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "S3_ENDPOINT_URL", "MINIO_ENDPOINT"),
        form="http://host:port, https://host:port or host:port")
    s3_use_ssl: bool = setting(
        "Stores", _is_tls, "Whether an endpoint given as host:port is reached over https.",
        also=("S3_USE_SSL", "MINIO_USE_SSL"), shown="false for host:port, else as the address says")
    s3_region: str = setting(
        "Stores", "us-east-1", "Region of the bucket.",
        also=("AWS_REGION", "AWS_DEFAULT_REGION", "S3_REGION"),
        form="a region's name such as eu-central-1")
    s3_access_key_id: SecretStr | None = setting(
        "Stores", None, "Access key of the bucket; without it the machine's own role is used.",
        also=("AWS_ACCESS_KEY_ID", "S3_ACCESS_KEY_ID", "MINIO_ACCESS_KEY"), form="a key")
    s3_secret_access_key: SecretStr | None = setting(
        "Stores", None, "Secret that belongs to the access key.",
        also=("AWS_SECRET_ACCESS_KEY", "S3_SECRET_KEY", "S3_SECRET_ACCESS_KEY",
              "MINIO_SECRET_KEY"), form="a secret")
    s3_session_token: SecretStr | None = setting(
        "Stores", None, "Token that belongs to a temporary access key.",
        also=("AWS_SESSION_TOKEN",), form="a token")
    local_upload_dir: Path = setting(
        "Stores", _below_data("uploads"), "Upload folder on this machine, when S3 is not used.",
        also=("UPLOAD_DIR",), form="a folder", shown="<data_dir>/uploads")
    local_artifact_dir: Path = setting(
        "Stores", _below_data("artifacts"), "Artifact folder on this machine, when S3 is not used.",
        also=("DOCUMENT_CHUNKS_DIR",), form="a folder", shown="<data_dir>/artifacts")
    uploads_url: str = setting(
        "Stores", _store_url("local_upload_dir", "uploads"), "Where users put their documents.",
        form=_URL_FORM, shown="s3://<bucket>/uploads or the upload folder")
    artifacts_url: str = setting(
        "Stores", _store_url("local_artifact_dir", "artifacts"),
        "Where raw copies, texts and chunks are kept; never inside the uploads.",
        form=_URL_FORM, shown="s3://<bucket>/artifacts or the artifact folder")
    index_url: str = setting(
        "Stores", _below_data("lancedb"), "Where the LanceDB index is.",
        form="a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
        shown="<data_dir>/lancedb")
    catalog_url: str = setting(
        "Stores", _catalog_file,
        "SQL database of documents, chunks and errors; never the database of Dagster.",
        form=_CATALOG_FORM, shown="sqlite:///<data_dir>/catalog.db")

    # -- embeddings: which model makes the vectors
    embedding_provider: Literal["hashing", "openai"] = setting(
        "Embeddings", "hashing", "Who makes the vectors: this machine or an OpenAI-like service.",
        shown="hashing, or openai when such a model is named")
    embedding_model: str = setting(
        "Embeddings", _default_model, "Model that makes the vectors.", also=("EMBEDDING_MODEL",),
        form="a model of the provider (hashing with the provider hashing)",
        shown="hashing, or text-embedding-3-small with openai")
    embedding_dimensions: int | None = setting(
        "Embeddings", None, "Length of a vector, where the model lets one choose.",
        low=8, high=8192, shown="the model's own")
    embedding_base_url: str | None = setting(
        "Embeddings", None, "Address of the embedding service, when it is not OpenAI's own.",
        also=("OPENAI_BASE_URL",), form="http://host/v1 or https://host/v1")
    embedding_api_key: SecretStr | None = setting(
        "Embeddings", None, "Key of the embedding service.", also=("OPENAI_API_KEY",),
        form="the service's key, needed when the provider is openai")
    embedding_parallel: bool = setting(
        "Embeddings", True, "Whether several embedding requests may be under way at once.",
        also=("PARALLEL_EMBEDDING_GENERATION",))
    embedding_max_parallel: int = setting(
        "Embeddings", 5, "How many embedding requests may be under way at once.",
        also=("MAX_PARALLEL_EMBEDDINGS",), low=1, high=64)
    embedding_timeout_s: float = setting(
        "Embeddings", 60.0, "Seconds to wait for one answer of the embedding service.",
        low=1, high=600)

    # -- chunks: how texts are cut
    chunk_size: int = setting(
        "Chunks", 1000, "Characters in a chunk, when the size is not adapted to the document.",
        also=("DEFAULT_CHUNK_SIZE",), low=50, high=100_000)
    chunk_adaptive: bool = setting(
        "Chunks", True, "Whether the size of chunks is adapted to each document.",
        also=("OPTIMIZE_CHUNK_SIZE",))
    chunk_max_tokens: int = setting(
        "Chunks", 512, "Most tokens in a chunk, its headings included.", low=32, high=8192)

    # -- runs: how the work is dealt out
    batch_size: int = setting(
        "Runs", 200, "Most documents in one run.", low=1, high=500)
    commit_documents: int = setting(
        "Runs", 100, "Documents after which the index is written.", low=1, high=500)
    commit_seconds: float = setting(
        "Runs", 10.0, "Seconds after which the index is written.", low=0.1, high=600)
    max_concurrent_runs: int = setting(
        "Runs", 3, "Most runs at the same time.",
        also=("MAX_CONCURRENT_PROCESSING", "MAX_CONCURRENT_TASKS"), low=1, high=100)
    max_attempts: int = setting(
        "Runs", 4,
        "How often a document is tried when its runs die (TASK_RETRY_MAX_ATTEMPTS=3: 1 + 3).",
        also=("TASK_RETRY_MAX_ATTEMPTS",), low=1, high=20)
    max_processing_minutes: int = setting(
        "Runs", 60, "Minutes after which a run is stopped.",
        also=("MAX_PROCESSING_TIME_MINUTES",), low=1, high=1440)

    # -- sensor: how new uploads are found
    auto_process: bool = setting(
        "Sensor", True, "Whether new uploads are processed by themselves; false lets them wait.",
        also=("ASYNC_PROCESSING_ENABLED",))
    ignored_names: tuple[str, ...] = setting(
        "Sensor", (".DS_Store", "Thumbs.db", "~$*", "*.part", "*.tmp", ".~lock*"),
        "Files that are never documents.", form="names or patterns with *, separated by commas")
    hold_prefix: str = setting(
        "Sensor", "hold/", "Uploads below this wait until they are released.",
        form="the beginning of a key, without a slash in front")
    sensor_interval_s: int = setting(
        "Sensor", 5, "Seconds from one look at the uploads to the next.", low=1, high=3600)
    settle_s: float = setting(
        "Sensor", 2.0, "Seconds a file must rest before it is taken as wholly written.",
        low=0, high=600)
    tick_seconds: int = setting(
        "Sensor", 40, "Seconds after which one look is cut and the next goes on from there.",
        low=1, high=55)
    tick_max_objects: int = setting(
        "Sensor", 20_000, "Most uploads that one look compares.", low=1, high=1_000_000)

    # -- web page and log
    web_host: str = setting(
        "Web and log", "127.0.0.1", "Address that the web page listens on.",
        also=("WEBSOCKET_HOST",), form="a host name or IP address")
    web_port: int = setting(
        "Web and log", 3000, "Port of the web page.", also=("WEBSOCKET_PORT",), low=1, high=65_535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "Web and log", "INFO", "Least severity that is logged.", also=("DOC_PIPELINE_LOG",))

    # -- how the above came about; no settings themselves
    origins: tuple[Origin, ...] = ()
    warnings: tuple[str, ...] = ()
    not_yet_used: tuple[str, ...] = ()
# fmt: on

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only from `read_settings`, which remembers where each came from."""
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        return forms.name_provider(forms.add_scheme(dict(values)))

    _data_dir = field_validator("data_dir", mode="before")(forms.data_folder)
    _folders = field_validator("local_upload_dir", "local_artifact_dir", mode="before")(
        forms.folder
    )
    _stores = field_validator("uploads_url", "artifacts_url", mode="before")(forms.store_url)
    _index = field_validator("index_url", mode="before")(forms.index_address)
    _catalog = field_validator("catalog_url")(forms.catalog_address)
    _services = field_validator("s3_endpoint_url", "embedding_base_url")(forms.service_address)
    _names = field_validator("s3_bucket", "s3_region", "web_host")(forms.name)
    _model = field_validator("embedding_model")(forms.model_name)
    _hold = field_validator("hold_prefix")(forms.key_prefix)
    _ignored = field_validator("ignored_names", mode="before")(forms.comma_list)
    _log = field_validator("log_level", mode="before")(forms.upper)

    @property
    def embedding_requests_at_once(self) -> int:
        """How many embedding requests may be under way: one when not parallel."""
        return self.embedding_max_parallel if self.embedding_parallel else 1

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        uploads = self.uploads_url
        if forms.is_inside(self.artifacts_url, uploads):
            self._refuse("artifacts_url", "a place that is not inside the uploads")
        if forms.is_inside(self.data_dir.as_uri(), uploads):
            self._refuse("data_dir", "a folder that is not inside the uploads")
        if (self.embedding_provider == "hashing") != self.embedding_model.startswith("hashing"):
            self._refuse("embedding_model", f"a model of the provider {self.embedding_provider}")
        if (
            self.embedding_provider == "openai"
            and not self.embedding_api_key
            and not self.embedding_base_url
        ):
            self._refuse("embedding_api_key", allowed_form("embedding_api_key"))
        if {self.s3_access_key_id is None, self.s3_secret_access_key is None} == {True, False}:
            self._check_key_pair()
        return self

    def _check_key_pair(self) -> None:
        urls = (self.uploads_url, self.artifacts_url, self.index_url)
        if any(url.startswith("s3://") for url in urls):
            absent = "s3_secret_access_key" if self.s3_access_key_id else "s3_access_key_id"
            raise StorageNotConfigured(name=_any_variable_of(absent))

    def _refuse(self, name: str, allowed: str) -> None:
        variables = {origin.name: origin.variable for origin in self.origins}
        raise SettingInvalid(name=variables.get(name, variable_of(name)), allowed=allowed)

    def __repr_args__(self) -> list[tuple[str, str]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Show no secret, wherever a settings object is printed."""
        return [(name, forms.show_value(getattr(self, name))) for name in setting_names()]


def setting_names() -> tuple[str, ...]:
    """All settings, in the order of their groups."""
    names = (name for name, info in Settings.model_fields.items() if info.description)
    return tuple(sorted(names, key=lambda name: GROUPS.index("".join(_extra(name, "group")))))


def variables_of(name: str) -> tuple[str, ...]:
    """All variables of a setting, the strongest first."""
    return (variable_of(name), *_extra(name, "also"))


def allowed_form(name: str) -> str:
    """What a setting takes, in words."""
    info = Settings.model_fields[name]
    return forms.allowed_form(info.annotation, info.metadata, "".join(_extra(name, "form")))


def default_shown(name: str) -> str:
    """The default in words: derived ones name what they come from; '' means not set."""
    shown = "".join(_extra(name, "shown"))
    return shown or forms.show_value(Settings.model_fields[name].default)


def read_settings(
    environ: Mapping[str, str] | None = None, env_file: str | Path | None = ".env"
) -> Settings:
    """Read and check all settings.

    Raises `SettingInvalid` with the variable the user set, or `StorageNotConfigured`; neither
    ever holds a value.
    """
    names = {name: variables_of(name) for name in setting_names()}
    found = find_values(
        names, os.environ if environ is None else environ, Path(env_file) if env_file else None
    )
    try:
        return Settings.model_validate(
            {
                **found.values,
                "origins": tuple(found.origins),
                "warnings": tuple(found.warnings),
                "not_yet_used": found.not_yet_used,
            }
        )
    except ValidationError as error:
        # A default that was not derived only follows another wrong value.
        wrong = [e for e in error.errors() if e["type"] != "default_factory_not_called"]
        name = str((wrong or error.errors())[0]["loc"][0])
    variable = next((o.variable for o in found.origins if o.name == name), variable_of(name))
    conversion = CONVERSIONS.get(variable)
    # Raised outside the handler: the library's error holds the value, which may be a secret.
    raise SettingInvalid(
        name=variable, allowed=conversion.allowed if conversion else allowed_form(name)
    )


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return read_settings()


def describe_settings(settings: Settings) -> list[SettingRow]:
    """Every setting with its value, where it came from and what it means."""
    origins = {origin.name: origin for origin in settings.origins}
    return [
        SettingRow(
            name=name,
            value_shown=forms.show_value(getattr(settings, name)),
            source=origins[name].source if name in origins else "default",
            variable_that_won=origins[name].variable if name in origins else None,
            losers=origins[name].losers if name in origins else (),
            meaning=Settings.model_fields[name].description or "",
            default=default_shown(name),
            group="".join(_extra(name, "group")),
        )
        for name in setting_names()
    ]


def settings_to_environment(settings: Settings) -> dict[str, str]:
    """Make the variables that give a child process exactly these settings, secrets included."""
    written = {variable_of(n): forms.write_value(getattr(settings, n)) for n in setting_names()}
    return {**{variable: text for variable, text in written.items() if text}, HANDED_OVER: "1"}


def _any_variable_of(name: str) -> str:
    first, *others = variables_of(name)
    return f"{first} (or {', '.join(others)})"


def _extra(name: str, part: str) -> tuple[str, ...]:
    extra = Settings.model_fields[name].json_schema_extra
    found = extra.get(part) if isinstance(extra, dict) else None
    if isinstance(found, list):
        return tuple(str(item) for item in found)
    return (str(found),) if found else ()
