"""Flows in a real headless Chromium: what a person does, from an empty folder to an exported module."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.big_store import fill
from workbench import catalog
from workbench.store import Store

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("EVOLVE_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
)
TOY = Path(__file__).parent.parent / "toy"
PATIENCE = 90_000
"""Milliseconds that a loaded machine may take for anything."""


@contextlib.contextmanager
def dashboard(runs: Path) -> Iterator[str]:
    """`evolve ui` on a free port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "workbench.cli", "ui", "--runs", str(runs), "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=catalog.root(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}_stcore/health", timeout=2).close()
                break
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all flows."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; name one with EVOLVE_TEST_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split(), headless=True)
        yield made
        made.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that must raise no error and ask nobody but this machine."""
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    outside, errors = [], []
    here = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
    made.on("request", lambda r: None if r.url.startswith(here) else outside.append(r.url))
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    assert not outside and not errors
    made.close()


def button(page: Any, name: str) -> Any:
    """A button by its label (an icon's name may stand before it)."""
    return page.get_by_role("button", name=re.compile(rf"{name}$"))


def choose(page: Any, attempts: int) -> None:
    """Fill in the dialog of a new run: the toy problem, built-in operators."""
    page.get_by_role("combobox", name="Problem").fill(str(TOY))
    page.get_by_role("combobox", name="Problem").press("Enter")
    page.get_by_label("Attempts").fill(str(attempts))
    page.get_by_label("Attempts").press("Enter")


def ended(runs: Path, run: str = "latest") -> str:
    """The status a run ends with, within a minute and a half."""
    for _ in range(int(PATIENCE / 200)):
        with contextlib.suppress(Exception), Store(runs, write=False) as store:
            if (row := store.run(run))["status"] not in ("running", "paused"):
                return str(row["status"])
        time.sleep(0.2)
    return "still going on"


def test_from_an_empty_folder_to_an_exported_module(tmp_path: Path, page: Any) -> None:
    with dashboard(tmp_path) as address:
        page.goto(address)
        page.get_by_text("No runs yet").wait_for()
        button(page, "New run").click()
        choose(page, 30)
        page.get_by_text("no model is called").wait_for()
        button(page, "Start").click()
        page.wait_for_url("**/run?run=*")
        page.get_by_text("Best validation gap").wait_for()
        assert ended(tmp_path) == "done"
        with Store(tmp_path, write=False) as store:
            row = store.runs()[0]
        assert row["candidates"] == 30
        page.locator(".chip", has_text=re.compile("^done$")).first.wait_for()  # the page has seen it by itself
        button(page, "Open").click()
        page.wait_for_url("**/program?*")
        page.get_by_text(f"Program {row['champion']}").wait_for()
        page.get_by_role("tab", name="Diff").click()
        page.wait_for_url("**tab=Diff*")
        page.get_by_text("start", exact=True).click()
        page.locator("table.diff, [data-testid=stCaptionContainer]").first.wait_for()
        page.get_by_role("tab", name="Code").click()
        button(page, r"Export.*").click()
        button(page, "Make the module").click()
        with page.expect_download() as download:
            button(page, "Download").click()
        ast.parse(Path(download.value.path()).read_text())


def test_stopping_a_run_and_closing_the_browser(tmp_path: Path, page: Any) -> None:
    with dashboard(tmp_path) as address:
        page.goto(address)
        button(page, "New run").click()
        choose(page, 100_000)
        button(page, "Start").click()
        page.wait_for_url("**/run?run=*")
        page.get_by_text("Best validation gap").wait_for()
        page.goto("about:blank")
        time.sleep(3)
        with Store(tmp_path, write=False) as store:
            row = store.run("latest")
            before = store.runs()[0]["candidates"]
        assert row["status"] == "running", "nobody looking is no reason to end"
        page.goto(f"{address}run?run={row['id']}")
        button(page, "Stop").click()
        page.locator(".chip", has_text=re.compile("stopping|stopped")).first.wait_for()
        assert ended(tmp_path) == "stopped"
        with Store(tmp_path, write=False) as store:
            assert store.runs()[0]["candidates"] >= before


def test_a_link_to_a_run_that_is_not_there_and_back_to_all_runs(tmp_path: Path, page: Any, wide: catalog.LoadedProblem) -> None:
    fill(tmp_path, wide, 10, run="only", title="<script>document.title = 'taken'</script>")
    with dashboard(tmp_path) as address:
        page.goto(f"{address}run?run=%3Cscript%3Ealert(1)%3C/script%3E")
        page.get_by_text("There is no run <script>alert(1)</script>").wait_for()
        page.get_by_role("link", name=re.compile("All runs")).click()
        page.get_by_text("Click a row to open the run").wait_for()
        page.goto(f"{address}run?run=only")
        page.locator(".chip", has_text="<script>").wait_for()
        assert page.title() != "taken"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tab_draws_in_both_themes(tmp_path: Path, browser: Any, wide: catalog.LoadedProblem, scheme: str) -> None:
    """Something is drawn and nothing overflows; pictures go where EVOLVE_TEST_PICTURES says."""
    fill(tmp_path, wide, 300, run="all")
    pictures = os.environ.get("EVOLVE_TEST_PICTURES")
    shown = {
        "": ["stDataFrame"], "run?run=all": ["stPlotlyChart"], "run?run=all&tab=Archive": ["stEChartsChart"],
        "run?run=all&tab=Failures": ["stPlotlyChart"], "program?run=all": ["stCode"],
        "program?run=all&tab=Instances": ["stDataFrame"],
    }  # fmt: skip
    made = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme).new_page()
    made.set_default_timeout(PATIENCE)
    with dashboard(tmp_path) as address:
        for path, wanted in shown.items():
            made.goto(address + path)
            for name in wanted:
                made.locator(f'[data-testid="{name}"]').first.wait_for()
            assert not made.get_by_text("Page not found").count()
            dark = made.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
            assert dark == ("rgb(15, 20, 27)" if scheme == "dark" else "rgb(255, 255, 255)")
            assert made.evaluate("document.documentElement.scrollWidth") <= 1280
            if pictures:
                made.wait_for_timeout(4000)
                made.screenshot(path=f"{pictures}/{re.sub('[^a-z]+', '-', path.lower()) or 'runs'}-{scheme}.png")
    made.context.close()
