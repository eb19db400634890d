"""The upload store of a folder: what people drop there, in a stable order, symlinks not followed.

The operating system's own calls: obstore refuses many names that people give their files.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from doc_pipeline.domain.document import UploadObject
from doc_pipeline.domain.errors import (
    FileUnreadable,
    NameInvalid,
    ObjectGone,
    PipelineError,
    StoreRefused,
    StoreUnavailable,
)
from doc_pipeline.domain.identity import check_upload_key
from doc_pipeline.domain.limits import MIB
from doc_pipeline.storage.failures import os_failure
from doc_pipeline.storage.uploads import SMALL_BYTES, join_small

_STORE = "uploads"
_PIECE_BYTES = 4 * MIB
_INCOMING = (".doc-pipeline-", ".part")
# ELOOP: a symlink; ENXIO: a socket
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO}
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file or folder; `order` is its key in bytes, with a slash at the end for a folder."""

    order: bytes
    key: str
    path: str
    is_folder: bool


class FolderUploads:
    """One folder with all below it. Keys are paths relative to it, exactly as they are."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = root.as_uri()
        self.problems: list[PipelineError] = []

    # -- listing --------------------------------------------------------------------------------

    def list(self, after: str | None) -> Iterator[UploadObject]:
        """See `UploadStore.list`."""
        self.problems = []
        identity = self.root_identity()
        last = (after or "").encode("utf-8")
        waiting = [self._entries("", str(self.root))]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
            elif entry.is_folder:
                if entry.order > last or last.startswith(entry.order):
                    waiting.append(self._entries(entry.key + "/", entry.path))
            elif entry.order > last and (found := self._found(entry)) is not None:
                yield found
        if self.root_identity() != identity:
            # unmounted while we looked: what we missed is not gone
            raise StoreUnavailable(store=_STORE, key=self.url)

    def _entries(self, prefix: str, path: str) -> Iterator[_Entry]:
        try:
            with os.scandir(path) as scan:
                entries = [_entry(prefix, item) for item in scan if _is_wanted(item)]
        except (FileNotFoundError, NotADirectoryError):
            # deleted since its parent was read, or the whole store is away
            self.root_identity()
            return
        except PermissionError as error:
            if not prefix:
                raise StoreRefused(store=_STORE, key=self.url) from error
            self._add_unreadable(prefix)
            return
        except OSError as error:
            raise StoreUnavailable(store=_STORE, key=prefix or self.url) from error
        for entry in sorted(entries, key=lambda item: item.order):
            try:
                check_upload_key(entry.key)
            except NameInvalid as invalid:
                self.problems.append(invalid)
            else:
                yield entry

    def _found(self, entry: _Entry) -> UploadObject | None:
        try:
            status = os.lstat(entry.path)
        except FileNotFoundError:
            return None
        except PermissionError:
            self._add_unreadable(entry.key.rpartition("/")[0] + "/")
            return None
        except OSError as error:
            raise StoreUnavailable(store=_STORE, key=entry.key) from error
        return _upload(entry.key, status) if stat.S_ISREG(status.st_mode) else None

    def _add_unreadable(self, folder: str) -> None:
        # a folder that lists names but no more would be told once per file
        if not self.problems or self.problems[-1].fields["key"] != folder:
            self.problems.append(FileUnreadable(key=folder))

    # -- reading --------------------------------------------------------------------------------

    def stream(self, key: str) -> Iterator[bytes]:
        """See `UploadStore.stream`."""
        with os.fdopen(self._open(key), "rb", buffering=0) as file:
            try:
                while piece := file.read(_PIECE_BYTES):
                    yield piece
            except OSError as error:
                raise StoreUnavailable(store=_STORE, key=key) from error

    def _open(self, key: str) -> int:
        path = self._locate(key)
        try:
            descriptor = os.open(path, _OPEN_FLAGS)
        except OSError as error:
            raise self._read_failure(error, key) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ObjectGone(key=key)
        return descriptor

    def head(self, key: str) -> UploadObject:
        """See `UploadStore.head`."""
        try:
            status = os.lstat(self._locate(key))
        except OSError as error:
            raise self._read_failure(error, key) from error
        if not stat.S_ISREG(status.st_mode):
            raise ObjectGone(key=key)
        return _upload(key, status)

    def metadata(self, key: str) -> dict[str, str]:
        """Nothing: a folder knows no metadata of a file; sidecars do."""
        return {}

    def read_small(self, key: str, limit: int = SMALL_BYTES) -> bytes:
        """See `UploadStore.read_small`."""
        return join_small(self.stream(key), key, limit)

    def root_identity(self) -> str:
        """The device of the folder: another one when a share is not mounted."""
        try:
            status = self.root.stat()
        except PermissionError as error:
            raise StoreRefused(store=_STORE, key=self.url) from error
        except OSError as error:
            raise StoreUnavailable(store=_STORE, key=self.url) from error
        if not stat.S_ISDIR(status.st_mode):
            raise StoreUnavailable(store=_STORE, key=self.url)
        return f"dev:{status.st_dev}"

    def path_of(self, key: str) -> Path | None:
        """The user's own file."""
        return Path(self._locate(key))

    def _locate(self, key: str) -> str:
        """The path of a key that no symlink leads out of the folder."""
        check_upload_key(key)
        folder = os.path.realpath(self.root)
        path = os.path.join(folder, key)  # noqa: PTH118 - Path would drop parts of odd names
        parent = os.path.dirname(path)  # noqa: PTH120 - as above
        if os.path.realpath(parent) != parent:
            raise ObjectGone(key=key)
        return path

    def _read_failure(self, error: OSError, key: str) -> PipelineError:
        self.root_identity()
        if isinstance(error, PermissionError):
            return FileUnreadable(key=key)
        if error.errno in _NOT_THERE:
            return ObjectGone(key=key)
        return StoreUnavailable(store=_STORE, key=key)

    # -- for people -----------------------------------------------------------------------------

    def put(self, key: str, path: Path) -> None:
        """See `UploadStore.put`. Under another name until it is whole."""
        self.root_identity()
        target = Path(self._locate(key))
        try:
            with path.open("rb") as source:
                self._copy_in(key, source, target)
        except OSError as error:
            raise FileUnreadable(key=path.name) from error

    def _copy_in(self, key: str, source: BinaryIO, target: Path) -> None:
        incoming = target.with_name(secrets.token_hex(8).join(_INCOMING))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with incoming.open("xb") as file:
                shutil.copyfileobj(source, file, _PIECE_BYTES)
            incoming.replace(target)
        except OSError as error:
            with suppress(OSError):
                incoming.unlink(missing_ok=True)
            if isinstance(error, FileExistsError):
                raise NameInvalid(key=key) from error
            raise os_failure(error, _STORE, key) from error

    def delete(self, key: str) -> None:
        """See `UploadStore.delete`."""
        try:
            Path(self._locate(key)).unlink(missing_ok=True)
        except (ObjectGone, NotADirectoryError):
            return
        except OSError as error:
            raise os_failure(error, _STORE, key) from error


