"""The first stages of several documents side by side, in threads of one run.

The work itself is in batch.py; the heavy part of it happens in the child processes of extraction.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

_AGAIN_S = 0.5

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class Fronts(Generic[Item, Result]):
    """Does `work` for each item, at most `at_once` at a time, and hands results out as they come.

    With one at a time it is done in the calling thread, in order.
    """

    work: Callable[[Item], Result]
    at_once: int
    patience_s: float
    _pool: ThreadPoolExecutor | None = None
    _running: set[Future[Result]] = field(default_factory=set)

    def run(self, items: Iterable[Item]) -> Generator[Result | None]:
        """Results in the order in which they are ready; raises what the work raises.

        None when nothing became ready for `patience_s` seconds: the caller may want to go on with
        what it has.
        """
        if self.at_once == 1:
            yield from map(self.work, items)
            return
        waiting = iter(items)
        self._pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="document")
        while True:
            free = self.at_once - len(self._running)
            self._running |= {self._pool.submit(self.work, item) for item in islice(waiting, free)}
            if not self._running:
                return
            done, self._running = wait(
                self._running, timeout=self.patience_s, return_when=FIRST_COMPLETED
            )
            if not done:
                yield None
            for future in done:
                yield future.result()

    def stop(self, interrupt: Callable[[], None]) -> None:
        """End: nothing new begins; what is under way is interrupted, and waited for.

        Interrupted again and again: work may come to what can be interrupted only after a while.
        """
        if self._pool is None:
            return
        self._pool.shutdown(wait=False, cancel_futures=True)
        while self._running:
            interrupt()
            # Those that were cancelled are done, although `wait` would wait for them for ever.
            wait([future for future in self._running if not future.done()], timeout=_AGAIN_S)
            self._running = {future for future in self._running if not future.done()}
        self._pool.shutdown(wait=True)
