"""Flows in a real headless Chromium around many runs and live ones: ticking, following, zooming."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.benchmarks.big_store import fill
from tests.ui.chromium import SETTLED, press
from tests.ui.served import serve
from workbench.model import Split
from workbench.problem import catalog
from workbench.store import Store

pytestmark = pytest.mark.browser

HEADER, ROW = 40, 34
"""Pixels of the table of runs."""
LABELS = (
    "() => [...document.querySelectorAll('[data-testid=stVegaLiteChart] .role-axis-label text')].map(e => e.textContent).join()"
)
FIRST = "() => document.querySelector('[data-testid=stVegaLiteChart] .role-axis-label text').textContent"
POINTS = "document.querySelectorAll('[data-testid=stVegaLiteChart] path[aria-label^=\"no.\"]').length"


def test_runs_that_are_ticked_are_compared_all_of_them_also_when_another_begins_or_a_filter_hides_them(
    tmp_path: Path,
    page: Any,
    wide: catalog.LoadedProblem,
) -> None:
    for name in ("one", "two", "three", "four", "five"):
        fill(tmp_path, wide, 8, run=name)
    fill(tmp_path, wide, 8, run="live", state="running")
    with serve(tmp_path) as served:
        page.goto(served.printed)
        table = page.locator('[data-testid="stDataFrame"]')

        def tick(place: int) -> None:
            table.click(position={"x": 14, "y": HEADER + 10 + ROW * place})
            page.wait_for_timeout(500)
            page.locator(SETTLED).wait_for()

        tick(1)  # newest first: five
        tick(4)  # two
        fill(tmp_path, wide, 8, run="new")
        page.locator(".kpi", has_text="Runs").locator(".value", has_text=re.compile("^7$")).wait_for()
        page.get_by_role("textbox", name="Filter").fill("THREE wide")
        page.get_by_role("textbox", name="Filter").press("Enter")
        page.get_by_text("2 runs that the filter hides are ticked too").wait_for()
        tick(0)
        page.get_by_role("textbox", name="Filter").fill("")
        page.get_by_role("textbox", name="Filter").press("Enter")
        page.get_by_text("2 runs that the filter hides").wait_for(state="detached")
        press(page, "Compare")
        page.wait_for_url("**/compare?*")
        page.locator("table.plain", has_text="won / equal / lost").locator("tbody tr").nth(4).wait_for()
        assert [name.partition(":")[0] for name in parse_qs(urlsplit(page.url).query)["p"]] == ["five", "three", "two"]


def go_on(runs: Path, numbers: range, gap: float = 0.6) -> None:
    """The run `live` has made these attempts."""
    with Store(runs) as store:
        last = store.candidate("live", 1)
        for number in numbers:
            made = replace(last, number=number, operator="edit", parents=(1,), island=0, gap=gap)
            store.add_candidate("live", made, report=replace(store.report("live", 1, Split.TRAIN), gap=gap))
        store.heartbeat("live", active_seconds=2.0)


def test_a_live_run_is_followed_and_what_was_zoomed_stays(
    tmp_path: Path,
    page: Any,
    wide: catalog.LoadedProblem,
) -> None:
    fill(tmp_path, wide, 40, run="live", state="running")
    with serve(tmp_path) as served:
        page.goto(served.page("run?run=live"))
        chart = page.locator("[data-testid=stVegaLiteChart] svg").first
        chart.wait_for()
        page.locator(SETTLED).wait_for()
        whole, before = page.evaluate(LABELS), page.evaluate(POINTS)
        chart.hover(position={"x": 300, "y": 200})
        page.keyboard.down("Shift")
        for _ in range(3):
            page.mouse.wheel(0, -300)
            page.wait_for_timeout(100)
        page.keyboard.up("Shift")
        page.wait_for_function(f"seen => ({LABELS})() !== seen", arg=whole)
        page.wait_for_timeout(1000)
        near = page.evaluate(FIRST)
        go_on(tmp_path, range(100, 111))
        page.wait_for_function(f"seen => {POINTS} > seen + 5", arg=before)
        page.wait_for_timeout(1000)
        assert page.evaluate(FIRST) == near
        chart.dblclick(position={"x": 300, "y": 200})
        page.wait_for_function(f"() => ({LABELS})().includes('110')")


def test_the_program_that_is_looked_at_stays_when_better_ones_come_in(
    tmp_path: Path,
    page: Any,
    wide: catalog.LoadedProblem,
) -> None:
    fill(tmp_path, wide, 20, run="live", state="running")
    with serve(tmp_path) as served:
        page.goto(served.page("run?run=live&tab=Programs"))
        page.locator('[data-testid="stDataFrame"]').click(position={"x": 130, "y": HEADER + 50})
        page.locator(SETTLED).wait_for()
        cell = page.locator('[data-testid="glide-cell-0-1"]')
        number = cell.text_content()
        page.locator(".head b", has_text=re.compile(f"^no. {number}$")).wait_for()
        go_on(tmp_path, range(100, 103), gap=1e-4)
        page.wait_for_function("() => document.querySelector('[data-testid=\"glide-cell-0-1\"]').textContent.startsWith('10')")
        page.locator(SETTLED).wait_for()
        assert page.locator(".head b", has_text=re.compile("^no. ")).inner_text() == f"no. {number}"


def test_the_page_of_a_run_that_has_ended_asks_for_nothing(tmp_path: Path, page: Any, wide: catalog.LoadedProblem) -> None:
    fill(tmp_path, wide, 20, run="done")
    said: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: said.append(frame)))
    with serve(tmp_path) as served:
        page.goto(served.page("run?run=done"))
        page.locator("[data-testid=stVegaLiteChart] svg").first.wait_for()
        page.locator(SETTLED).wait_for()
        for _ in range(20):  # a live run is looked at every two seconds, which would be heard in each of these
            before = len(said)
            page.wait_for_timeout(4000)
            if len(said) == before:
                return
    raise AssertionError(f"{len(said)} messages")


def test_enter_on_a_part_of_a_name_chooses_what_has_it(tmp_path: Path, page: Any) -> None:
    with serve(tmp_path) as served:
        page.goto(served.printed)
        press(page, "New run")
        for typed, meant in (("tard", "scheduling/total_tardiness"), ("JOB", "scheduling/job_shop"), ("/no/folder", "/no/folder")):
            box = page.get_by_role("combobox", name="Problem")
            box.fill(typed)
            box.press("Enter")
            page.locator("[data-testid=stSelectbox]", has=box).locator(f"[value='{meant}'], :text-is('{meant}')").first.wait_for()
