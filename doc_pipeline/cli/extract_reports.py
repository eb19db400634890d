"""How the command `extract` shows what became of files: text, elements, JSON, a table, files."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from doc_pipeline.cli.output import (
    counted,
    print_json_line,
    print_table,
    printable,
    say,
    say_aside,
    say_error,
)
from doc_pipeline.cli.trials import Trial, TrialFile
from doc_pipeline.domain.attachment import ATTACHMENT_MARK
from doc_pipeline.domain.element import Element
from doc_pipeline.domain.limits import MIB

_COLUMNS = (
    "file",
    "type",
    "outcome",
    "pages",
    "words",
    "language",
    "OCR",
    "CPU s",
    "peak MB",
    "warnings",
)
_OPTIONAL = ("language", "CPU s", "peak MB", "OCR", "warnings", "type", "words", "pages")


@dataclass
class Report:
    """Takes what became of each file, in their order."""

    is_several: bool
    failures: int = 0
    is_stopped: bool = False
    counts: Counter[str] = field(default_factory=Counter[str])

    def take(self, trial: Trial) -> None:
        """Count a file and what is inside, and show them."""
        for each in trial.all():
            self.counts[each.outcome] += 1
            self.failures += each.error is not None
        self.show(trial)

    def show(self, trial: Trial) -> None:
        """Show a file and what is inside."""

    def end(self) -> None:
        """Show what is known when all files are through."""


class _TextReport(Report):
    def show(self, trial: Trial) -> None:
        for each in trial.all():
            _say_facts(each)
            if each.extracted is not None:
                sys.stdout.flush()
                text = each.extracted.text + ("\n" if sys.stdout.isatty() else "")
                sys.stdout.buffer.write(text.encode("utf-8", "replace"))
                sys.stdout.buffer.flush()


class _ElementsReport(Report):
    def show(self, trial: Trial) -> None:
        for each in trial.all():
            if each.error is not None or not self.is_several:
                _say_facts(each)
            for element in each.extracted.elements if each.extracted else ():
                if self.is_several or each.depth:
                    element = replace(element, extra={**element.extra, "filename": each.name})
                say(_stored_line(element))


class _JsonReport(Report):
    def show(self, trial: Trial) -> None:
        for each in trial.all():
            print_json_line(each.to_dict())


class _TableReport(Report):
    def __init__(self, is_several: bool) -> None:
        super().__init__(is_several)
        self._good: list[list[object]] = []
        self._bad: list[list[object]] = []
        self._errors: list[list[object]] = []
        self._warnings: list[list[object]] = []

    def show(self, trial: Trial) -> None:
        rows = [_row(each) for each in trial.all()]
        failed = [each for each in trial.all() if each.error is not None]
        (self._bad if failed else self._good).extend(rows)
        for each in failed:
            assert each.error is not None
            self._errors.append([each.name, each.error.code, each.error.sentence])
        for each in trial.all():
            told = each.extracted.warnings if each.extracted is not None else ()
            self._warnings.extend([each.name, warning] for warning in told)

    def end(self) -> None:
        rows = [*self._good, *self._bad]
        if rows:
            print_table(_COLUMNS, rows, optional=_OPTIONAL)
        if self._warnings:
            say("")
            print_table(["file", "warning"], self._warnings)
        if self._errors:
            say("")
            print_table(["file", "code", "what it says"], self._errors)
        total = sum(self.counts.values())
        failed = [f"{code} {n}" for code, n in sorted(self.counts.items()) if code != "ok"]
        note = f" Failed: {', '.join(failed)}." if failed else ""
        say(f"\n{self.counts['ok']} of {counted(total, 'file')} extracted.{note}")


REPORTS: dict[str, Callable[[bool], Report]] = {
    "text": _TextReport,
    "elements": _ElementsReport,
    "json": _JsonReport,
    "table": _TableReport,
}


class WrittenFiles(Report):
    """Writes texts and elements under names that mirror those of the files."""

    def __init__(self, folder: Path, overwrite: bool, files: Sequence[TrialFile]) -> None:
        super().__init__(len(files) > 1)
        self._folder = folder
        self._overwrite = overwrite
        if overwrite:
            return
        there = [p for file in files for p in self._paths(file.name) if p.exists()]
        if there:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            message = f"{printable(str(there[0]))}{more} would be replaced; allow it: --overwrite"
            raise typer.BadParameter(message, param_hint="--out")

    def show(self, trial: Trial) -> None:
        """Write the texts. Raises `typer.BadParameter` rather than replace a file."""
        for each in trial.all():
            if each.extracted is None:
                continue
            text, elements = self._paths(each.name)
            text.parent.mkdir(parents=True, exist_ok=True)
            # Found inside a file: its name was not known when the others were looked for.
            mode = "w" if self._overwrite else "x"
            try:
                with text.open(mode, encoding="utf-8", errors="replace", newline="") as file:
                    file.write(each.extracted.text)
                with elements.open(mode, encoding="utf-8", errors="replace", newline="") as file:
                    file.writelines(_stored_line(e) + "\n" for e in each.extracted.elements)
            except FileExistsError as there:
                message = f"{printable(str(there.filename))} is there; allow it: --overwrite"
                raise typer.BadParameter(message, param_hint="--out") from None

    def _paths(self, name: str) -> tuple[Path, Path]:
        """`mail.eml!/a.pdf` becomes `mail.eml.inside/a.pdf.txt`; nothing leaves the folder."""
        inside = name.replace(ATTACHMENT_MARK, ".inside/")
        parts = [part for part in Path(inside).parts if part not in {"..", "/", "."}]
        path = self._folder.joinpath(*parts)
        return (
            path.with_name(f"{path.name}.txt"),
            path.with_name(f"{path.name}.elements.jsonl"),
        )


def _row(trial: Trial) -> list[object]:
    name = trial.name.rpartition(ATTACHMENT_MARK)[2] if trial.depth else trial.name
    kind = trial.file_type.kind if trial.file_type else None
    row: list[object] = ["   " * trial.depth + name, kind, trial.outcome]
    found = trial.extracted
    if found is None:
        return [*row, None, None, None, "", None, None, None]
    ocr = str(found.ocr_pages) if found.ocr_pages else ""
    if found.ocr_confidence is not None:
        ocr += f" ({found.ocr_confidence:.0f} %)"
    usage = found.usage
    return [
        *row,
        found.pages,
        found.words,
        found.language,
        ocr,
        usage.cpu_s if usage else None,
        round(usage.peak_memory_bytes / MIB) if usage else None,
        len(found.warnings) or None,
    ]


def _say_facts(trial: Trial) -> None:
    """On standard error: standard output is the text, and nothing else."""
    if trial.error is not None:
        say_aside(f"{printable(trial.name)}:")
        say_error(trial.error)
    found = trial.extracted
    if found is None:
        return
    usage = found.usage
    facts = [
        found.kind,
        counted(found.pages, "page") if found.pages else "",
        counted(found.words, "word"),
        f"language {found.language}" if found.language else "",
        f"{counted(found.ocr_pages, 'page')} by OCR" if found.ocr_pages else "",
        found.extractor,
        f"{usage.cpu_s:.2f} s CPU, {usage.peak_memory_bytes // MIB} MB" if usage else "",
    ]
    say_aside(", ".join(filter(None, facts)))
    if trial.file_type is not None and trial.file_type.is_mismatch:
        say_aside(f"Note: the name claims {trial.file_type.claimed_kind}.")
    for warning in (
        *([f"second way: {found.fallback}"] if found.fallback else []),
        *found.warnings,
    ):
        say_aside(f"Note: {printable(warning)}")


def _stored_line(element: Element) -> str:
    return json.dumps(element.to_dict(), ensure_ascii=False, separators=(",", ":"))
