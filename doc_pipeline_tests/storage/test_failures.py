"""Exceptions of obstore and the system get our names, and lose their texts."""

from __future__ import annotations

import errno

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError, UnauthenticatedError

from doc_pipeline.domain.errors import (
    DiskFull,
    NameInvalid,
    ObjectGone,
    PipelineError,
    StoreRefused,
    StoreUnavailable,
)
from doc_pipeline.storage.failures import named_failures

GENERIC = "Generic LocalFileSystem error: Unable to copy: {} (os error {})"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "secret"), DiskFull),
        (OSError(errno.EDQUOT, "secret"), DiskFull),
        (GenericError(GENERIC.format("secret", errno.ENOSPC)), DiskFull),
        (GenericError("507 Insufficient Storage: secret"), DiskFull),
        (GenericError("<Code>XMinioStorageFull</Code> secret"), DiskFull),
        (PermissionError(errno.EACCES, "secret"), StoreRefused),
        (OSError(errno.EROFS, "secret"), StoreRefused),
        (GenericError(GENERIC.format("secret", errno.EACCES)), StoreRefused),
        (GenericError("returned non-2xx status code: 403 Forbidden secret"), StoreRefused),
        (PermissionDeniedError("secret"), StoreRefused),
        (UnauthenticatedError("secret"), StoreRefused),
        (OSError(errno.ENAMETOOLONG, "secret"), NameInvalid),
        (GenericError(GENERIC.format("secret", errno.EISDIR)), NameInvalid),
        (ValueError("Could not parse path secret"), NameInvalid),
        (OSError(errno.EIO, "secret"), StoreUnavailable),
        (GenericError("error sending request secret"), StoreUnavailable),
        (TimeoutError("secret"), StoreUnavailable),
    ],
    ids=str,
)
def test_every_failure_has_a_name(error: Exception, expected: type[PipelineError]) -> None:
    for is_write in (True, False):
        with (
            pytest.raises(expected) as caught,
            named_failures("artifacts", "a/b", is_write=is_write),
        ):
            raise error
        assert "secret" not in caught.value.sentence
        assert "?" not in caught.value.sentence
        assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "secret"),
        NotADirectoryError(errno.ENOTDIR, "secret"),
        GenericError(GENERIC.format("secret", errno.ENOTDIR)),
    ],
    ids=str,
)
def test_what_is_not_there_is_gone_only_when_reading(error: Exception) -> None:
    """A write cannot miss its object: then the store itself is away, or the name is taken."""
    with pytest.raises(ObjectGone), named_failures("artifacts", "a/b"):
        raise error
    with (
        pytest.raises((StoreUnavailable, NameInvalid)),
        named_failures("artifacts", "a/b", is_write=True),
    ):
        raise error


def test_our_own_errors_pass_through() -> None:
    with pytest.raises(DiskFull), named_failures("artifacts", "a/b"):
        raise DiskFull(store="artifacts")
    with pytest.raises(ZeroDivisionError), named_failures("artifacts", "a/b"):
        _ = 1 / 0
