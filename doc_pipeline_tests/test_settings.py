"""Settings: where values come from, what is refused, what is shown, and that the docs agree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from doc_pipeline.domain.errors import PipelineError, SettingInvalid, StorageNotConfigured
from doc_pipeline.settings import (
    Settings,
    describe_settings,
    get_settings,
    read_settings,
    setting_names,
    settings_to_environment,
    variables_of,
)
from doc_pipeline.settings_forms import mask_url
from doc_pipeline.settings_sources import variable_of

ROOT = Path(__file__).parents[1]

# variable, what the user writes, setting, what it becomes
ALIASES: list[tuple[str, str, str, Any]] = [
    ("UPLOAD_DIR", "/srv/uploads", "local_upload_dir", Path("/srv/uploads")),
    ("DOCUMENT_CHUNKS_DIR", "/srv/chunks", "local_artifact_dir", Path("/srv/chunks")),
    ("MAX_CONCURRENT_PROCESSING", "7", "max_concurrent_runs", 7),
    ("MAX_CONCURRENT_TASKS", "10", "max_concurrent_runs", 10),
    ("DEFAULT_CHUNK_SIZE", "800", "chunk_size", 800),
    ("OPTIMIZE_CHUNK_SIZE", "False", "chunk_adaptive", False),
    ("EMBEDDING_MODEL", "hashing", "embedding_model", "hashing"),
    ("PARALLEL_EMBEDDING_GENERATION", "False", "embedding_parallel", False),
    ("MAX_PARALLEL_EMBEDDINGS", "9", "embedding_max_parallel", 9),
    ("OPENAI_API_KEY", "k-1", "embedding_api_key", SecretStr("k-1")),
    ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", "embedding_base_url", "http://127.0.0.1:9/v1"),
    ("USE_S3_STORAGE", "False", "use_s3_storage", False),
    ("DOC_PIPELINE_STORAGE", "local", "use_s3_storage", False),
    ("AWS_BUCKET_NAME", "b-1", "s3_bucket", "b-1"),
    ("S3_BUCKET_NAME", "b-2", "s3_bucket", "b-2"),
    ("MINIO_BUCKET_NAME", "slidegenie", "s3_bucket", "slidegenie"),
    ("AWS_ACCESS_KEY_ID", "id-1", "s3_access_key_id", SecretStr("id-1")),
    ("S3_ACCESS_KEY_ID", "id-2", "s3_access_key_id", SecretStr("id-2")),
    ("MINIO_ACCESS_KEY", "id-3", "s3_access_key_id", SecretStr("id-3")),
    ("AWS_SECRET_ACCESS_KEY", "s-1", "s3_secret_access_key", SecretStr("s-1")),
    ("S3_SECRET_KEY", "s-2", "s3_secret_access_key", SecretStr("s-2")),
    ("S3_SECRET_ACCESS_KEY", "s-3", "s3_secret_access_key", SecretStr("s-3")),
    ("MINIO_SECRET_KEY", "s-4", "s3_secret_access_key", SecretStr("s-4")),
    ("AWS_SESSION_TOKEN", "t-1", "s3_session_token", SecretStr("t-1")),
    ("AWS_REGION", "eu-central-1", "s3_region", "eu-central-1"),
    ("AWS_DEFAULT_REGION", "eu-west-1", "s3_region", "eu-west-1"),
    ("S3_REGION", "eu-west-3", "s3_region", "eu-west-3"),
    ("AWS_ENDPOINT_URL_S3", "https://s3.test", "s3_endpoint_url", "https://s3.test"),
    ("AWS_ENDPOINT_URL", "https://s3.test", "s3_endpoint_url", "https://s3.test"),
    ("S3_ENDPOINT_URL", "http://s3.test:9", "s3_endpoint_url", "http://s3.test:9"),
    ("MINIO_ENDPOINT", "localhost:9000", "s3_endpoint_url", "http://localhost:9000"),
    ("S3_USE_SSL", "false", "s3_use_ssl", False),
    ("MINIO_USE_SSL", "false", "s3_use_ssl", False),
    ("ASYNC_PROCESSING_ENABLED", "false", "auto_process", False),
    ("TASK_RETRY_MAX_ATTEMPTS", "3", "max_attempts", 4),
    ("MAX_MEMORY_MB_PER_TASK", "1024", "extract_memory_mb", 1024),
    ("MAX_PROCESSING_TIME_MINUTES", "90", "max_processing_minutes", 90),
    ("WEBSOCKET_HOST", "0.0.0.0", "web_host", "0.0.0.0"),  # noqa: S104 - a value, not a server
    ("WEBSOCKET_PORT", "8765", "web_port", 8765),
    ("DOC_PIPELINE_LOG", "debug", "log_level", "DEBUG"),
]


def read(env_file: Path | None = None, **environ: str) -> Settings:
    return read_settings(environ, env_file)


@pytest.mark.parametrize(("variable", "text", "name", "expected"), ALIASES)
def test_an_alias_fills_its_setting(variable: str, text: str, name: str, expected: object) -> None:
    settings = read(**{variable: text})
    assert getattr(settings, name) == expected
    row = next(row for row in describe_settings(settings) if row.name == name)
    assert (row.variable_that_won, row.source) == (variable, "environment")


def test_the_table_above_holds_every_alias() -> None:
    """A new alias without a line in the table fails here."""
    declared = {variable for name in setting_names() for variable in variables_of(name)[1:]}
    assert declared == {variable for variable, *_ in ALIASES}


@pytest.mark.parametrize("name", setting_names())
def test_the_strongest_variable_wins_in_the_written_order(name: str) -> None:
    """With the strongest taken away one by one, the next one wins."""
    texts = {alias: text for alias, text, *_ in ALIASES}
    own = settings_to_environment(read())
    texts |= {variable_of(name): own.get(variable_of(name), "")} if name in own else {}
    present = [variable for variable in variables_of(name) if texts.get(variable)]
    while present:
        settings = read(**{variable: texts[variable] for variable in present})
        origin = next(origin for origin in settings.origins if origin.name == name)
        assert origin.variable == present.pop(0)
        assert origin.losers == tuple(present)


def test_two_that_differ_give_a_warning_that_names_both() -> None:
    settings = read(MINIO_BUCKET_NAME="c", S3_BUCKET_NAME="b", AWS_BUCKET_NAME="a")
    assert settings.s3_bucket == "a"
    assert settings.warnings == (
        "AWS_BUCKET_NAME and S3_BUCKET_NAME are both set: AWS_BUCKET_NAME is used.",
        "AWS_BUCKET_NAME and MINIO_BUCKET_NAME are both set: AWS_BUCKET_NAME is used.",
    )


def test_two_that_agree_give_no_warning() -> None:
    """Cloud machines set AWS_REGION and AWS_DEFAULT_REGION together as a matter of course."""
    settings = read(AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-1")
    assert settings.warnings == ()
    assert settings.origins[0].losers == ("AWS_DEFAULT_REGION",)


def test_the_own_name_wins_over_all() -> None:
    settings = read(DOC_PIPELINE_CHUNK_SIZE="700", DEFAULT_CHUNK_SIZE="800")
    assert settings.chunk_size == 700


def test_keys_of_two_sets_give_a_warning() -> None:
    """A key id of one service with the secret of another never opens a store."""
    settings = read(AWS_ACCESS_KEY_ID="id", MINIO_SECRET_KEY="s")
    assert any("AWS_ACCESS_KEY_ID and MINIO_SECRET_KEY" in text for text in settings.warnings)


def test_variables_of_features_to_come_are_reported() -> None:
    names = [
        "CPU_THROTTLE_THRESHOLD",
        "MULTIPART_UPLOAD_THRESHOLD_MB",
        "RATE_LIMIT_REQUESTS_PER_MINUTE",
        "RATE_LIMIT_UPLOADS_PER_MINUTE",
        "REDIS_URL",
        "TASK_QUEUE_BACKEND",
        "UPLOAD_CHUNK_SIZE_MB",
        "WEBSOCKET_HEARTBEAT_INTERVAL",
    ]
    settings = read(**dict.fromkeys(names, "1"))
    assert settings.not_yet_used == tuple(sorted(names))
    assert settings.warnings == ()


def test_a_misspelt_name_is_told_with_the_nearest_one() -> None:
    settings = read(DOC_PIPELINE_CHUNKSIZE="700", DOC_PIPELINE_QQQ="1")
    assert settings.warnings == (
        "DOC_PIPELINE_CHUNKSIZE is no setting and is ignored: "
        "did you mean DOC_PIPELINE_CHUNK_SIZE?",
        "DOC_PIPELINE_QQQ is no setting and is ignored: see 'doc-pipeline config'.",
    )


# -- .env ----------------------------------------------------------------------------------------


def test_env_file_is_read_and_the_environment_is_stronger(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        "\ufeff# a comment\nexport DEFAULT_CHUNK_SIZE=800\nDOC_PIPELINE_HOLD_PREFIX='wait $HOME/'\n"
        "DOC_PIPELINE_WEB_PORT=4000 # the page\nOTHER_PROGRAM=1\n",
        encoding="utf-8",
    )
    settings = read(env_file, DOC_PIPELINE_WEB_PORT="5000", DEFAULT_CHUNK_SIZE=" ")
    assert (settings.chunk_size, settings.web_port) == (800, 5000)
    assert settings.hold_prefix == "wait $HOME/"
    sources = {row.name: row.source for row in describe_settings(settings)}
    assert (sources["chunk_size"], sources["web_port"]) == (".env", "environment")
    assert (sources["batch_size"], settings.warnings) == ("default", ())


def test_no_env_file_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path / ".env").origins == ()


@pytest.mark.parametrize("content", [b"DOC_PIPELINE_WEB_PORT=1\n\xff\xfe\n", b"A B=1\n", b'X="1\n'])
def test_a_broken_env_file_is_refused(tmp_path: Path, content: bytes) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(content)
    with pytest.raises(SettingInvalid, match=r"\.env"):
        read(env_file)


def test_an_empty_value_counts_as_not_set() -> None:
    settings = read(DOC_PIPELINE_S3_BUCKET="", AWS_BUCKET_NAME="  ", S3_BUCKET_NAME="b")
    assert settings.s3_bucket == "b"
    assert settings.origins[0].losers == ()


# -- derived values ------------------------------------------------------------------------------


def test_defaults_lie_under_the_data_folder_and_are_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read()
    data = tmp_path / ".data"
    assert settings.data_dir == data
    assert settings.uploads_url == (data / "uploads").as_uri()
    assert settings.artifacts_url == (data / "artifacts").as_uri()
    assert settings.index_url == str(data / "lancedb")
    assert settings.catalog_url == f"sqlite:///{data}/catalog.db"
    assert settings.embedding_provider == "hashing"


def test_folders_with_odd_names_become_valid_addresses(tmp_path: Path) -> None:
    settings = read(DOC_PIPELINE_DATA_DIR=str(tmp_path / "ä b#%41"))
    assert settings.uploads_url == (tmp_path / "ä b#%41" / "uploads").as_uri()
    again = read(DOC_PIPELINE_UPLOADS_URL=settings.uploads_url)
    assert again.uploads_url == settings.uploads_url


def test_folders_of_older_names_become_the_stores(tmp_path: Path) -> None:
    settings = read(UPLOAD_DIR=str(tmp_path / "u"), DOCUMENT_CHUNKS_DIR=str(tmp_path / "c"))
    assert settings.uploads_url == (tmp_path / "u").as_uri()
    assert settings.artifacts_url == (tmp_path / "c").as_uri()


@pytest.mark.parametrize("switch", [{}, {"USE_S3_STORAGE": "True"}, {"DOC_PIPELINE_STORAGE": "s3"}])
def test_a_bucket_takes_uploads_and_artifacts(switch: dict[str, str]) -> None:
    settings = read(S3_BUCKET_NAME="docs", UPLOAD_DIR="/srv/u", **switch)
    assert settings.use_s3_storage
    assert settings.uploads_url == "s3://docs/uploads"
    assert settings.artifacts_url == "s3://docs/artifacts"
    assert settings.index_url.startswith("/")


def test_s3_switched_off_leaves_the_bucket_alone() -> None:
    settings = read(S3_BUCKET_NAME="docs", USE_S3_STORAGE="False")
    assert settings.uploads_url.startswith("file:///")


def test_s3_without_a_bucket_names_the_variables() -> None:
    with pytest.raises(StorageNotConfigured) as caught:
        read(USE_S3_STORAGE="true")
    for variable in variables_of("s3_bucket"):
        assert variable in caught.value.sentence


def test_s3_without_a_bucket_is_fine_when_both_addresses_are_given() -> None:
    settings = read(
        USE_S3_STORAGE="true",
        DOC_PIPELINE_UPLOADS_URL="s3://in/",
        DOC_PIPELINE_ARTIFACTS_URL="s3://out/a",
    )
    assert (settings.uploads_url, settings.artifacts_url) == ("s3://in", "s3://out/a")


def test_half_a_key_pair_is_refused_only_where_it_is_needed() -> None:
    assert read(AWS_ACCESS_KEY_ID="id").s3_access_key_id
    with pytest.raises(StorageNotConfigured, match="AWS_SECRET_ACCESS_KEY"):
        read(AWS_ACCESS_KEY_ID="id", AWS_BUCKET_NAME="docs")


@pytest.mark.parametrize(
    ("environ", "endpoint", "is_tls"),
    [
        ({}, None, True),
        ({"MINIO_ENDPOINT": "h:9"}, "http://h:9", False),
        ({"MINIO_ENDPOINT": "h:9", "MINIO_USE_SSL": "false"}, "http://h:9", False),
        ({"MINIO_ENDPOINT": "h:9", "MINIO_USE_SSL": "true"}, "https://h:9", True),
        ({"AWS_ENDPOINT_URL": "https://h", "MINIO_USE_SSL": "false"}, "https://h", True),
        ({"AWS_ENDPOINT_URL": "http://h"}, "http://h", False),
    ],
)
def test_endpoint_and_tls_agree(
    environ: dict[str, str], endpoint: str | None, is_tls: bool
) -> None:
    settings = read(**environ)
    assert (settings.s3_endpoint_url, settings.s3_use_ssl) == (endpoint, is_tls)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h/d?sslmode=require", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////srv/c.db", "sqlite:////srv/c.db"),
    ],
)
def test_a_catalog_address_gets_the_right_driver(given: str, expected: str) -> None:
    assert read(DOC_PIPELINE_CATALOG_URL=given).catalog_url == expected


def test_relative_places_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes may start in another folder."""
    monkeypatch.chdir(tmp_path)
    settings = read(
        DOC_PIPELINE_CATALOG_URL="sqlite:///c.db",
        DOC_PIPELINE_INDEX_URL="file:///srv/my%20index",
        DOC_PIPELINE_UPLOADS_URL="./in",
    )
    assert settings.catalog_url == f"sqlite:///{tmp_path}/c.db"
    assert settings.index_url == "/srv/my index"
    assert settings.uploads_url == (tmp_path / "in").as_uri()


