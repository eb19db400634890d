"""What went wrong in a store, as one of our errors. Never keeps a library's text."""

from __future__ import annotations

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager

from doc_pipeline.domain.errors import (
    DiskFull,
    NameInvalid,
    ObjectGone,
    PipelineError,
    StoreRefused,
    StoreUnavailable,
)

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR}
_NO_NAME = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EINVAL, errno.EILSEQ}

# obstore tells these only in its text
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_FULL_TEXTS = ("XMinioStorageFull", "507 Insufficient Storage")
_REFUSED_TEXTS = ("403 Forbidden", "401 Unauthorized")
_UNNAMEABLE_TEXTS = ("invalid list response",)
_RESERVED_TEXT = "Filenames containing trailing"
_LISTING = "its listing"
_PATH = re.compile(r'Path "([^"]*)"')


def os_failure(error: OSError, store: str, key: str) -> PipelineError:
    """The error of ours for one of the operating system, when writing."""
    return _numbered(error.errno or 0, store, key)


@contextmanager
def named_failures(store: str, key: str, *, is_write: bool = False) -> Generator[None]:
    """Turn the exceptions of obstore and the system into ours.

    An empty key stands for the listing. When reading, what is not there is `ObjectGone`; the
    caller finds out whether the whole store is away.
    """
    from obstore.exceptions import BaseError

    shown = key or _LISTING
    try:
        yield
    except FileNotFoundError as error:
        if is_write:
            raise StoreUnavailable(store=store, key=shown) from error
        raise ObjectGone(key=shown) from error
    except OSError as error:
        if not is_write and error.errno in _NOT_THERE:
            raise ObjectGone(key=shown) from error
        raise os_failure(error, store, shown) from error
    except (BaseError, ValueError) as error:
        raise _obstore_failure(error, store, key, is_write=is_write) from error


def _obstore_failure(error: Exception, store: str, key: str, *, is_write: bool) -> PipelineError:
    from obstore.exceptions import InvalidPathError, PermissionDeniedError, UnauthenticatedError

    text = str(error)
    if isinstance(error, ValueError | InvalidPathError) or _has(text, _UNNAMEABLE_TEXTS):
        named = _PATH.search(text)
        return NameInvalid(key=key or (named.group(1)[:200] if named else "?"))
    shown = key or _LISTING
    if number := _OS_ERROR.search(text):
        if not is_write and int(number.group(1)) in _NOT_THERE:
            return ObjectGone(key=shown)
        return _numbered(int(number.group(1)), store, shown)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _has(
        text, _REFUSED_TEXTS
    ):
        return StoreRefused(store=store, key=shown)
    if _has(text, _FULL_TEXTS):
        return DiskFull(store=store)
    if _RESERVED_TEXT in text:
        return NameInvalid(key=shown)
    return StoreUnavailable(store=store, key=shown)


def _numbered(number: int, store: str, key: str) -> PipelineError:
    if number in _FULL:
        return DiskFull(store=store)
    if number in _REFUSED:
        return StoreRefused(store=store, key=key)
    if number in _NO_NAME:
        return NameInvalid(key=key)
    return StoreUnavailable(store=store, key=key)


def _has(text: str, parts: tuple[str, ...]) -> bool:
    return any(part in text for part in parts)
