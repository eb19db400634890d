"""Several documents side by side: bounded, in the order of readiness, and stoppable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from doc_pipeline.stages.fronts import Fronts


def fronts(work: Callable[[int], int], at_once: int, patience_s: float = 60) -> Fronts[int, int]:
    return Fronts(work, at_once, patience_s)


def test_one_at_a_time_stays_in_the_calling_thread_and_in_order() -> None:
    here = threading.current_thread()
    threads: set[threading.Thread] = set()

    def work(item: int) -> int:
        threads.add(threading.current_thread())
        return item * 2

    assert list(fronts(work, 1).run([1, 2, 3])) == [2, 4, 6]
    assert threads == {here}


def test_never_more_than_allowed_and_all_are_done() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def work(item: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return item

    side_by_side = fronts(work, 3)
    assert sorted(filter(None, side_by_side.run(range(1, 20)))) == list(range(1, 20))
    side_by_side.stop(lambda: None)
    assert most == 3


def test_a_slow_one_does_not_hold_back_the_others() -> None:
    release = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            release.wait(30)
        return item

    side_by_side = fronts(work, 2, patience_s=0.05)
    results = side_by_side.run([1, 2, 3, 4])
    assert [next(results) for _ in range(3)] == [2, 3, 4]
    assert next(results) is None, "whoever waits is told, and may commit what it has"
    release.set()
    assert [done for done in results if done is not None] == [1]
    side_by_side.stop(lambda: None)


def test_an_error_comes_through_and_stopping_interrupts_the_rest() -> None:
    interrupted = threading.Event()
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 1:
            raise ConnectionError
        interrupted.wait(30)
        return item

    side_by_side = fronts(work, 2)
    with pytest.raises(ConnectionError):
        list(side_by_side.run(range(1, 100)))
    side_by_side.stop(interrupted.set)
    assert interrupted.is_set()
    assert len(begun) <= 3, "nothing new begins after the error"


def test_work_that_can_be_interrupted_only_later_is_interrupted_then() -> None:
    """Such as a download that goes on while the batch is stopped, and then wants a child."""
    begun, may_be_stopped, is_stopped = threading.Event(), threading.Event(), threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert begun.wait(timeout=20)
            return item
        begun.set()
        time.sleep(0.2)
        may_be_stopped.set()
        assert is_stopped.wait(timeout=20)
        return item

    def interrupt() -> None:
        if may_be_stopped.is_set():
            is_stopped.set()

    side_by_side = fronts(work, 2)
    running = side_by_side.run([1, 2])
    assert next(running) == 1
    side_by_side.stop(interrupt)
    assert is_stopped.is_set()
