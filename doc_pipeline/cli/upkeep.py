"""Commands for set-up and care: config, accept-deletes, reset."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from doc_pipeline.cli.home import folder_of, sqlite_file_of
from doc_pipeline.cli.output import JsonFlag, print_json, print_table, say, say_aside
from doc_pipeline.cli.session import load_settings, open_services
from doc_pipeline.cli.stack_state import read_stack_state
from doc_pipeline.domain.errors import AlreadyRunning
from doc_pipeline.settings import Settings, describe_settings
from doc_pipeline.settings_sources import SettingRow, variable_of
from doc_pipeline.stages.discover import accept_deletes

_SQLITE_FILES = ("", "-wal", "-shm", "-journal")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "config",
        short_help="Print every setting and where it came from.",
        epilog="Example: doc-pipeline config --json",
    )(config)
    app.command(
        "accept-deletes",
        short_help="Confirm that uploads which vanished were deleted.",
        epilog="Example: doc-pipeline accept-deletes --yes",
    )(accept_vanished)
    app.command(
        "reset",
        short_help="Delete what the pipeline made; uploads stay.",
        epilog="Example: doc-pipeline reset    then: doc-pipeline reset --yes",
    )(reset)


def config(as_json: JsonFlag = False) -> None:
    """Print every setting, its value, and which variable it came from; secrets are masked."""
    settings = load_settings()
    rows = describe_settings(settings)
    if as_json:
        print_json(rows)
        return
    print_table(
        ["variable", "value", "from", "meaning"],
        [[variable_of(row.name), row.value_shown, _origin(row), row.meaning] for row in rows],
        optional=["meaning"],
    )
    for name in settings.not_yet_used:
        say_aside(f"{name} is recognised but not used yet.")


def accept_vanished(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Confirm that uploads which vanished at once were really deleted."""
    if not yes:
        typer.confirm(
            "The next tick will remove every document whose file is gone. Go on?", abort=True
        )
    with open_services() as services:
        accept_deletes(services.catalog)
    say("The next tick believes what it sees.")


def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Really delete.")] = False,
    uploads: Annotated[
        bool, typer.Option("--uploads", help="Also delete the uploaded files.")
    ] = False,
) -> None:
    """Delete everything the pipeline made in the data folder; uploads stay unless asked.

    Without --yes it only says what would go. Stores outside the data folder are left alone.
    """
    settings = load_settings()
    state = read_stack_state(settings.data_dir)
    if state is not None:
        raise AlreadyRunning(pid=state.pid, host=state.machine)
    doomed = _made_by_us(settings, uploads=uploads)
    if not doomed:
        say("Nothing to delete.")
        return
    for path in doomed:
        say(f"{'deleting' if yes else 'would delete'} {path}")
        if yes:
            _delete(path)
    if not yes:
        say("Nothing was deleted. To do it: doc-pipeline reset --yes")


def _origin(row: SettingRow) -> str:
    if row.variable_that_won in (None, variable_of(row.name)):
        return row.source
    return f"{row.variable_that_won} ({row.source})"


def _made_by_us(settings: Settings, *, uploads: bool) -> list[Path]:
    """What is there of what the settings point at, inside the data folder only.

    Nothing else there is ever deleted: people choose folders that hold other things too.
    """
    folder = settings.data_dir
    upload_folder = folder_of(settings.uploads_url)
    database = sqlite_file_of(settings.catalog_url)
    wanted = [
        folder_of(settings.artifacts_url),
        folder_of(settings.index_url),
        *([database.with_name(database.name + end) for end in _SQLITE_FILES] if database else []),
        folder / "dagster",
        folder / "logs" / "up.log",
        *([upload_folder] if uploads else []),
    ]
    return [
        path
        for path in wanted
        if path is not None
        and path.is_relative_to(folder)
        and path != folder
        and path.exists()
        # The user's own files may lie below what is ours.
        and (uploads or upload_folder is None or not upload_folder.is_relative_to(path))
    ]


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
