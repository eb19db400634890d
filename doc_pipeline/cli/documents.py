"""Commands that act on documents: add, open, retry."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from doc_pipeline.catalog.rows import DocumentView
from doc_pipeline.cli.output import (
    JsonFlag,
    counted,
    print_json,
    progress_bar,
    say,
    say_aside,
    say_error,
)
from doc_pipeline.cli.session import open_services, resolve
from doc_pipeline.cli.stack_state import read_stack_state
from doc_pipeline.domain.document import SIDECAR_SUFFIX, Origin, ProcessingStatus
from doc_pipeline.domain.errors import ObjectGone, OptionsInvalid, PipelineError
from doc_pipeline.domain.identity import check_upload_key, document_id_of
from doc_pipeline.services import Services

BROKEN = (ProcessingStatus.FAILED, ProcessingStatus.QUARANTINED)
MOST_BROKEN = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "add",
        short_help="Upload files or folders.",
        epilog="Example: doc-pipeline add report.pdf notes/ --prefix 2026",
    )(add)
    app.command(
        "open",
        short_help="Open the original file.",
        epilog="Example: doc-pipeline open report    or: doc-pipeline open report --where",
    )(open_document)
    app.command(
        "retry",
        short_help="Queue documents again.",
        epilog="Example: doc-pipeline retry --failed    or: doc-pipeline retry --code OVER_LIMIT",
    )(retry)


def add(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES", help="Files or folders to upload.", exists=True),
    ],
    prefix: Annotated[str, typer.Option(help="Folder inside the upload store.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Put files into the upload store, as an uploader would; the sensor does the rest.

    Prints the ids of the documents. Of a folder everything is taken but links and the names that
    the setting DOC_PIPELINE_IGNORED_NAMES leaves out.
    """
    with open_services() as services:
        work = _Adding(services)
        for item in files:
            work.collect(item, prefix.strip("/"))
        work.upload()
        is_up = read_stack_state(services.settings.data_dir) is not None
    if as_json:
        print_json(
            {
                "added": work.added,
                "ignored": work.ignored,
                "problems": [
                    {"code": error.code, "message": error.sentence, "remedy": error.remedy}
                    for error in work.problems
                ],
            }
        )
    else:
        for item in work.added:
            say(item["document_id"])
        for error in work.problems:
            say_error(error)
        say_aside(_summary(work, is_up=is_up))
    if work.problems:
        raise typer.Exit(1)


def open_document(
    document: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="Id, upload key or a unique part of it.")
    ],
    where: Annotated[bool, typer.Option("--where", help="Only print the path.")] = False,
) -> None:
    """Open the original file with the program this desktop has for it."""
    with open_services() as services:
        path = _path_of(services, resolve(services, [document], active=True)[0])
    say(str(path))
    if where:
        return
    opener = shutil.which("xdg-open") or shutil.which("open")
    if opener is not None:
        command = [opener, str(path)]
        is_open = subprocess.run(command, check=False).returncode == 0  # noqa: S603 - the desktop's own program
    else:
        is_open = webbrowser.open(path.as_uri())
    if not is_open:
        say_aside("No program of this desktop opened it; its path is above.")
        raise typer.Exit(1)