def _is_wanted(item: os.DirEntry[str]) -> bool:
    if item.is_symlink():
        return False
    if item.is_dir(follow_symlinks=False):
        return True
    is_incoming = item.name.startswith(_INCOMING[0]) and item.name.endswith(_INCOMING[1])
    return item.is_file(follow_symlinks=False) and not is_incoming


def _entry(prefix: str, item: os.DirEntry[str]) -> _Entry:
    is_folder = item.is_dir(follow_symlinks=False)
    key = prefix + item.name
    order = os.fsencode(key) + (b"/" if is_folder else b"")
    return _Entry(order, key, item.path, is_folder)


def _upload(key: str, status: os.stat_result) -> UploadObject:
    return UploadObject(
        key=key,
        size_bytes=status.st_size,
        etag=f"{status.st_mtime_ns}-{status.st_size}",
        modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
    )


def open_folder_uploads(root: Path, *, create: bool) -> FolderUploads:
    """Open a folder. Raises `StoreUnavailable`, `StoreRefused` when it is not to be had."""
    store = FolderUploads(root)
    if create:
        try:
            root.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise StoreUnavailable(store=_STORE, key=store.url) from error
        except OSError as error:
            raise os_failure(error, _STORE, store.url) from error
    store.root_identity()
    return store
