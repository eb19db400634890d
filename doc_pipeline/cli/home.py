"""From settings to paths: the Dagster home, the places of stores, what the stack starts with."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from doc_pipeline.cli.instance_home import write_dagster_home
from doc_pipeline.cli.stack_commands import StackOptions
from doc_pipeline.domain.errors import DiskFull, SettingInvalid
from doc_pipeline.settings import Settings, settings_to_environment

_SQLITE = "sqlite:///"


@contextmanager
def named_folder_errors() -> Generator[None]:
    """Say which setting is meant when the data folder cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(store="data") from error
        raise SettingInvalid(
            name="DOC_PIPELINE_DATA_DIR", allowed="a folder that this user may write to"
        ) from error


def dagster_home(settings: Settings) -> Path:
    """The folder whose dagster.yaml all our processes use; written when it is not there."""
    with named_folder_errors():
        return write_dagster_home(settings.data_dir, settings.max_concurrent_runs)


def stack_options(
    settings: Settings, *, host: str | None = None, port: int | None = None
) -> StackOptions:
    """What `up` starts for these settings."""
    home = dagster_home(settings)

    def fail_lost_runs() -> None:
        from doc_pipeline.defs.liveness import fail_lost_runs, open_instance

        with open_instance(home) as instance:
            fail_lost_runs(instance)

    return StackOptions(
        data_dir=settings.data_dir,
        dagster_home=home,
        environment=settings_to_environment(settings),
        host=host or settings.web_host,
        port=port or settings.web_port,
        log_level=settings.log_level.lower(),
        on_locked=fail_lost_runs,
    )


def folder_of(url: str) -> Path | None:
    """The path of a store on this machine, None for a bucket."""
    if "://" not in url:
        return Path(url)
    return Path(unquote(urlsplit(url).path)) if url.startswith("file://") else None


def sqlite_file_of(catalog_url: str) -> Path | None:
    """The file of a SQLite catalog, None for a server."""
    if not catalog_url.startswith(_SQLITE):
        return None
    return Path(unquote(catalog_url.removeprefix(_SQLITE)))
