"""A real headless Chromium: how to start it, and what every flow does with a page."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

CHROMIUM = os.environ.get("EVOLVE_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
)
PATIENCE = 90_000
"""Milliseconds that a loaded machine may take for anything."""
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
"""There once a page has been drawn to its end."""


def faults_of(page: Any) -> list[str]:
    """A list that fills with what a page asks of others, its errors, and what its policy keeps it from."""
    found: list[str] = []
    here = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(here) else found.append(r.url))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda said: found.append(said.text) if "Content Security Policy" in said.text else None)
    return found


def button(page: Any, name: str) -> Any:
    """A button by its label (an icon's name may stand before it)."""
    return page.get_by_role("button", name=re.compile(rf"{name}$"))


def press(page: Any, name: str) -> None:
    """Click a button once it stands there alone: a page that is being left or redrawn shows its own until the next one is whole."""
    from playwright.sync_api import expect

    found = button(page, name)
    expect(found).to_have_count(1, timeout=PATIENCE)
    page.locator(SETTLED).wait_for()  # until then it may move
    found.click()


def select(page: Any, label: str, option: str) -> None:
    """Choose an option of a list: a page that is drawn again meanwhile closes the list, so that it has to be opened once more."""
    from playwright.sync_api import TimeoutError, expect

    found = page.get_by_role("option", name=option, exact=True)
    for _ in range(PATIENCE // 5000):
        page.locator(SETTLED).wait_for()
        page.get_by_role("combobox", name=label).click()
        try:
            found.click(timeout=5000)
        except TimeoutError:
            continue
        break
    expect(found).to_have_count(0, timeout=PATIENCE)
