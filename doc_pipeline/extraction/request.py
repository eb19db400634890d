"""What an extractor is given and what it hands back. No format is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from doc_pipeline.domain.attachment import Attachment
from doc_pipeline.domain.element import Element
from doc_pipeline.domain.limits import Limits

CHECKPOINTS = "pages"
"""Where in the request's folder finished page ranges of OCR lie."""


@dataclass(frozen=True, slots=True)
class OcrSettings:
    """How pictures of text are read.

    `mode` "auto" reads pages that need it, "off" none. `languages` are tesseract's own codes, the
    likeliest first; the document's language comes before them where it is installed. `page_s`
    bounds one page, `parallel` is how many pages of a document are read at once.
    """

    mode: str = "auto"
    languages: tuple[str, ...] = ("eng",)
    page_s: float = 120.0
    parallel: int = 2
    dpi: int = 200


@dataclass(frozen=True, slots=True)
class ExtractRequest:
    """One file to extract: its real type, its name and what its owner said of it.

    `folder` is an empty or resumed work folder that outlives the extraction: attachments are
    written to `attachments/`, finished page ranges of OCR to `CHECKPOINTS`, where those of an
    earlier, killed extraction are found again. Without a folder attachments are only counted.
    `depth` is how deep in other files the file was found (an upload: 0).
    `on_progress` is called with pages done and pages in all, `on_checkpoint` with the name, in
    the folder, of a file that is worth keeping in case of a kill, `on_extend` with seconds that
    the work may take beyond the limits, for a page of OCR.
    """

    kind: str
    name: str
    language: str | None = None
    password: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    ocr: OcrSettings = field(default_factory=OcrSettings)
    folder: Path | None = None
    depth: int = 0
    on_progress: Callable[[int, int], None] | None = None
    on_checkpoint: Callable[[str], None] | None = None
    on_extend: Callable[[float], None] | None = None

    def report(self, done: int, pages: int) -> None:
        """Tell whoever asked how far the pages are."""
        if self.on_progress is not None:
            self.on_progress(done, pages)

    def extend(self, seconds: float) -> None:
        """Ask for more wall-clock time than the limits give, for work that is bounded itself."""
        if self.on_extend is not None:
            self.on_extend(seconds)

    def keep(self, name: str) -> None:
        """Tell whoever asked that a file in the folder is worth keeping."""
        if self.on_checkpoint is not None:
            self.on_checkpoint(name)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a format's function found: elements in reading order, not yet placed.

    `extractor` is "name@version" when it was not the one the registry names, and `fallback` says
    why. Dates are ISO 8601. `attachments` were written to the request's folder.
    """

    elements: Sequence[Element]
    pages: int | None = None
    title: str | None = None
    author: str | None = None
    created_at: str | None = None
    modified_at: str | None = None
    language: str | None = None
    ocr_pages: int = 0
    ocr_confidence: float | None = None
    extractor: str | None = None
    fallback: str | None = None
    warnings: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
