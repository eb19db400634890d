"""Finished pages on disk: what a killed extraction of a long scan leaves to the next one.

One file per ten pages, written whole or not at all. Files that are damaged or were made with
other settings count as not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from doc_pipeline.domain.element import Element
from doc_pipeline.extraction.request import CHECKPOINTS

PAGES_PER_FILE = 10
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class OcrPage:
    """One page as OCR read it.

    `words` is their number, `confidence` their mean, 0 to 100, None without words. A page that
    failed has no elements, a warning that says why, and the class of the error as `failure`.
    """

    number: int
    elements: tuple[Element, ...]
    words: int = 0
    confidence: float | None = None
    warnings: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def is_failed(self) -> bool:
        """Whether the page could not be read at all."""
        return self.failure is not None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "number": self.number,
            "elements": [element.to_dict() for element in self.elements],
            "words": self.words,
            "confidence": self.confidence,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OcrPage:
        """Read what `to_dict` wrote."""
        return cls(
            number=int(data["number"]),
            elements=tuple(map(Element.from_dict, data["elements"])),
            words=int(data["words"]),
            confidence=data["confidence"],
            warnings=tuple(map(str, data["warnings"])),
        )


class Checkpoints:
    """Ranges of pages in a folder; does nothing without a folder.

    `settings` is what the pages depend on; ranges made with other settings are not taken.
    """

    def __init__(
        self,
        folder: Path | None,
        numbers: Sequence[int],
        settings: Mapping[str, object],
        pages_in_all: int,
    ) -> None:
        self._folder = folder / CHECKPOINTS if folder is not None else None
        self._settings = dict(settings)
        self._pages_in_all = pages_in_all
        self._missing: dict[int, set[int]] = {}
        for number in numbers:
            self._missing.setdefault(_range_of(number), set()).add(number)
        self._finished: dict[int, dict[int, OcrPage]] = {}

    def load(self) -> dict[int, OcrPage]:
        """Pages that an earlier extraction finished, of those that are wanted."""
        for index, wanted in self._missing.items():
            pages = {page.number: page for page in self._read(index) if page.number in wanted}
            self._finished[index] = pages
            wanted -= pages.keys()
        return {number: page for pages in self._finished.values() for number, page in pages.items()}

    def add(self, page: OcrPage) -> str | None:
        """Take note of a page; the name of the file that this completed, relative to the folder.

        Failed pages are not written: another extraction tries them again.
        """
        index = _range_of(page.number)
        self._missing[index].discard(page.number)
        pages = self._finished.setdefault(index, {})
        if not page.is_failed:
            pages[page.number] = page
        if self._folder is None or self._missing[index] or not pages:
            return None
        return self._write(index, pages.values())

    def _name(self, index: int) -> str:
        first = index * PAGES_PER_FILE + 1
        last = min(first + PAGES_PER_FILE - 1, self._pages_in_all)
        return f"{first:05}-{last:05}.json"

    def _read(self, index: int) -> list[OcrPage]:
        if self._folder is None:
            return []
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            data = cast(
                "dict[str, Any]", json.loads((self._folder / self._name(index)).read_bytes())
            )
            if data["format"] == _FORMAT and data["settings"] == self._settings:
                return [OcrPage.from_dict(page) for page in data["pages"]]
        return []

    def _write(self, index: int, pages: Iterable[OcrPage]) -> str:
        assert self._folder is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / self._name(index)
        data = {
            "format": _FORMAT,
            "settings": self._settings,
            "pages": [page.to_dict() for page in sorted(pages, key=lambda page: page.number)],
        }
        unfinished = target.with_suffix(".part")
        unfinished.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(target)
        return f"{CHECKPOINTS}/{target.name}"


def _range_of(number: int) -> int:
    return (number - 1) // PAGES_PER_FILE
