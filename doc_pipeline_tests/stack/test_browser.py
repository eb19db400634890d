"""What a data engineer sees and presses in the Dagster UI, in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from doc_pipeline.domain.identity import document_id_of
from doc_pipeline_tests.stack.running import ASSETS, Stack

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

NAMES = ("amber.txt", "basalt.txt", "cobalt.txt", "dolomite.txt")
SLOW_MS = 60_000


@pytest.fixture(scope="module")
def documents(stack: Stack) -> list[str]:
    """Four documents, brought through by the sensor."""
    for name in NAMES:
        (stack.uploads / name).write_text(f"A stone called {name} lies in the cabinet of minerals.")
    assert set(stack.wait_until_settled(len(NAMES)).values()) == {"completed"}
    return [document_id_of(name) for name in NAMES]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of the system's Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("system: chromium is missing (scripts/system-packages installs it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser.new_page(viewport={"width": 1400, "height": 900})
        browser.close()


def test_a_backfill_of_three_documents_by_hand(
    stack: Stack, documents: list[str], page: Page
) -> None:
    page.goto(
        f"http://127.0.0.1:{stack.port}/asset-groups/~explorer-query%3Agroup%3A%22documents%22"
    )
    for asset in ASSETS:
        expect(page.get_by_text(asset).first).to_be_visible(timeout=SLOW_MS)
    before = len(stack.runs())
    page.get_by_role("button", name="Materialize all").first.click(timeout=SLOW_MS)
    page.get_by_text("Select a partition or create one").click(timeout=SLOW_MS)
    for name in ("amber", "basalt", "cobalt"):
        page.locator("[role=menuitem], li, label").filter(has_text=name).last.click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("3 partitions")).to_be_visible()
    page.get_by_role("button", name="Launch backfill").click()
    stack.wait_for(lambda: len(stack.runs()) > before, "the backfill's run")
    stack.wait_for(
        lambda: all(run["status"] == "SUCCESS" for run in stack.runs()), "the run succeeded"
    )
    assert len(stack.runs()) == before + 1
    assert stack.partitions("document_record") == {"all": 4, "green": 4, "red": 0}


def test_a_partition_shows_figures_preview_and_that_it_is_in_sync(
    stack: Stack, documents: list[str], page: Page
) -> None:
    page.goto(
        f"http://127.0.0.1:{stack.port}/assets/extracted_text"
        f"?view=partitions&partition={documents[3]}"
    )
    expect(page.get_by_text("Materialized", exact=True).first).to_be_visible(timeout=SLOW_MS)
    for figure in ("words", "language", "seconds", "peak_memory_mb", "preview"):
        expect(page.get_by_text(figure, exact=True).first).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text(re.compile("Unsynced"))).to_have_count(0)
