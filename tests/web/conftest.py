"""A real browser for all tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, as the system has it; gone with its module, since Playwright keeps a loop of asyncio in its thread."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as starting:
        # Its microphone beeps; a test that records has to allow that first.
        args = ["--no-sandbox", "--mute-audio", "--use-fake-device-for-media-stream"]
        browser = starting.chromium.launch(executable_path=CHROMIUM, args=args)
        yield browser
        browser.close()
