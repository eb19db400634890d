"""The command line `doc-pipeline`: gathers the commands and turns errors into exit codes.

0 done, 1 something failed, 2 wrong usage or settings, 4 no such document, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import traceback
import warnings

import typer

from doc_pipeline import __version__
from doc_pipeline.cli import (
    doctor,
    documents,
    extracting,
    finding,
    processing,
    stack,
    standing,
    upkeep,
)
from doc_pipeline.cli.output import say_aside, say_error
from doc_pipeline.domain.errors import (
    DiskFull,
    DocumentNotFound,
    PipelineError,
    SettingInvalid,
    StorageNotConfigured,
)

app = typer.Typer(
    name="doc-pipeline",
    help="Documents dropped into a folder or bucket become searchable: one Dagster partition each.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: doc-pipeline up    Then: doc-pipeline add report.pdf",
)

for module in (stack, documents, processing, finding, extracting, standing, upkeep, doctor):
    module.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"doc-pipeline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line and exit."""
    # Dagster warns of parameters that it passes itself; nobody here can act on it.
    warnings.filterwarnings("ignore", message=".*is currently in beta")
    try:
        app(standalone_mode=True)
    except (SettingInvalid, StorageNotConfigured) as error:
        say_error(error)
        sys.exit(2)
    except DocumentNotFound as error:
        say_error(error)
        sys.exit(4)
    except PipelineError as error:
        say_error(error)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - people get a sentence, not a traceback
        if _is_disk_full(error):  # told by Dagster's own records, which no store of ours names
            say_error(DiskFull(store="run history"))
        else:
            _say_unexpected(error)
        sys.exit(1)


def _is_disk_full(error: Exception) -> bool:
    cause = getattr(error, "orig", None) or error  # SQLAlchemy's wrapping
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}


def _say_unexpected(error: Exception) -> None:
    """Name a bug without its text, which may hold content or secrets."""
    typer.secho(
        f"UNEXPECTED: The command ended with an unexpected error ({type(error).__name__}).",
        fg="red",
        err=True,
    )
    if os.environ.get("DOC_PIPELINE_LOG_LEVEL", "").upper() == "DEBUG":
        traceback.print_exception(error)
    say_aside("What to do: run it with DOC_PIPELINE_LOG_LEVEL=DEBUG, and report what it prints.")


if __name__ == "__main__":
    main()