def retry(
    documents: Annotated[
        list[str] | None,
        typer.Argument(metavar="DOCUMENT", help="Documents to try again."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    code: Annotated[
        str | None, typer.Option(help="All with this error code, quarantined ones too.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print which.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Queue documents again; the sensor starts them with its next tick.

    Quarantined documents are tried again when they are named or chosen by their code.
    """
    if not documents and not failed and code is None:
        raise typer.BadParameter("name documents, or use --failed or --code")
    with open_services() as services:
        views = resolve(services, documents or [], active=True)
        if failed or code:
            views += _broken(services, failed=failed, code=code)
        ids = list(dict.fromkeys(view.document_id for view in views))
        count = 0 if dry_run else services.catalog.work.requeue(ids)
        is_up = read_stack_state(services.settings.data_dir) is not None
    if as_json:
        print_json({"document_ids": ids, "requeued": count})
        return
    for document_id in ids:
        say(document_id)
    if not ids:
        say("Nothing to try again.")
    elif not dry_run:
        say_aside(f"{counted(count, 'document')} queued again. {_next_step(is_up=is_up)}")
    for view in views:
        if view.error_code == OptionsInvalid.code:
            say_aside(f"{view.source_key}: {view.error_message} Mended, it is taken by itself.")


@dataclass(slots=True)
class _Adding:
    """What `add` was given, and what became of it."""

    services: Services
    pairs: dict[str, Path] = field(default_factory=dict[str, Path])
    added: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    ignored: int = 0
    problems: list[PipelineError] = field(default_factory=list[PipelineError])

    def collect(self, item: Path, prefix: str) -> None:
        start = f"{prefix}/" if prefix else ""
        if not item.is_dir():
            if not item.is_file():
                message = f"{item} is neither a file nor a folder"
                raise typer.BadParameter(message, param_hint="FILES")
            self._note(item, start + item.name)
            return
        data_dir = self.services.settings.data_dir
        for folder, folders, names in os.walk(item):
            # The pipeline's own data is no upload, also when someone adds the whole project.
            folders[:] = sorted(name for name in folders if self._is_wanted(folder, name, data_dir))
            for name in sorted(names):
                path = Path(folder, name)
                if self._is_wanted(folder, name, data_dir) and path.is_file():
                    self._note(path, start + path.relative_to(item).as_posix())
                else:
                    self.ignored += 1

    def upload(self) -> None:
        # Sidecars first, so that no tick sees a file without its options.
        ordered = sorted(self.pairs.items(), key=lambda pair: not _is_sidecar(pair[0]))
        with progress_bar() as bar:
            task = bar.add_task("uploading", total=len(ordered), note="")
            for done, (key, path) in enumerate(ordered, start=1):
                try:
                    self.services.uploads.put(check_upload_key(key), path)
                    if not _is_sidecar(key):
                        self.added.append({"document_id": document_id_of(key), "key": key})
                except PipelineError as error:
                    self.problems.append(error)
                bar.update(task, completed=done, note=f"{done} of {counted(len(ordered), 'file')}")

    def _is_wanted(self, folder: str, name: str, data_dir: Path) -> bool:
        path = Path(folder, name)
        if path.is_symlink() or path.resolve() == data_dir:
            return False
        patterns = self.services.settings.ignored_names
        return not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    def _note(self, path: Path, key: str) -> None:
        if self.pairs.get(key, path) != path:
            # The second would silently take the place of the first.
            message = f"two of them are called {key}: add one after the other, with a --prefix"
            raise typer.BadParameter(message, param_hint="FILES")
        self.pairs[key] = path


def _is_sidecar(key: str) -> bool:
    return key.endswith(SIDECAR_SUFFIX)


def _summary(work: _Adding, *, is_up: bool) -> str:
    ignored = f", {work.ignored} ignored" if work.ignored else ""
    failed = f", {len(work.problems)} not" if work.problems else ""
    step = f" {_next_step(is_up=is_up)}" if work.added else ""
    return f"{counted(len(work.added), 'document')} uploaded{failed}{ignored}.{step}"


def _next_step(*, is_up: bool) -> str:
    if is_up:
        return "To follow: doc-pipeline watch"
    return "The services are not up: doc-pipeline up, or: doc-pipeline process"


def _path_of(services: Services, view: DocumentView) -> Path:
    if view.origin is Origin.ATTACHMENT:
        return _copied(services.artifacts.stream(view.attachment_key or ""), view.original_name)
    path = services.uploads.path_of(view.source_key)
    if path is not None:
        if not path.is_file():
            raise ObjectGone(key=view.source_key)
        return path
    return _copied(services.uploads.stream(view.source_key), view.original_name)


def _copied(pieces: Iterator[bytes], name: str) -> Path:
    path = Path(tempfile.mkdtemp(prefix="doc-pipeline-")) / name
    with path.open("wb") as file:
        file.writelines(pieces)
    return path


def _broken(services: Services, *, failed: bool, code: str | None) -> Sequence[DocumentView]:
    reading = services.catalog.reading
    statuses = BROKEN if code else BROKEN[:1]
    views = [
        view
        for status in statuses
        for view in reading.list_documents(status=status, limit=MOST_BROKEN)
        if code in (None, view.error_code)
    ]
    if code and failed:
        views = [view for view in views if view.processing_status is ProcessingStatus.FAILED]
    return views
