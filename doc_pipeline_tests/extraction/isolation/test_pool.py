"""Extraction in children: limits, crashes, neighbours, usage. Faults are fakes, the pool is not."""

from __future__ import annotations

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from doc_pipeline.domain.errors import (
    ExtractionFailed,
    ExtractionTimedOut,
    ExtractionUnavailable,
    ExtractorCrashed,
    FileCorrupt,
    MemoryExceeded,
    OverLimit,
    PipelineError,
)
from doc_pipeline.domain.limits import MIB, Limits
from doc_pipeline.extraction.isolation import kernel, session
from doc_pipeline.extraction.isolation import pool as pool_module
from doc_pipeline.extraction.isolation.nursery import Nursery, Worker
from doc_pipeline.extraction.isolation.pool import (
    ExtractionInterrupted,
    ExtractionPool,
    open_pool,
)
from doc_pipeline.extraction.request import ExtractRequest

FAULTS = "doc_pipeline_tests.extraction.isolation.faults:extract"
LIMITS = Limits(cpu_s=1, wall_s=20, memory_bytes=512 * MIB, processes=32, output_bytes=4 * MIB)

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="limits on children are those of Linux"
    ),
]


@pytest.fixture(scope="module")
def pool() -> Generator[ExtractionPool]:
    pool = open_pool(2, 1000, FAULTS)
    yield pool
    pool.close()


def ask(pool: ExtractionPool, kind: str, path: Path, **changes: object) -> str:
    request = replace(ExtractRequest(kind=kind, name="x", limits=LIMITS), **changes)  # type: ignore[arg-type]
    return pool.extract(path, request).text


def child_of(pool: ExtractionPool, path: Path) -> int:
    return int(ask(pool, "text", path).split()[0])


def is_there(pid: int) -> bool:
    try:
        return "Z" not in (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


def quick(**changes: object) -> Limits:
    return replace(LIMITS, **changes)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("1")
    return path


# -- what a file can do --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "error_type", "says"),
    [
        ("error", FileCorrupt, "damaged"),
        ("bug", ExtractionFailed, "ZeroDivisionError"),
        ("loop", ExtractionTimedOut, "cpu"),
        ("segfault", ExtractorCrashed, "SIGSEGV"),
        ("abort", ExtractorCrashed, "SIGABRT"),
        ("abort_for_memory", MemoryExceeded, "512 MB"),
        ("exit", ExtractorCrashed, "exit 3"),
        ("killed", ExtractorCrashed, "SIGKILL"),
        ("allocate", MemoryExceeded, "512 MB"),
        ("grow", MemoryExceeded, "512 MB"),
        ("threads", OverLimit, "32"),
        ("forks", OverLimit, "32"),
        ("garbage", ExtractorCrashed, "garbage"),
        ("liar", ExtractorCrashed, "nonsense"),
        ("long", OverLimit, "OUTPUT_MB"),
        ("huge_frame", OverLimit, "OUTPUT_MB"),
    ],
)
def test_a_bad_file_gets_a_typed_error_and_the_next_one_its_text(
    pool: ExtractionPool,
    file: Path,
    tmp_path: Path,
    kind: str,
    error_type: type[PipelineError],
    says: str,
) -> None:
    with pytest.raises(error_type) as caught:
        ask(pool, kind, file, folder=tmp_path)
    assert says in str(caught.value)
    assert "secret content" not in str(caught.value)
    assert ask(pool, "text", file).endswith(" file")


def test_a_child_that_hangs_is_ended_when_its_time_is_over(
    pool: ExtractionPool, file: Path
) -> None:
    with pytest.raises(ExtractionTimedOut, match="wall"):
        ask(pool, "sleep", file, limits=quick(wall_s=0.5))


def test_what_libraries_print_is_not_taken_for_an_answer(
    pool: ExtractionPool, file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(pool, "chatter", file) == "said much"
    assert capfd.readouterr() == ("", "")


def test_a_file_grown_without_end_is_stopped(
    pool: ExtractionPool, file: Path, tmp_path: Path
) -> None:
    limits = quick(file_bytes=8 * MIB, zip_expanded_bytes=8 * MIB)
    with pytest.raises(OverLimit):
        ask(pool, "big_file", file, folder=tmp_path, limits=limits)
    assert (tmp_path / "big").stat().st_size <= 8 * MIB


def test_a_crash_that_does_not_come_again_is_forgiven(
    pool: ExtractionPool, file: Path, tmp_path: Path
) -> None:
    assert ask(pool, "killed_once", file, folder=tmp_path) == "second try"


def test_neighbours_do_not_notice(pool: ExtractionPool, file: Path) -> None:
    ask(pool, "text", file)

    def one(number: int) -> str:
        kind = "segfault" if number % 4 == 0 else "text"
        try:
            return ask(pool, kind, file)
        except ExtractorCrashed:
            return "crashed"

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(one, range(24)))
    assert found.count("crashed") == 6
    assert sum(text.endswith(" file") for text in found) == 18


