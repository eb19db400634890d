"""Faults to inject into the stores in memory: which operation fails, on which keys, how often."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Fault:
    operation: str
    error: BaseException
    keys: str
    times: int | None
    after_calls: int


@dataclass(slots=True)
class FaultPlan:
    """What fails when, and a record of what was called.

    plan = FaultPlan().fail("put", StoreRefused(store="artifacts", key="x"), keys="extract/*")
    store = MemoryBlobStore(faults=plan)
    plan.clear()  # the store answers again
    """

    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Every (operation, key) so far; of a listing the key is its prefix or start."""

    _faults: list[_Fault] = field(default_factory=list[_Fault])

    def fail(
        self,
        operation: str,
        error: BaseException,
        *,
        keys: str = "*",
        times: int | None = None,
        after_calls: int = 0,
    ) -> FaultPlan:
        """Let an operation ('*' for all) raise an error on keys that match a shell pattern.

        `times` is how often, always when None; the first `after_calls` matching calls go well.
        Of a stream or listing the fault 'stream.piece' or 'list.item' comes in its middle.
        """
        self._faults.append(_Fault(operation, error, keys, times, after_calls))
        return self

    def clear(self) -> None:
        """Nothing fails any more."""
        self._faults.clear()

    def check(self, operation: str, key: str) -> None:
        """Record the call, and raise what was planned for it."""
        if "." not in operation:
            self.calls.append((operation, key))
        for fault in self._faults:
            if fault.operation not in {operation, "*"} or not fnmatch.fnmatchcase(key, fault.keys):
                continue
            if fault.after_calls > 0:
                fault.after_calls -= 1
            elif fault.times is None or fault.times > 0:
                fault.times = None if fault.times is None else fault.times - 1
                raise fault.error

    def count(self, operation: str) -> int:
        """How often an operation was called."""
        return sum(1 for called, _ in self.calls if called == operation)

    @classmethod
    def of(cls, faults: FaultPlan | Mapping[str, BaseException] | None) -> FaultPlan:
        """A plan as it is, or one of 'operation: error', or an empty one."""
        if isinstance(faults, FaultPlan):
            return faults
        plan = cls()
        for operation, error in (faults or {}).items():
            plan.fail(operation, error)
        return plan
