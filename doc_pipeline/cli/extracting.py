"""The command `extract`: extraction alone, to see what the pipeline makes of a file.

Needs no catalog and no data folder, and writes nothing but what `--out` names.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from doc_pipeline.cli.extract_reports import REPORTS, Report, WrittenFiles
from doc_pipeline.cli.output import (
    counted,
    printable,
    progress_bar,
    say_aside,
)
from doc_pipeline.cli.session import load_settings
from doc_pipeline.cli.trials import (
    Extract,
    NoSuchFile,
    TrialFile,
    TrialOptions,
    find_files,
    try_files,
)
from doc_pipeline.domain.document import parse_options
from doc_pipeline.domain.errors import OptionsInvalid
from doc_pipeline.services import open_extraction, processing_settings
from doc_pipeline.settings import Settings
from doc_pipeline.stages.folders import temporary_folder

INTERRUPTED = 130
LONGEST_NOTE = 30
STANDARD_INPUT = "-"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "extract",
        short_help="Try extraction on files, without the pipeline.",
        epilog="Example: doc-pipeline extract letter.pdf > letter.txt    "
        "or: doc-pipeline extract 'inbox/*.eml' --attachments    "
        "or: doc-pipeline extract reports/ --out texts",
    )(extract)


def extract(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help="Files, folders, patterns such as 'in/*.pdf', or - for input."
        ),
    ],
    as_table: Annotated[bool, typer.Option("--table", help="One row for each file.")] = False,
    as_elements: Annotated[
        bool, typer.Option("--elements", help="Elements as JSON lines, as they are stored.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each file, on a line.")
    ] = False,
    attachments: Annotated[
        bool, typer.Option("--attachments", help="Also what is inside mails and archives.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Write texts and elements there."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that --out finds there.")
    ] = False,
    password: Annotated[
        str | None, typer.Option(help="Password of the files; - asks for it.", metavar="TEXT")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of the text, such as de.", metavar="CODE")
    ] = None,
    ocr: Annotated[
        Literal["auto", "off"] | None, typer.Option(help="Whether pictures of text are read.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="Files at once.", min=1, max=64)
    ] = None,
) -> None:
    """Extract text from files, here and now: no catalog, no index, nothing is stored.

    One file: its text. Several: a table, failures last. It goes the pipeline's own way, with
    its limits and with the sidecar beside the file. Exit code 1 when a file failed.
    """
    shapes = {"--table": as_table, "--elements": as_elements, "--json": as_json}
    chosen = [name for name, wanted in shapes.items() if wanted]
    if len(chosen) > 1:
        raise typer.BadParameter(f"{' and '.join(chosen)} exclude each other")
    if language is not None:
        language = _language(language)
    settings = load_settings()
    if password == STANDARD_INPUT:
        password = typer.prompt("Password", hide_input=True, err=True)
    with _input_files(files) as found:
        targets = WrittenFiles(out, overwrite, found) if out is not None else None
        options = _options(settings, ocr, language, password, with_attachments=attachments)
        default = "table" if len(found) > 1 or attachments or out is not None else "text"
        report = REPORTS[chosen[0].removeprefix("--") if chosen else default](len(found) > 1)
        _run(settings, found, options, jobs, [report, *([targets] if targets else [])])
    report.end()
    if report.is_stopped:
        say_aside("Stopped: only what was done by then is shown.")
        raise typer.Exit(INTERRUPTED)
    if report.failures:
        raise typer.Exit(1)


def _language(typed: str) -> str | None:
    """As sidecars take it. Raises `typer.BadParameter`."""
    try:
        return parse_options({"language": typed}, "--language").language
    except OptionsInvalid as error:
        raise typer.BadParameter(str(error.fields["problem"]), param_hint="--language") from None


@contextmanager
def _input_files(names: Sequence[str]) -> Generator[list[TrialFile]]:
    with temporary_folder() as folder:
        found: list[TrialFile] = []
        if STANDARD_INPUT in names:
            path = folder / "input"
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            found.append(TrialFile(path, "input"))
        try:
            found += find_files([name for name in names if name != STANDARD_INPUT])
        except NoSuchFile as missing:
            message = f"there is nothing called {printable(str(missing))}"
            raise typer.BadParameter(message, param_hint="FILE") from None
        if not found:
            raise typer.BadParameter("there are no files in it", param_hint="FILE")
        yield found


def _options(
    settings: Settings,
    ocr: str | None,
    language: str | None,
    password: str | None,
    *,
    with_attachments: bool,
) -> TrialOptions:
    processing = processing_settings(settings)
    return TrialOptions(
        limits=processing.limits,
        rules=processing.admission,
        ocr=replace(processing.ocr, mode=ocr or processing.ocr.mode),
        language=language,
        password=password,
        with_attachments=with_attachments,
    )


def _run(
    settings: Settings,
    found: list[TrialFile],
    options: TrialOptions,
    jobs: int | None,
    reports: Sequence[Report],
) -> None:
    workers = jobs or settings.extract_workers
    if settings.extract_workers > 0:
        settings = settings.model_copy(update={"extract_workers": min(workers, len(found))})
    pool = open_extraction(settings)
    at_once = settings.extract_workers if pool else 1
    try:
        with progress_bar() as bar:
            total = len(found)
            task = bar.add_task("extracting", total=total, note=f"0 of {counted(total, 'file')}")

            def show_pages(file: TrialFile, done: int, pages: int) -> None:
                name = printable(file.path.name)[-LONGEST_NOTE:]
                bar.update(task, note=f"{name}: page {done} of {pages}")

            trials = try_files(
                found,
                pool.extract if pool else _extract_here(),
                options,
                at_once=at_once,
                interrupt=pool.interrupt if pool else _nothing,
                on_progress=show_pages,
            )
            for number, trial in enumerate(trials, start=1):
                for report in reports:
                    report.take(trial)
                bar.update(task, completed=number, note=f"{number} of {counted(total, 'file')}")
    except KeyboardInterrupt:
        for report in reports:
            report.is_stopped = True
    finally:
        if pool is not None:
            pool.close()


def _extract_here() -> Extract:
    from doc_pipeline.extraction.registry import extract_file

    return extract_file


def _nothing() -> None:
    pass
