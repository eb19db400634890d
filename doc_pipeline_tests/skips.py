"""Skips that CI must not take: a test left out because the system lacks a part.

Such a reason starts with 'system:'. Wired into conftest by importing the two hooks.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
PREFIX = "system:"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test or its fixtures into a failure."""
    report = yield
    return _judged(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module into an error."""
    report = yield
    return _judged(report)


def _judged(report: Report) -> Report:
    if os.environ.get("CI") == "true" and report.outcome == "skipped":
        reason = _reason_of(report)
        if reason.startswith(PREFIX):
            report.outcome = "failed"
            report.longrepr = f"CI has all system parts, but this was skipped for {reason}"
    return report


def _reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    place = report.longrepr
    text = place[2] if isinstance(place, tuple) else str(place)
    return text.removeprefix("Skipped: ")
