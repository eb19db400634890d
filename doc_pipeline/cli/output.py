"""How the command line shows things: tables for people, JSON for programs, errors with a remedy.

Colours only on a terminal; plain text when piped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from doc_pipeline.domain.errors import PipelineError

STATUS_STYLE = {
    "completed": "green",
    "processing": "cyan",
    "pending": "yellow",
    "failed": "red",
    "quarantined": "magenta",
    "cancelled": "dim",
    "pass": "green",
    "fail": "red",
    "off": "dim",
}
PIPED_WIDTH = 200


def console() -> Console:
    """Standard output: coloured on a terminal, plain and wide when piped."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, no_color=True, width=PIPED_WIDTH, force_terminal=False)


def say(line: str) -> None:
    """One line for people."""
    typer.echo(line)


def say_error(error: PipelineError) -> None:
    """Code, sentence and remedy on standard error."""
    typer.secho(f"{error.code}: {error.sentence}", fg="red", err=True)
    typer.echo(f"What to do: {error.remedy}", err=True)


def print_json(value: object) -> None:
    """Print as JSON with dates in ISO form."""
    typer.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None
) -> None:
    """Print rows; a cell that is a known status is coloured."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        is_number = bool(rows) and all(
            isinstance(row[columns.index(column)], int | float | None) for row in rows
        )
        table.add_column(
            column,
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number or column in {"status", "code"},
        )
    for row in rows:
        table.add_row(*[_cell(value) for value in row])
    console().print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print name and value, one a line; empty values are left out."""
    width = max((len(name) for name in fields), default=0)
    out = console()
    for name, value in fields.items():
        if value is None or value in ("", [], {}):
            continue
        text = Text(f"{name:<{width}}  ")
        text.append(_cell(value))
        out.print(text)


def short_time(moment: datetime | None) -> str:
    """Local date and minute."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def short_size(size_bytes: int | None) -> str:
    """Size in the unit that fits."""
    size = float(size_bytes or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _cell(value: object) -> Text:
    if isinstance(value, datetime):
        value = short_time(value)
    if isinstance(value, float):
        value = f"{value:.2f}"
    shown = "" if value is None else str(value)
    # Names of files may hold anything; a table must stay a table.
    shown = "".join(c if c.isprintable() else "�" for c in shown)
    return Text(shown, style=STATUS_STYLE.get(shown, ""))


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)
