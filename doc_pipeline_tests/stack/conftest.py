"""Each stack test file starts one stack on a data folder of its own and stops it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doc_pipeline_tests.stack.running import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
