"""Commands for set-up and care: config, doctor, accept-deletes, reset."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from doc_pipeline.cli.output import print_json, print_table, say
from doc_pipeline.cli.session import load_settings, open_services
from doc_pipeline.domain.errors import PipelineError
from doc_pipeline.services import Services
from doc_pipeline.settings import describe_settings
from doc_pipeline.stages.discover import accept_deletes

MADE_BY_US = ("artifacts", "lancedb", "catalog.db*", "dagster", "logs")
"""What the pipeline puts into its data folder; nothing else there is ever deleted."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("config", epilog="Example: doc-pipeline config --json")(config)
    app.command("doctor", epilog="Example: doc-pipeline doctor")(doctor)
    app.command("accept-deletes", epilog="Example: doc-pipeline accept-deletes --yes")(
        accept_vanished
    )
    app.command("reset", epilog="Example: doc-pipeline reset --yes")(reset)


def config(as_json: JsonFlag = False) -> None:
    """Print every setting, its value, and which variable it came from; secrets are masked."""
    settings = load_settings()
    rows = describe_settings(settings)
    if as_json:
        print_json(rows)
        return
    print_table(
        ["setting", "value", "from", "meaning"],
        [
            [row.name, row.value_shown, row.variable_that_won or row.source, row.meaning]
            for row in rows
        ],
    )
    for name in settings.not_yet_used:
        say(f"{name} is recognised but not used yet.")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the doctor's report."""

    name: str
    status: str
    detail: str
    remedy: str = ""


def doctor(as_json: JsonFlag = False) -> None:
    """Try each thing the pipeline depends on; say pass or fail, and what to do."""
    with open_services() as services:
        checks: dict[str, Callable[[Services], str]] = {
            "catalog": _check_catalog,
            "uploads": _check_uploads,
            "artifacts": _check_artifacts,
            "embedding": _check_embedding,
            "index": _check_index,
            "disk": _check_disk,
            "services": _check_stack,
            "batches": _check_pause,
        }
        results = [_tried(name, check, services) for name, check in checks.items()]
    if as_json:
        print_json(results)
    else:
        print_table(
            ["what", "status", "detail"],
            [[r.name, r.status, f"{r.detail} {r.remedy}".strip()] for r in results],
        )
    if any(result.status == "fail" for result in results):
        raise typer.Exit(1)


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
    from doc_pipeline.cli.stack_state import read_stack_state

    settings = load_settings()
    folder = settings.data_dir
    if read_stack_state(folder) is not None:
        say("The services are up. Stop them first: doc-pipeline down")
        raise typer.Exit(1)
    upload_folder = Path(settings.uploads_url.removeprefix("file://"))
    names = [*MADE_BY_US, *([upload_folder.name] if uploads else [])]
    doomed = [path for name in names for path in sorted(folder.glob(name))]
    if not doomed:
        say("Nothing to delete.")
        return
    for path in doomed:
        say(f"{'deleting' if yes else 'would delete'} {path}")
    if not yes:
        say("Nothing was deleted. To do it: doc-pipeline reset --yes")
        return
    for path in doomed:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _tried(name: str, check: Callable[[Services], str], services: Services) -> CheckResult:
    try:
        detail = check(services)
    except PipelineError as error:
        return CheckResult(name, "fail", f"{error.code}: {error.sentence}", error.remedy)
    is_off = detail.startswith("off: ")
    return CheckResult(name, "off" if is_off else "pass", detail.removeprefix("off: "))


def _check_catalog(services: Services) -> str:
    counts = services.catalog.reading.counts()
    return f"{services.catalog.url}, {sum(counts.values())} documents"


def _check_uploads(services: Services) -> str:
    services.uploads.root_identity()
    first = next(iter(services.uploads.list(None)), None)
    return services.uploads.url + ("" if first else ", empty")


def _check_artifacts(services: Services) -> str:
    key = "doctor/probe"
    services.artifacts.put(key, b"probe")
    services.artifacts.get(key)
    services.artifacts.delete(key)
    return f"{services.artifacts.url}, written, read and deleted"


def _check_embedding(services: Services) -> str:
    vector = services.embedder.embed_query("doctor")
    return f"{services.embedder.model_id}, {len(vector)} dimensions"


def _check_index(services: Services) -> str:
    health = services.index.health()
    return ", ".join(f"{name} {value}" for name, value in health.items())


def _check_disk(services: Services) -> str:
    folder = services.settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free_gb = shutil.disk_usage(folder).free / 1e9
    return f"{free_gb:.1f} GB free in {services.settings.data_dir}"


def _check_stack(services: Services) -> str:
    from doc_pipeline.cli.stack_state import read_stack_state

    state = read_stack_state(services.settings.data_dir)
    if state is None:
        return "off: not running; start them with: doc-pipeline up"
    return f"up, process {state.pid}, {state.url}"


def _check_pause(services: Services) -> str:
    from doc_pipeline.stages.pause import current_pause

    pause = current_pause(services.catalog)
    if pause is None:
        return "starting as uploads arrive"
    return f"off: waiting after {pause.code}: {pause.sentence} {pause.remedy}"
