"""Temporary folders of a run, gone with it; those of runs that were killed are swept away.

A folder is locked while it is in use, so that a lock which nobody holds tells one left behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from doc_pipeline.domain.errors import DiskFull, StoreAway
from doc_pipeline.domain.limits import MIB

STORE = "temporary"
NEARLY_FULL_BYTES = 64 * MIB
_PREFIX = "doc-pipeline-run-"
_FRESH_S = 5.0
"""A younger folder may just be about to be locked."""


@contextmanager
def temporary_folder() -> Generator[Path]:
    """An empty folder. Raises `DiskFull`, or `StoreAway` when none can be made: for all alike."""
    try:
        made = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(store=STORE) from error
        raise StoreAway(store=STORE) from error
    with made as name:
        folder = Path(name)
        lock = _locked(folder)
        try:
            yield folder
        finally:
            if lock is not None:
                os.close(lock)


def is_nearly_full() -> bool:
    """Whether hardly anything more can be written where temporary folders are."""
    return shutil.disk_usage(tempfile.gettempdir()).free < NEARLY_FULL_BYTES


def sweep_folders() -> int:
    """Delete what runs that were killed left behind; returns how many folders."""
    swept = 0
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            swept += _sweep(folder)
    return swept


def _sweep(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    is_ours = found.st_uid == os.getuid() and folder.is_dir() and not folder.is_symlink()
    if not is_ours or time.time() - found.st_mtime < _FRESH_S:
        return False
    lock = _locked(folder)
    if lock is None:
        return False
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
    return not folder.exists()


def _locked(folder: Path) -> int | None:
    """A descriptor that locks the folder until it is closed; None when another has it."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
