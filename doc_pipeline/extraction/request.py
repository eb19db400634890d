"""What an extractor is given and what it hands back. No format is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from doc_pipeline.domain.element import Element, ExtractedText
from doc_pipeline.domain.limits import Limits


@dataclass(frozen=True, slots=True)
class ExtractRequest:
    """One file to extract: its real type, its name and what its owner said of it.

    `on_progress` is called with pages done and pages in all.
    """

    kind: str
    name: str
    language: str | None = None
    password: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    on_progress: Callable[[int, int], None] | None = None

    def report(self, done: int, pages: int) -> None:
        """Tell whoever asked how far the pages are."""
        if self.on_progress is not None:
            self.on_progress(done, pages)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a format's function found: elements in reading order, not yet placed."""

    elements: Sequence[Element]
    pages: int | None = None
    title: str | None = None
    language: str | None = None
    warnings: tuple[str, ...] = ()


class Extractor(Protocol):
    """Turns a file of one kind into text and elements."""

    @property
    def name(self) -> str:
        """Short name, part of the fingerprint."""
        ...

    @property
    def version(self) -> str:
        """Raised when the output for the same bytes changes."""
        ...

    def __call__(self, path: Path, request: ExtractRequest) -> ExtractedText:
        """Extract the file. Raises `PipelineError` only for what it recognised."""
        ...
