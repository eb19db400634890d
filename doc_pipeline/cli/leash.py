"""What runs inside the processes that `up` starts, so that none of them outlives it.

Two small programs: one runs a console script and dies with its parent, the other (the guard)
kills what is left when the supervisor is gone. Standard library only; no decisions on services.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import cast

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Run `script PARENT NAME ARGUMENTS…` or `guard FOLDER`."""
    kind, *rest = arguments
    if kind == "guard":
        guard(rest[0], sys.stdin)
    else:
        parent, name, *others = rest
        die_with(int(parent))
        run_script(name, others)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends. Linux only; else the guard does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit(1)


def run_script(name: str, arguments: list[str]) -> None:
    """Run a console script of an installed package inside this process.

    By its entry point, so that neither PATH nor the script's first line matters.
    """
    (found,) = entry_points(group="console_scripts", name=name)
    sys.argv = [name, *arguments]
    # As a script has it: Dagster drops the first entry when it imports the definitions.
    sys.path.insert(0, sysconfig.get_path("scripts"))
    script = cast("Callable[[], object]", found.load())
    sys.exit(cast("int | None", script()))


def guard(folder: str, orders: Iterable[str]) -> None:
    """Wait until the orders end, then kill the process groups named in them, delete the folder.

    An order is `+ID` or `-ID`. They end when the supervisor closes the pipe or is killed.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for order in orders:
        group = int(order[1:])
        if order.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
