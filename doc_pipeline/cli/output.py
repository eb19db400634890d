"""How the command line shows things: tables for people, JSON for programs, errors with a remedy.

Colours and fitting to the width only on a terminal; piped, a row is one plain line.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from doc_pipeline.domain.errors import PipelineError

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

STATUS_STYLE = {
    "completed": "green",
    "processing": "cyan",
    "pending": "yellow",
    "failed": "red",
    "quarantined": "magenta",
    "cancelled": "dim",
    "pass": "green",
    "ok": "green",
    "fail": "red",
    "off": "dim",
}
PIPED_WIDTH = 10_000
GAP = 2
_WHOLE = {"status", "code", "outcome"}
"""Columns that are never broken over two lines, as numbers are not."""
_OBEYED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls of eight bits, of line and of the direction of writing; halves of a character."""


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def console() -> Console:
    """Standard output: coloured on a terminal, plain and without line breaks when piped."""
    if _is_terminal():
        return Console(highlight=False, force_terminal=True)
    return Console(highlight=False, no_color=True, width=PIPED_WIDTH, force_terminal=False)


def say(line: str) -> None:
    """One line for people."""
    typer.echo(line)


def say_aside(line: str) -> None:
    """One line for people that is not part of the result: on standard error."""
    typer.echo(line, err=True)


def say_error(error: PipelineError) -> None:
    """Code, sentence and remedy on standard error."""
    typer.secho(f"{error.code}: {error.sentence}", fg="red", err=True)
    say_aside(f"What to do: {error.remedy}")


def print_json(value: object) -> None:
    """Print as JSON with dates in ISO form."""
    typer.echo(_harmless(json.dumps(value, default=_plain, ensure_ascii=False, indent=2)))


def print_json_line(value: object) -> None:
    """Print as JSON on one line, at once."""
    typer.echo(_harmless(json.dumps(value, default=_plain, ensure_ascii=False)))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, optional: Sequence[str] = ()
) -> None:
    """Print rows; a cell that is a known status is coloured.

    On a terminal that is too narrow, `optional` columns are left out, the first one first.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = {
        name: max([cell_len(name), *(cell_len(row[at].plain) for row in cells)])
        for at, name in enumerate(columns)
    }
    numbers = {
        name
        for at, name in enumerate(columns)
        if rows and all(isinstance(row[at], int | float | None) for row in rows)
    }
    if not _is_terminal():
        for line in ([Text(name) for name in columns], *cells):
            say(_plain_line(columns, line, widths, numbers))
        return
    out = console()
    shown = _fitting(widths, optional, out.width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)
    for name in columns:
        if name in shown:
            table.add_column(
                name,
                justify="right" if name in numbers else "left",
                overflow="fold",
                no_wrap=name in numbers or name in _WHOLE,
            )
    for row in cells:
        table.add_row(*[cell for name, cell in zip(columns, row, strict=True) if name in shown])
    out.print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print name and value, one a line; empty values are left out."""
    filled = {name: v for name, v in fields.items() if v is not None and v not in ("", [], {})}
    width = max((len(name) for name in filled), default=0)
    out = console()
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_column(no_wrap=True, min_width=width)
    table.add_column(overflow="fold")
    for name, value in filled.items():
        if out.is_terminal:
            table.add_row(name, _cell(value))
        else:
            say(f"{name:<{width}}  {_cell(value).plain}")
    if out.is_terminal:
        out.print(table)


def print_indented(text: Text, indent: int = 3) -> None:
    """Print a paragraph that stays indented where the terminal breaks it."""
    out = console()
    if out.is_terminal:
        out.print(Padding(text, (0, 0, 0, indent)))
    else:
        say(" " * indent + text.plain)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Generator[Progress]:
    """A bar for a terminal, nothing elsewhere. Tasks bring a `note`, said behind the percent."""
    is_shown = not quiet and _is_terminal()
    # A terminal of its own: Dagster sends standard output elsewhere while a step runs.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") if is_shown else nullcontext() as terminal:
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=Console(file=terminal, highlight=False),
            disable=not is_shown,
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
        )
        with bar:
            yield bar


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 document, 2 documents."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def short_time(moment: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """Local date and minute."""
    return "" if moment is None else moment.astimezone().strftime(form)


def short_size(size_bytes: int | None) -> str:
    """Size in the unit that fits."""
    size = float(size_bytes or 0)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def printable(text: str) -> str:
    """Text without signs that would move the cursor or colour the terminal."""
    # Names of files may hold anything; a table must stay a table.
    return "".join(c if c.isprintable() else "�" for c in text)


def _harmless(as_json: str) -> str:
    """The same JSON, with signs escaped that JSON lets stand but a terminal obeys."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", as_json)


def _fitting(widths: Mapping[str, int], optional: Sequence[str], width: int) -> set[str]:
    shown = set(widths)
    for name in optional:
        if sum(widths[each] + GAP for each in shown) - GAP <= width:
            break
        shown.discard(name)
    return shown


def _plain_line(
    columns: Sequence[str], cells: Sequence[Text], widths: Mapping[str, int], numbers: set[str]
) -> str:
    padded: list[str] = []
    for name, cell in zip(columns, cells, strict=True):
        space = " " * (widths[name] - cell_len(cell.plain))
        padded.append(space + cell.plain if name in numbers else cell.plain + space)
    return (" " * GAP).join(padded).rstrip()


def _cell(value: object) -> Text:
    if isinstance(value, datetime):
        value = short_time(value)
    if isinstance(value, float):
        value = f"{value:.2f}"
    shown = printable("" if value is None else str(value))
    return Text(shown, style=STATUS_STYLE.get(shown, ""))


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)