def test_a_model_of_a_service_chooses_the_service() -> None:
    """EMBEDDING_MODEL alone is all that older set-ups say; hashing instead would be silent."""
    settings = read(EMBEDDING_MODEL="text-embedding-ada-002", OPENAI_API_KEY="k")
    assert settings.embedding_provider == "openai"
    defaulted = read(DOC_PIPELINE_EMBEDDING_PROVIDER="openai", OPENAI_BASE_URL="http://h/v1")
    assert defaulted.embedding_model == "text-embedding-3-small"


def test_not_parallel_means_one_request() -> None:
    assert read().embedding_requests_at_once == 5
    assert read(PARALLEL_EMBEDDING_GENERATION="no").embedding_requests_at_once == 1


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "allowed"),
    [
        ({"DEFAULT_CHUNK_SIZE": "many"}, "a whole number from 50 to 100000"),
        ({"DOC_PIPELINE_CHUNK_SIZE": "0"}, "a whole number from 50 to 100000"),
        ({"DOC_PIPELINE_WEB_PORT": "65536"}, "a whole number from 1 to 65535"),
        ({"DOC_PIPELINE_SETTLE_S": "nan"}, "a number from 0 to 600"),
        ({"DOC_PIPELINE_COMMIT_SECONDS": "inf"}, "a number from 0.1 to 600"),
        ({"OPTIMIZE_CHUNK_SIZE": "perhaps"}, "true or false"),
        ({"MINIO_USE_SSL": "perhaps", "AWS_ENDPOINT_URL": "http://h"}, "true or false"),
        ({"DOC_PIPELINE_LOG_LEVEL": "loud"}, "DEBUG, INFO, WARNING or ERROR"),
        ({"DOC_PIPELINE_EMBEDDING_PROVIDER": "minilm"}, "hashing or openai"),
        ({"TASK_RETRY_MAX_ATTEMPTS": "-1"}, "0 to 19"),
        ({"TASK_RETRY_MAX_ATTEMPTS": "x"}, "0 to 19"),
        ({"DOC_PIPELINE_STORAGE": "tape"}, "local or s3"),
        ({"DOC_PIPELINE_UPLOADS_URL": "file://.data/uploads"}, "file:///folder"),
        ({"DOC_PIPELINE_UPLOADS_URL": "ftp://h/x"}, "file:///folder"),
        ({"DOC_PIPELINE_INDEX_URL": "http://h/x"}, "a folder, s3://"),
        ({"DOC_PIPELINE_CATALOG_URL": "mysql://u:p@h/d"}, "sqlite:////folder/catalog.db"),
        ({"DOC_PIPELINE_CATALOG_URL": "sqlite://"}, "sqlite:////folder/catalog.db"),
        ({"DOC_PIPELINE_CATALOG_URL": "sqlite:///:memory:"}, "sqlite:////folder/catalog.db"),
        ({"DOC_PIPELINE_DATA_DIR": "/srv/what?"}, "without '?'"),
        ({"AWS_BUCKET_NAME": "s3://docs"}, "without s3://"),
        ({"AWS_BUCKET_NAME": "docs/in"}, "without slashes"),
        ({"MINIO_ENDPOINT": "ho st"}, "host:port"),
        ({"OPENAI_BASE_URL": "h/v1"}, "http://host/v1"),
        ({"DOC_PIPELINE_HOLD_PREFIX": "/hold"}, "the beginning of a key"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_it_takes(
    environ: dict[str, str], allowed: str
) -> None:
    with pytest.raises(SettingInvalid) as caught:
        read(**environ)
    variable, text = next(iter(environ.items()))
    assert caught.value.fields["name"] == variable
    assert allowed in caught.value.sentence
    assert text not in str(caught.value.fields["name"])


def test_the_first_wrong_value_is_named_and_not_what_follows_from_it() -> None:
    """Without a valid data folder no default can be derived; only the folder is to blame."""
    with pytest.raises(SettingInvalid) as caught:
        read(DOC_PIPELINE_DATA_DIR="/a?b", DOC_PIPELINE_WEB_PORT="x")
    assert caught.value.fields["name"] == "DOC_PIPELINE_DATA_DIR"


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        (
            {"UPLOAD_DIR": "/srv/u", "DOCUMENT_CHUNKS_DIR": "/srv/u/chunks"},
            "DOC_PIPELINE_ARTIFACTS_URL",
        ),
        (
            {"UPLOAD_DIR": "/srv", "DOC_PIPELINE_DATA_DIR": "/srv/d", "DOCUMENT_CHUNKS_DIR": "/c"},
            "DOC_PIPELINE_DATA_DIR",
        ),
        (
            {
                "DOC_PIPELINE_UPLOADS_URL": "s3://docs",
                "DOC_PIPELINE_ARTIFACTS_URL": "s3://docs/artifacts",
            },
            "DOC_PIPELINE_ARTIFACTS_URL",
        ),
    ],
)
def test_results_inside_the_uploads_are_refused(environ: dict[str, str], variable: str) -> None:
    """Every result would come back as a new document, for ever."""
    with pytest.raises(SettingInvalid, match="not inside the uploads") as caught:
        read(**environ)
    assert caught.value.fields["name"] == variable


