"""What the kernel offers to hold a process: its limits, its end, its network, its memory peak.

Each function does nothing where the system has no such thing, and says so.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path

_IS_LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_SIGKILL = 9
_USUAL_KB = 1024 * 1024
"""More than a child maps when it begins; taken where /proc does not tell how much that is."""


def die_with_parent() -> None:
    """Be killed when the thread that forked this process ends."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent died, so that they can be found."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def cut_network() -> bool:
    """Leave this process and its children without any network; False where that is not allowed."""
    if not _IS_LINUX:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    return libc.unshare(flags) == 0


def limit_address_space(extra_bytes: int) -> None:
    """Let this process map that much more than it does now; a refusal becomes MemoryError."""
    if _IS_LINUX:
        now_kb = _status_kb("VmSize") or _USUAL_KB
        _set_soft(resource.RLIMIT_AS, now_kb * 1024 + extra_bytes)


def limit_cpu(extra_s: float) -> None:
    """Kill this process when it takes that much more CPU (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime + extra_s) + 1)


def limit_files(most_bytes: int) -> None:
    """The largest file this process may write."""
    _set_soft(resource.RLIMIT_FSIZE, most_bytes)


def no_core_dumps() -> None:
    """A crash leaves no copy of the memory, which may hold a document."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def cpu_seconds() -> float:
    """CPU of this process and of its children that have ended."""
    parts = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usages = map(resource.getrusage, parts)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def reset_peak_memory() -> None:
    """Begin to measure `peak_memory_bytes` anew."""
    if _IS_LINUX:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:  # not allowed in some containers: the peak is then that of the process
            return


def memory_bytes() -> int:
    """Resident memory of this process now; 0 where the system does not tell."""
    return (_status_kb("VmRSS") or 0) * 1024


def peak_memory_bytes() -> int:
    """Most resident memory of this process since the reset."""
    peak_kb = _status_kb("VmHWM")
    if peak_kb is None:
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak_kb * 1024


def _set_soft(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (soft, hard))


def _prctl(option: int, value: int) -> None:
    if _IS_LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _status_kb(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:  # not Linux, or a jail without /proc
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(name + ":")), None)
