"""One picture to words: turned upright and read with another script's language where needed.

Knows pixels and words; paragraphs and pages come elsewhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doc_pipeline.extraction.ocr.engine import Tesseract, TesseractFailed, TesseractTimedOut
from doc_pipeline.extraction.ocr.languages import Languages
from doc_pipeline.extraction.ocr.words import (
    Word,
    count_good_chars,
    mean_confidence,
    parse_words,
    turn_of,
    turn_word,
)

if TYPE_CHECKING:
    from PIL.Image import Image

_POOR = 60.0
_LEAST_CHARS = 3
_LEAST_SIDE = 8
_SMALL_SIDE = 1600
_MOST_ENLARGED = 3.0
_SURE_DPI = 150
_LONGEST_SIDE = 12_000
_MOST_PIXELS = 40_000_000
_MOST_PIXELS_UNTOLD = 12_000_000
"""Of pictures that tell no resolution: a camera's, where a page is as sharp with fewer."""
_TRIAL_PIXELS = 4_000_000
_SURE_WORD = 80.0
_SURE_LETTERS = re.compile(r"[^\W\d_]{3,}")
_LEAST_DPI, _MOST_DPI = 70, 2400
_ROTATE = re.compile(r"^Rotate: (\d+)$", re.MULTILINE)
_SCRIPT = re.compile(r"^Script: (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read: the program, the document's languages and the seconds for a picture.

    `dpi` is that of pictures that do not tell their own.
    """

    tesseract: Tesseract
    languages: Languages
    dpi: int
    page_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Words of the picture turned clockwise by `rotation` degrees, which is `width` x `height`.

    A pixel of it is `scale` pixels of the picture.
    """

    words: Sequence[Word]
    rotation: int
    width: int
    height: int
    scale: float
    languages: tuple[str, ...]

    @property
    def confidence(self) -> float | None:
        """Mean of the words, 0 to 100; None without words."""
        return mean_confidence(self.words)

    @property
    def is_poor(self) -> bool:
        """Whether the page probably stands on its side or is of another script."""
        return (self.confidence or 0.0) < _POOR

    def place(self, box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
        """A box (left, top, right, bottom) of this reading as one of the picture itself."""
        left, top, right, bottom = box
        width, height = self.width, self.height
        match self.rotation:
            case 90:
                turned = (top, width - right, bottom, width - left)
            case 180:
                turned = (width - right, height - bottom, width - left, height - top)
            case 270:
                turned = (height - bottom, left, height - top, right)
            case _:
                turned = box
        return tuple(round(edge * self.scale, 1) for edge in turned)  # pyright: ignore[reportReturnType] - four edges stay four


def read_picture(image: Image, reader: Reader) -> Reading:
    """The best of several readings; the first one suffices where tesseract is sure of its words.

    Raises `TesseractFailed`, `TesseractTimedOut`.
    """
    languages = reader.languages.current
    if min(image.size) < _LEAST_SIDE:
        return Reading((), 0, *image.size, 1.0, languages)
    page = _Page(image, reader)
    first = page.read(0, languages)
    if first.is_poor:
        best = _read_otherwise(page, first)
    else:
        best = _read_in_its_language(page, first, reader.languages)
    if best.languages != languages:
        reader.languages.learn(best.languages)
    return best


def _read_otherwise(page: _Page, first: Reading) -> Reading:
    """Turned, or with the language of another script; of a photo or logo single sure words."""
    best = first
    if not first.words and not page.has_ink:
        return first
    for rotation, languages in page.other_ways(first):
        reading = page.try_again(rotation, languages)
        if reading is None:
            break
        if count_good_chars(reading.words) > count_good_chars(best.words):
            best = reading
        if not best.is_poor:
            break
    return best if count_good_chars(best.words) >= _LEAST_CHARS else page.read_sparsely(first)


def _read_in_its_language(page: _Page, first: Reading, languages: Languages) -> Reading:
    """Words of a language that is not in use are read mostly, but not all of its letters."""
    shown = languages.shown_by(" ".join(word.text for word in first.words))
    if not shown:
        return first
    reading = page.try_again(0, shown, is_trial=False)
    if reading is None or (reading.confidence or 0.0) < (first.confidence or 0.0):
        return first
    return reading


class _Page:
    """A picture in grey, as tesseract gets it, and the time that is left for it."""

    def __init__(self, image: Image, reader: Reader) -> None:
        self._reader = reader
        self._deadline = time.monotonic() + reader.page_s
        dpi = _dpi_of(image, reader.dpi)
        grey = image if image.mode == "L" else image.convert("L")
        self._full = _sized(grey, _scale_of(grey, dpi), dpi)
        self._trial = self._full
        pixels = self._full[0].width * self._full[0].height
        if pixels > 2 * _TRIAL_PIXELS:
            self._trial = _sized(grey, self._full[1] * (pixels / _TRIAL_PIXELS) ** 0.5, dpi)

    @property
    def has_ink(self) -> bool:
        """Whether there is anything on the page that could be text."""
        low, high = self._full[0].getextrema()
        return float(high) - float(low) > 48  # pyright: ignore[reportArgumentType] - one band

    def read(self, rotation: int, languages: tuple[str, ...], *, is_trial: bool = False) -> Reading:
        grey, scale, dpi = self._trial if is_trial else self._full
        grey = _turned(grey, rotation)
        words = self._words(grey, languages, dpi)
        width, height = grey.size
        if turn := 0 if rotation else turn_of(words):
            words = [turn_word(word, turn, width, height) for word in words]
            rotation, width, height = turn, height, width
        return Reading(words, rotation, width, height, scale, languages)

    def try_again(
        self, rotation: int, languages: tuple[str, ...], *, is_trial: bool = True
    ) -> Reading | None:
        """Another reading; None when it fails or there is no time left for it.

        A trial of a large picture is made small first, and read whole only where that is good.
        """
        try:
            if is_trial and self._trial is not self._full:
                trial = self.read(rotation, languages, is_trial=True)
                if trial.is_poor:
                    return trial
            return self.read(rotation, languages)
        except TesseractFailed:
            return None

    def read_sparsely(self, first: Reading) -> Reading:
        """Single words of a drawing or a logo, and only those that are beyond doubt."""
        grey, scale, dpi = self._trial
        try:
            found = self._words(grey, first.languages, dpi, is_sparse=True)
        except TesseractFailed:
            found = []
        sure = [w for w in found if w.confidence >= _SURE_WORD and _SURE_LETTERS.search(w.text)]
        return Reading(sure, 0, *grey.size, scale, first.languages)

    def _words(
        self,
        grey: Image,
        languages: tuple[str, ...],
        dpi: int | None,
        *,
        is_sparse: bool = False,
    ) -> list[Word]:
        tsv = self._reader.tesseract.read(
            _as_pnm(grey),
            languages=languages,
            dpi=dpi,
            timeout_s=self._left_s(),
            is_sparse=is_sparse,
        )
        try:
            return parse_words(tsv)
        except ValueError as error:
            raise TesseractFailed from error

    def other_ways(self, first: Reading) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Rotations and languages worth a try, the likeliest first."""
        languages = first.languages
        try:
            seen = self._reader.tesseract.look(
                _as_pnm(self._trial[0]), dpi=self._trial[2], timeout_s=self._left_s()
            )
        except TesseractTimedOut:
            return
        except TesseractFailed:  # too little text to tell
            if first.words:
                yield from ((rotation, languages) for rotation in (180, 90, 270))
            return
        turn, script = _ROTATE.search(seen), _SCRIPT.search(seen)
        rotation = int(turn[1]) % 360 if turn else 0
        name = script[1] if script else ""
        other = self._reader.languages.for_script(name)
        if other:
            yield rotation, other
        if rotation in {90, 180, 270}:
            yield rotation, languages
        yield (rotation + 180) % 360, other or languages

    def _left_s(self) -> float:
        return self._deadline - time.monotonic()


def _turned(grey: Image, rotation: int) -> Image:
    from PIL.Image import Transpose

    turns = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}
    return grey.transpose(turns[rotation]) if rotation else grey


def _dpi_of(image: Image, usual: int) -> int | None:
    """Pixels per inch; None when the picture tells nothing that can be true."""
    told = image.info.get("dpi")
    if told is None:
        return usual
    dpi = round(float(told[0]))
    return dpi if _LEAST_DPI <= dpi <= _MOST_DPI else None


def _scale_of(grey: Image, dpi: int | None) -> float:
    """Pixels of the picture for one that is read: > 1 for giants, < 1 for screen shots."""
    longest = max(grey.size)
    most = _MOST_PIXELS if dpi else _MOST_PIXELS_UNTOLD
    if longest > _LONGEST_SIDE or grey.width * grey.height > most:
        area = grey.width * grey.height / most
        return max(longest / _LONGEST_SIDE, area**0.5)
    if longest < _SMALL_SIDE and (dpi is None or dpi < _SURE_DPI):
        return max(longest / _SMALL_SIDE, 1 / _MOST_ENLARGED)
    return 1.0


def _sized(grey: Image, scale: float, dpi: int | None) -> tuple[Image, float, int | None]:
    """The picture made smaller by `scale`, that scale, and the resolution it has then."""
    if scale == 1.0:
        return grey, scale, dpi
    from PIL.Image import Resampling

    size = (max(1, round(grey.width / scale)), max(1, round(grey.height / scale)))
    resized = grey.resize(size, Resampling.BICUBIC)
    return resized, scale, None if dpi is None else max(_LEAST_DPI, round(dpi / scale))


def _as_pnm(grey: Image) -> bytes:
    """As portable greymap: nothing to compress or to decompress."""
    return b"P5 %d %d 255\n" % grey.size + grey.tobytes()
