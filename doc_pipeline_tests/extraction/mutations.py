"""Damage to files, the same for the same seed and number: flips, cuts, splices, zip lists."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_DIGITS = re.compile(rb"\d{1,9}")
_FIGURES = (b"0", b"-1", b"65536", b"2147483648", b"99999999999")
_LIST_ENTRY = b"PK\x01\x02"
_LIST_END = b"PK\x05\x06"


@dataclass(frozen=True, slots=True)
class Mutation:
    """A damaged file: which number of which seed, what was done to what."""

    number: int
    source: Path
    way: str
    data: bytes

    @property
    def name(self) -> str:
        """For reports."""
        return f"{self.number}: {self.source.name}, {self.way}"


def mutate(number: int, seed: int, sources: Sequence[Path]) -> Mutation:
    """The mutation of this number: one or two kinds of damage to one of the files."""
    draw = random.Random(f"{seed}:{number}")
    source = draw.choice(sources)
    data = source.read_bytes()
    other = draw.choice(sources).read_bytes()
    ways = [_ANY[draw.randrange(len(_ANY))]]
    if data.startswith(b"PK"):
        ways = [draw.choice([*_ANY, *_OF_ZIPS * 3])]
    if draw.random() < 0.25:
        ways.append(draw.choice(_ANY))
    for way in ways:
        data = way(data, other, draw)
    return Mutation(number, source, " and ".join(way.__name__ for way in ways), data)


def flip_bits(data: bytes, _: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _time in range(draw.choice((1, 4, 32, 256)) if changed else 0):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def truncate(data: bytes, _: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def cut_out(data: bytes, _: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data) + 1)
    return data[:start] + data[start + draw.randrange(1 + len(data) // 4) :]


def overwrite(data: bytes, _: bytes, draw: random.Random) -> bytes:
    start, length = draw.randrange(len(data) + 1), draw.choice((4, 64, 4096))
    filling = draw.choice((bytes(length), b"\xff" * length, draw.randbytes(length)))
    return data[:start] + filling + data[start + length :]


def repeat(data: bytes, _: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data) + 1)
    part = data[start : start + draw.choice((16, 512, 8192))]
    return data[:start] + part * draw.choice((2, 50)) + data[start:]


def splice(data: bytes, other: bytes, draw: random.Random) -> bytes:
    start, end = draw.randrange(len(data) + 1), draw.randrange(len(other) + 1)
    return data[:start] + other[end:]


def insert(data: bytes, other: bytes, draw: random.Random) -> bytes:
    start, at = draw.randrange(len(data) + 1), draw.randrange(len(other) + 1)
    return data[:start] + other[at : at + draw.choice((64, 4096))] + data[start:]


def change_figures(data: bytes, _: bytes, draw: random.Random) -> bytes:
    found = list(_DIGITS.finditer(data))
    for match in sorted(draw.sample(found, min(len(found), 3)), key=lambda m: -m.start()):
        data = data[: match.start()] + draw.choice(_FIGURES) + data[match.end() :]
    return data


def damage_zip_list(data: bytes, _: bytes, draw: random.Random) -> bytes:
    """Sizes, offsets, counts, flags and names in the list of members."""
    changed = bytearray(data)
    places = [m.start() for m in re.finditer(re.escape(_LIST_ENTRY), data)] or [0]
    for _time in range(draw.choice((1, 3, 12))):
        end = data.rfind(_LIST_END)
        at = draw.choice(places) + draw.randrange(6, 50)
        if end >= 0 and draw.random() < 0.3:
            at = end + draw.randrange(4, 22)
        value = draw.choice((bytes(4), b"\xff\xff\xff\xff", draw.randbytes(4)))
        changed[at : at + 4] = value
    return bytes(changed)


def repack(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Damage inside one member of a zip that stays whole: it reaches the parser behind."""
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as before:
            members = {info.filename: before.read(info) for info in before.infolist()}
    except Exception:  # noqa: BLE001 - an encrypted or damaged one among the sources
        return flip_bits(data, other, draw)
    if not members:
        return data
    chosen = draw.choice(sorted(members))
    members[chosen] = draw.choice(_ANY)(members[chosen], other, draw)
    if draw.random() < 0.2:
        del members[draw.choice(sorted(members))]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after:
        for name, content in members.items():
            after.writestr(name, content)
    return buffer.getvalue()


Way = Callable[[bytes, bytes, random.Random], bytes]
_ANY: tuple[Way, ...] = (
    flip_bits,
    truncate,
    cut_out,
    overwrite,
    repeat,
    splice,
    insert,
    change_figures,
)
_OF_ZIPS: tuple[Way, ...] = (damage_zip_list, repack)