# -- processes -----------------------------------------------------------------------------------


def test_grandchildren_die_with_the_child_even_in_a_session_of_their_own(
    pool: ExtractionPool, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExtractionTimedOut):
        ask(pool, "grandchild", file, folder=tmp_path, limits=quick(wall_s=1.5))
    assert not is_there(int((tmp_path / "pid").read_text()))


def test_a_child_is_used_again_and_replaced_after_its_share(file: Path) -> None:
    pool = open_pool(1, 3, FAULTS)
    try:
        pids = [child_of(pool, file) for _ in range(7)]
    finally:
        pool.close()
    assert len(set(pids)) == 3
    assert pids[0] == pids[1] == pids[2]
    assert not any(is_there(pid) for pid in pids)


def test_a_child_killed_between_two_files_is_replaced(pool: ExtractionPool, file: Path) -> None:
    for _ in range(3):
        os.kill(child_of(pool, file), signal.SIGKILL)
        time.sleep(0.05)
        assert ask(pool, "text", file).endswith(" file")


def test_a_killed_zygote_is_replaced(file: Path) -> None:
    pool = open_pool(1, 100, FAULTS)
    try:
        before = child_of(pool, file)
        zygote = int(
            (Path("/proc") / str(before) / "stat").read_text().rpartition(")")[2].split()[1]
        )
        os.kill(zygote, signal.SIGKILL)
        time.sleep(0.2)
        assert not is_there(before)
        assert child_of(pool, file) != before
    finally:
        pool.close()


@pytest.mark.parametrize("deaths", [3, 4])
def test_a_file_does_not_pay_for_its_zygote_but_may_not_go_on_for_ever(
    file: Path, tmp_path: Path, deaths: int
) -> None:
    file.write_text(str(deaths))
    folder = tmp_path / "work"
    folder.mkdir()
    pool = open_pool(1, 100, FAULTS)
    try:
        if deaths == 3:
            assert ask(pool, "orphaned", file, folder=folder) == "at last"
        else:
            with pytest.raises(ExtractorCrashed, match="with all the others"):
                ask(pool, "orphaned", file, folder=folder)
        assert ask(pool, "text", file).endswith(" file")
    finally:
        pool.close()


def test_children_end_when_the_process_of_the_pool_is_killed(file: Path) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from doc_pipeline.extraction.isolation.pool import open_pool
        from doc_pipeline.extraction.request import ExtractRequest
        pool = open_pool(1, 10, {FAULTS!r})
        request = ExtractRequest(kind="text", name="x")
        print(pool.extract(Path({str(file)!r}), request).text, flush=True)
        time.sleep(600)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline().split()[0])
        assert is_there(child)
        owner.kill()
    for _ in range(100):
        if not is_there(child):
            return
        time.sleep(0.05)
    pytest.fail("the child outlived its pool")


def test_an_interrupt_ends_what_is_under_way_and_nothing_later(
    pool: ExtractionPool, file: Path
) -> None:
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(ask, pool, "sleep", file) for _ in range(2)]
        while len(session.children_of(os.getpid())) == 0:
            time.sleep(0.01)
        time.sleep(0.3)
        pool.interrupt()
        for future in waiting:
            with pytest.raises(ExtractionInterrupted):
                future.result()
    assert ask(pool, "text", file).endswith(" file")


def test_an_interrupt_reaches_a_child_that_is_just_starting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = open_pool(1, 10, FAULTS)
    spawn = Nursery.spawn

    def interrupted_meanwhile(nursery: Nursery, warm: Sequence[str]) -> Worker:
        worker = spawn(nursery, warm)
        pool.interrupt()
        return worker

    monkeypatch.setattr(Nursery, "spawn", interrupted_meanwhile)
    try:
        with pytest.raises(ExtractionInterrupted):
            ask(pool, "sleep", file)
    finally:
        pool.close()


def test_a_system_without_processes_is_no_fault_of_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(pool_module, "_BREATH_S", 0)
    monkeypatch.setattr("doc_pipeline.extraction.isolation.nursery.subprocess.Popen", refuse)
    pool = open_pool(1, 10, FAULTS)
    with pytest.raises(ExtractionUnavailable):
        ask(pool, "text", file)
    monkeypatch.undo()
    assert ask(pool, "text", file).endswith(" file")
    pool.close()