def test_neighbours_of_the_uploads_are_fine() -> None:
    """`/srv/u2` begins like `/srv/u` but is not inside it."""
    assert read(UPLOAD_DIR="/srv/u", DOCUMENT_CHUNKS_DIR="/srv/u2")


def test_provider_and_model_must_fit() -> None:
    with pytest.raises(SettingInvalid, match="EMBEDDING_MODEL"):
        read(DOC_PIPELINE_EMBEDDING_PROVIDER="hashing", EMBEDDING_MODEL="text-embedding-3-small")
    with pytest.raises(SettingInvalid, match="EMBEDDING_API_KEY"):
        read(EMBEDDING_MODEL="text-embedding-3-small")


SECRET = "sw0rdf1sh"


@pytest.mark.parametrize(
    "environ",
    [
        {"DOC_PIPELINE_CATALOG_URL": f"mysql://u:{SECRET}@h/d"},
        {"DOC_PIPELINE_UPLOADS_URL": f"https://u:{SECRET}@h/d"},
        {"OPENAI_BASE_URL": f"{SECRET}@h"},
        {"OPENAI_API_KEY": SECRET, "EMBEDDING_MODEL": "a b"},
        {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_BUCKET_NAME": "docs"},
        {"DEFAULT_CHUNK_SIZE": SECRET},
        {"MINIO_USE_SSL": SECRET},
        {"TASK_RETRY_MAX_ATTEMPTS": SECRET},
    ],
)
def test_a_refusal_never_holds_the_value(environ: dict[str, str]) -> None:
    """Neither the error nor any error it came from, which a log would print with it."""
    with pytest.raises(PipelineError) as caught:
        read(**environ)
    error: BaseException | None = caught.value
    while error is not None:
        shown = f"{error!r} {error} {error.args}"
        assert SECRET not in shown
        assert error.__cause__ is None or error.__context__ is error.__cause__
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


# -- what is shown -------------------------------------------------------------------------------


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    settings = read(
        AWS_ACCESS_KEY_ID=SECRET,
        AWS_SECRET_ACCESS_KEY=SECRET,
        AWS_SESSION_TOKEN=SECRET,
        OPENAI_API_KEY=SECRET,
        DOC_PIPELINE_CATALOG_URL=f"postgresql://user:{SECRET}@h/d",
        OPENAI_BASE_URL=f"http://{SECRET}@h/v1",
    )
    rows = describe_settings(settings)
    assert SECRET not in f"{rows} {settings} {settings!r} {settings.warnings}"
    shown = {row.name: row.value_shown for row in rows}
    assert shown["embedding_api_key"] == "***"
    assert shown["catalog_url"] == "postgresql+psycopg://***@h/d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://***@h/d"),
        ("postgresql://u:p/?#@w@h/d", "postgresql://***@h/d"),
        ("postgresql://h/d?user=u&password=p", "postgresql://h/d?user=u&password=***"),
        ("az://c/x?sig=abc;sv=1", "az://c/x?sig=***;sv=1"),
        ("file:///home/me@work/x", "file:///home/me@work/x"),
        ("/home/me@work/x", "/home/me@work/x"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
    ],
)
def test_addresses_are_shown_without_their_secrets(text: str, shown: str) -> None:
    assert mask_url(text) == shown


