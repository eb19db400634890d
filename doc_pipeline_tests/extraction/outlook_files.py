"""Writes Outlook messages: a compound file (OLE) of storages and streams, as Outlook lays them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from datetime import datetime

Tree = dict[str, "bytes | Tree"]
_SECTOR = 512
_MINI = 64
_CUTOFF = 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_EPOCH_1601 = 11_644_473_600


def message(
    texts: Mapping[int, str],
    *,
    data: Mapping[int, bytes] | None = None,
    narrow: Mapping[int, bytes] | None = None,
    numbers: Mapping[int, int] | None = None,
    sent: datetime | None = None,
    parts: Tree | None = None,
    header_bytes: int = 32,
) -> Tree:
    """The storage of a message: texts in Unicode, `narrow` ones in an old charset."""
    tree: Tree = dict(parts or {})
    entries: list[bytes] = []
    for kind, values in (
        (0x001F, {tag: text.encode("utf-16-le") for tag, text in texts.items()}),
        (0x001E, narrow or {}),
        (0x0102, data or {}),
    ):
        for tag, value in values.items():
            tree[f"__substg1.0_{tag:04X}{kind:04X}"] = value
            entries.append(struct.pack("<HHIII", kind, tag, 6, len(value), 0))
    for tag, number in (numbers or {}).items():
        entries.append(struct.pack("<HHIiI", 0x0003, tag, 6, number, 0))
    if sent is not None:
        ticks = int((sent.timestamp() + _EPOCH_1601) * 10_000_000)
        entries.append(struct.pack("<HHIQ", 0x0040, 0x0039, 6, ticks))
    tree["__properties_version1.0"] = bytes(header_bytes) + b"".join(entries)
    return tree


def part(texts: Mapping[int, str], **values: object) -> Tree:
    """The storage of a recipient or an attachment."""
    return message(texts, header_bytes=8, **values)  # pyright: ignore


def write_ole(tree: Tree) -> bytes:
    """The compound file of a tree."""
    entries = list(_entries(tree))
    mini, big = bytearray(), bytearray()
    starts: list[tuple[int, int]] = []
    mini_fat: list[int] = []
    fat: list[int] = []
    for _, content, _, _ in entries:
        if not isinstance(content, bytes):
            starts.append((_END, 0))
        elif len(content) < _CUTOFF:
            starts.append((_chain(mini_fat, content, _MINI) if content else _END, len(content)))
            mini += content.ljust(-(-len(content) // _MINI) * _MINI, b"\0")
        else:
            starts.append((_chain(fat, content, _SECTOR), len(content)))
            big += content.ljust(-(-len(content) // _SECTOR) * _SECTOR, b"\0")
    mini_start = _chain(fat, mini, _SECTOR) if mini else _END
    big += mini.ljust(-(-len(mini) // _SECTOR) * _SECTOR, b"\0")
    table = b"".join(struct.pack("<I", value) for value in mini_fat)
    table = table.ljust(-(-len(table) // _SECTOR) * _SECTOR, b"\xff")
    table_start = _chain(fat, table, _SECTOR) if table else _END
    starts[0] = (mini_start, len(mini))
    folder = b"".join(map(_entry, entries, starts))
    folder = folder.ljust(-(-len(folder) // _SECTOR) * _SECTOR, b"\0")
    folder_start = _chain(fat, folder, _SECTOR)
    body = bytes(big) + table + folder
    fat_sectors = next(n for n in range(1, 110) if n * 128 >= len(fat) + n)
    first = len(fat)
    fat += [_FAT] * fat_sectors
    fat += [_FREE] * (fat_sectors * 128 - len(fat))
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, fat_sectors, folder_start, 0, _CUTOFF, table_start, len(table) // _SECTOR, _END, 0,
    )  # fmt: skip
    places = [first + number for number in range(fat_sectors)]
    places += [_FREE] * (109 - fat_sectors)
    return (
        header
        + b"".join(struct.pack("<I", place) for place in places)
        + body
        + b"".join(struct.pack("<I", value) for value in fat)
    )


def _chain(table: list[int], content: bytes | bytearray, size: int) -> int:
    start = len(table)
    count = -(-len(content) // size)
    table += [start + number + 1 for number in range(count - 1)] + [_END]
    return start


def _entries(tree: Tree) -> Iterator[tuple[str, bytes | Tree, int, int]]:
    """Name, content, number of the next entry of the folder and of the first entry inside."""
    flat: list[list[object]] = [["Root Entry", tree, _FREE, _FREE]]
    at = 0
    while at < len(flat):
        content = flat[at][1]
        if isinstance(content, dict) and content:
            first = len(flat)
            flat[at][3] = first
            names = sorted(content, key=lambda name: (len(name), name.upper()))
            for number, name in enumerate(names):
                following = first + number + 1 if number + 1 < len(names) else _FREE
                flat.append([name, content[name], following, _FREE])
        at += 1
    yield from (tuple(each) for each in flat)  # pyright: ignore


def _entry(entry: tuple[str, bytes | Tree, int, int], place: tuple[int, int]) -> bytes:
    name, content, following, first = entry
    wide = name.encode("utf-16-le")
    kind = 5 if name == "Root Entry" else 1 if isinstance(content, dict) else 2
    return struct.pack(
        "<64sHBBIII16xI16xIII", wide, len(wide) + 2, kind, 1, _FREE, following, first, 0,
        place[0], place[1], 0,
    )  # fmt: skip