def test_a_process_with_many_open_files_can_wait_for_children(
    pool: ExtractionPool, file: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this system does not let a process open 2,048 files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    taken: list[int] = []
    many = open_pool(1, 10, FAULTS)
    try:
        while not taken or taken[-1] < 1100:
            taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(3):
            assert ask(many, "text", file).endswith(" file")
    finally:
        for fd in taken:
            os.close(fd)
        many.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_proc_files_are_extracted_and_memory_is_limited_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: dict[int, int] = {}
    monkeypatch.setattr(kernel, "Path", lambda _: tmp_path / "not there")
    monkeypatch.setattr(kernel, "_set_soft", limits.__setitem__)
    kernel.limit_address_space(512 * MIB)
    assert 512 * MIB < limits[resource.RLIMIT_AS] <= 2048 * MIB
    assert kernel.memory_bytes() == 0
    assert kernel.peak_memory_bytes() > 0


def test_a_closed_pool_leaves_no_process_and_opens_again(file: Path) -> None:
    pool = open_pool(2, 10, FAULTS)
    first = child_of(pool, file)
    pool.close()
    assert not is_there(first)
    assert child_of(pool, file) != first
    pool.close()


# -- reports and usage ---------------------------------------------------------------------------


def test_pages_are_reported_kept_and_may_take_longer(
    pool: ExtractionPool, file: Path, tmp_path: Path
) -> None:
    seen: list[object] = []

    def note(done: int, pages: int) -> None:
        seen.append((done, pages))

    text = ask(
        pool,
        "pages",
        file,
        folder=tmp_path,
        limits=quick(wall_s=0.6),
        on_progress=note,
        on_checkpoint=seen.append,
    )
    assert text == "three pages"
    assert [name for name in seen if isinstance(name, str)] == [
        f"pages/{n}.json" for n in (1, 2, 3)
    ]
    assert (3, 3) in seen


def test_an_error_of_whoever_listens_comes_through(
    pool: ExtractionPool, file: Path, tmp_path: Path
) -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    with pytest.raises(ValueError, match="pages/1"):
        ask(pool, "pages", file, folder=tmp_path, on_checkpoint=refuse)


def test_usage_is_that_of_the_document_not_of_the_child(file: Path) -> None:
    pool = open_pool(1, 10, FAULTS)
    request = ExtractRequest(kind="peak", name="x", limits=LIMITS)
    peaks: list[float] = []
    try:
        for size in ("200", "1"):
            file.write_text(size)
            usage = pool.extract(file, request).usage
            assert usage is not None
            assert usage.wall_s > 0
            peaks.append(usage.peak_memory_bytes / MIB)
    finally:
        pool.close()
    assert peaks[0] > 190
    assert peaks[1] < 50


def test_the_first_document_does_not_pay_for_libraries(file: Path) -> None:
    """They take some 250 MB and more than a second, and no document opened yet."""
    file.write_text("The shipment arrived on Monday, and two pallets of it were damaged.")
    pool = open_pool(1, 10)
    try:
        usage = pool.extract(file, ExtractRequest(kind="txt", name="note.txt")).usage
    finally:
        pool.close()
    assert usage is not None
    assert usage.peak_memory_bytes < 64 * MIB


def test_limits_count_anew_for_every_document(file: Path) -> None:
    """Ten documents of half a second of CPU pass one after another, with one second each."""
    pool = open_pool(1, 100, "doc_pipeline_tests.extraction.isolation.test_pool:burn")
    try:
        for _ in range(5):
            assert ask(pool, "text", file) == "burnt"
    finally:
        pool.close()


def burn(path: Path, request: ExtractRequest) -> object:
    from doc_pipeline_tests.extraction.isolation.faults import text_of

    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    return text_of("burnt")


# -- what a child can reach ----------------------------------------------------------------------


def test_a_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("DOC_PIPELINE_CATALOG_URL", "postgresql://u:hush@host/db")
    pool = open_pool(1, 10, FAULTS)
    try:
        text = ask(pool, "environment", file)
    finally:
        pool.close()
    assert "PATH=" in text
    assert "hush" not in text


def test_a_child_has_no_network_where_the_system_allows_it(
    pool: ExtractionPool, file: Path
) -> None:
    ask(pool, "text", file)
    if not pool.is_offline:
        pytest.skip("this system does not let a process leave the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        file.write_text(str(server.getsockname()[1]))
        assert ask(pool, "network", file).startswith("refused")


def test_threads_share_the_pool(pool: ExtractionPool, file: Path) -> None:
    barrier = threading.Barrier(4)

    def one(_: int) -> str:
        barrier.wait()
        return ask(pool, "text", file)

    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(one, range(4)))) == 4