def test_settings_cannot_be_changed_and_only_read_where_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The class itself looks at no variable: only `read_settings` does."""
    monkeypatch.setenv("DOC_PIPELINE_WEB_PORT", "4000")
    settings = Settings()
    assert settings.web_port == 3000
    with pytest.raises(ValueError, match="frozen"):
        settings.web_port = 1  # pyright: ignore[reportAttributeAccessIssue] - that is the test


def test_settings_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    try:
        first = get_settings()
        monkeypatch.setenv("DOC_PIPELINE_WEB_PORT", "4000")
        assert get_settings() is first
    finally:
        get_settings.cache_clear()


def test_a_child_process_gets_exactly_these_settings(tmp_path: Path) -> None:
    """Also what the parent does not have: the child's own .env and older names stay unread."""
    parent = read(
        AWS_BUCKET_NAME="docs",
        USE_S3_STORAGE="true",
        MINIO_ENDPOINT="h:9",
        AWS_ACCESS_KEY_ID="id",
        AWS_SECRET_ACCESS_KEY="s",
        TASK_RETRY_MAX_ATTEMPTS="2",
        DOC_PIPELINE_IGNORED_NAMES="*.bak, ~$*",
        DOC_PIPELINE_COMMIT_SECONDS="1234e-2",
    )
    handed = settings_to_environment(parent)
    env_file = tmp_path / ".env"
    env_file.write_text("OPENAI_API_KEY=k\nAWS_REGION=eu-west-1\n")
    child = read(env_file, **handed, AWS_SESSION_TOKEN="t", MINIO_BUCKET_NAME="other")
    assert settings_to_environment(child) == handed
    assert (child.ignored_names, child.commit_seconds) == (("*.bak", "~$*"), 12.34)
    assert (child.s3_session_token, child.embedding_api_key, child.warnings) == (None, None, ())
    assert {name: getattr(child, name) for name in setting_names()} == {
        name: getattr(parent, name) for name in setting_names()
    }


def test_every_setting_says_what_it_is() -> None:
    rows = describe_settings(read())
    assert [row.name for row in rows] == list(setting_names())
    assert all(row.meaning.endswith((".", ").")) and row.group for row in rows)


def test_settings_load_nothing_heavy() -> None:
    code = (
        "import sys, doc_pipeline.settings; "
        "print([m for m in ('dagster', 'lancedb', 'unstructured', 'openai', 'pandas', 'numpy', "
        "'sqlalchemy', 'boto3', 'obstore') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# -- the docs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [".env.example", "docs/configuration.md"])
def test_every_setting_is_in_the_docs(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for name in setting_names():
        assert re.search(rf"\b{variable_of(name)}\b", text), variable_of(name)


def test_the_docs_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/update-docs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run: python scripts/update-docs\n{done.stdout}{done.stderr}"


def test_the_example_file_holds_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uncommenting every line changes nothing."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    env_file = tmp_path / ".env"
    env_file.write_text(re.sub(r"^#(?=[A-Z])", "", text, flags=re.MULTILINE), encoding="utf-8")
    settings = read(env_file)
    assert len(settings.origins) > 20
    assert settings_to_environment(settings) == settings_to_environment(read())
