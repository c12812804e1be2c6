"""Flows in a real headless Chromium: what a person does, from an empty folder to an exported module."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.big_store import fill
from tests.integration import model_server
from tests.plain_store import plain
from tests.ui.chromium import PATIENCE, button, faults_of, press, select
from tests.ui.contrast import FAINT
from tests.ui.served import serve
from workbench.problem import catalog
from workbench.store import Store

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

TOY = Path(__file__).parent.parent / "toy"


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
            if not (row := store.run(run)).live:
                return row.status
        time.sleep(0.2)
    return "still going on"


def heard(runs: Path) -> bool:
    """Whether the newest run has answered the last message, within a minute and a half."""
    for _ in range(int(PATIENCE / 200)):
        with Store(runs, write=False) as store:
            sent = store.messages(store.runs()[0].id, pending=False)
        if sent and sent[-1].acknowledged is not None:
            return True
        time.sleep(0.2)
    return False


def figure(page: Any, name: str) -> str:
    """What a card of the strip says."""
    card = page.locator(".kpi", has=page.locator(".name", has_text=re.compile(f"^{name}$"))).locator(".value").first
    return str(card.inner_text())


def download(page: Any, make: str, name: str) -> str:
    """Have a file made and take it."""
    press(page, make)
    with page.expect_download() as found:
        press(page, f"Download {re.escape(name)}")
    return Path(found.value.path()).read_text()


def test_what_ships_leads_to_its_problem_and_its_module(tmp_path: Path, page: Any) -> None:
    with serve(tmp_path) as served:
        page.goto(served.printed)
        page.get_by_role("link", name="moe_placement/prism").click()
        page.wait_for_url("**/problems?problem=moe_placement%2Fprism")
        page.get_by_role("button", name="Module and certificate").wait_for()


def test_from_an_empty_folder_to_an_exported_module(tmp_path: Path, page: Any) -> None:
    with serve(tmp_path) as served:
        page.goto(served.printed)
        page.get_by_text("No runs yet").wait_for()
        page.get_by_text("Example runs (read-only)").wait_for()
        press(page, "New run")
        choose(page, 30)
        page.get_by_text("No cost (no model)").wait_for()
        press(page, "Start")
        page.wait_for_url("**/run?run=*")
        page.get_by_text("Best validation gap").wait_for()
        assert ended(tmp_path) == "done"
        with Store(tmp_path, write=False) as store:
            row = store.runs()[0]
        run, number = row.id, row.champion
        assert row.attempts == 30
        page.locator(".chip", has_text=re.compile("^done$")).first.wait_for()  # the page has seen it by itself
        press(page, r"Export.*")
        assert download(page, "Create report", f"{run}.html").startswith("<!doctype html>")
        page.keyboard.press("Escape")
        press(page, "Open")
        page.wait_for_url("**/program?*")
        page.get_by_text(f"Program {number}").wait_for()
        page.get_by_role("tab", name="Diff").click()
        page.wait_for_url("**tab=Diff*")
        page.get_by_text("start", exact=True).click()
        page.locator("table.diff, [data-testid=stCaptionContainer]").first.wait_for()
        page.get_by_role("tab", name="Code").click()
        press(page, r"Export.*")
        ast.parse(download(page, "Create module", f"curve_{number}.py"))
        page.keyboard.press("Escape")
        press(page, "Compare")
        page.wait_for_url("**/compare?*")
        rows = page.locator("table.plain", has_text="won / equal / lost").locator("tbody tr")
        rows.nth(2).wait_for()
        assert {rows.nth(k).locator("td").first.inner_text() for k in range(rows.count())} >= {"line", "square"}
        page.locator('[data-testid="stVegaLiteChart"]').first.wait_for()


def test_an_idea_is_tried_and_its_failing_line_shown(tmp_path: Path, page: Any, wide: catalog.LoadedProblem) -> None:
    fill(tmp_path, wide, 5, run="one", models=False)
    with serve(tmp_path) as served:
        page.goto(served.page("playground?problem=tests/wide&source=line"))
        editor = page.get_by_label("Program", exact=True)
        editor.wait_for()
        assert "def f(" in editor.input_value()
        press(page, "Evaluate")
        page.get_by_text("Against square").wait_for()
        editor.fill("def f(x, a):\n    b = 0\n    return a / b\n")
        page.get_by_text("The program has been edited since").wait_for()
        press(page, "Evaluate")
        page.get_by_text("ZeroDivisionError").first.wait_for()
        assert page.locator("table.diff td.old").inner_text().strip() == "return a / b"
        editor.press("Tab")
        assert editor.input_value().endswith("    "), "Tab indents"
        editor.press("Escape")
        editor.press("Tab")
        assert not editor.evaluate("e => e.getRootNode().activeElement === e"), "the keyboard is not trapped"


def test_a_run_is_seen_to_advance_outlives_the_browser_and_is_stopped(tmp_path: Path, page: Any) -> None:
    with serve(tmp_path) as served:
        page.goto(served.printed)
        press(page, "New run")
        choose(page, 100_000)
        press(page, "Start")
        page.wait_for_url("**/run?run=*")
        page.get_by_text("Best validation gap").wait_for()
        seen = figure(page, "Attempts")
        page.wait_for_function(
            "seen => [...document.querySelectorAll('.kpi')].some(c => c.querySelector('.name').innerText === 'Attempts'"
            " && c.querySelector('.value').innerText !== seen)", arg=seen,
        )  # fmt: skip
        page.goto("about:blank")
        time.sleep(2)
        with Store(tmp_path, write=False) as store:
            row = store.run("latest")
            before = store.runs()[0].attempts
        assert row.status == "running", "nobody looking is no reason to end"
        page.goto(served.page(f"run?run={row.id}"))
        press(page, "Stop")
        page.locator(".chip", has_text=re.compile("stopping|stopped")).first.wait_for()
        assert ended(tmp_path) == "stopped"
        with Store(tmp_path, write=False) as store:
            assert store.runs()[0].attempts >= before


def test_two_browsers_agree_and_a_killed_server_harms_no_run(tmp_path: Path, page: Any, browser: Any) -> None:
    other = browser.new_context().new_page()
    other.set_default_timeout(PATIENCE)

    def both_say(state: str) -> None:
        for seen in (page, other):
            seen.locator(".chip", has_text=re.compile(f"^{state}$")).first.wait_for()

    with serve(tmp_path) as served:
        page.goto(served.printed)
        press(page, "New run")
        choose(page, 100_000)
        press(page, "Start")
        page.wait_for_url("**/run?run=*")
        address_of_run = page.url
        other.goto(address_of_run)
        other.get_by_text("This browser has no valid token").wait_for()
        other.goto(served.page("run?" + address_of_run.partition("?")[2]))
        both_say("running")
        press(other, "Pause")
        both_say("paused")
        press(page, "Continue")
        both_say("running")
        with Store(tmp_path, write=False) as store:
            before = store.runs()[0].attempts
        os.killpg(served.process.pid, signal.SIGKILL)
        served.process.wait(30)
    for _ in range(int(PATIENCE / 200)):
        with Store(tmp_path, write=False) as store:
            row = store.runs()[0]
        if row.attempts > before + 5:
            break
        time.sleep(0.2)
    assert row.status == "running" and row.attempts > before + 5, "it goes on without a server"
    with serve(tmp_path) as served:
        query = address_of_run.partition("?")[2]
        for seen in (page, other):
            seen.goto(served.page(f"run?{query}"))
        both_say("running")
        press(page, "Stop")
        assert ended(tmp_path) == "stopped"
        both_say("stopped")
    other.context.close()


def test_a_run_with_a_model_is_told_something_given_a_program_and_taken_up_again(tmp_path: Path, page: Any) -> None:
    with model_server.serve() as base, serve(tmp_path) as served:
        page.goto(served.printed)
        press(page, "New run")
        choose(page, 100_000)
        page.get_by_text("Language models", exact=True).click()
        for label, text in (("Models", "openai/slow"), ("Endpoint", base)):
            page.get_by_label(label, exact=True).fill(text)
            page.get_by_label(label, exact=True).press("Enter")
        page.get_by_text("How they are asked, and prices").click()
        page.get_by_label("Longest answer (tokens)", exact=True).fill("321")
        page.get_by_label("Longest answer (tokens)", exact=True).press("Enter")
        page.get_by_text("at 321 tokens each").or_(page.get_by_text("no price of openai/slow")).wait_for()
        press(page, "Start")
        page.wait_for_url("**/run?run=*")
        press(page, "Steer.*")
        page.get_by_label("What should the model try or avoid?").fill("Try a square.")
        press(page, "Send")
        page.get_by_text("Sent; part of the prompts").wait_for()
        assert heard(tmp_path)
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Messages").click()
        told = page.locator("table.plain tbody tr")
        told.filter(has_text="Try a square.").filter(has_not_text="waiting").wait_for()
        page.goto(served.page("playground?problem=tests/curve&source=square"))
        press(page, "Evaluate")
        press(page, "Inject into a run.*")
        press(page, "Inject")
        page.get_by_text("Sent; it is evaluated like any other").wait_for()
        assert heard(tmp_path)
        page.get_by_role("link", name=re.compile("Messages to the run")).click()
        told.filter(has_text="inject").filter(has_text=re.compile(r"attempt \d+: ok, train gap")).wait_for()
        page.get_by_text(re.compile(r"^Program of .*attempt \d+: ok")).click()
        page.locator("[data-testid=stCode]", has_text="return x * x").wait_for()
        press(page, "Stop")
        assert ended(tmp_path) == "stopped"
        with Store(tmp_path, write=False) as store:
            row = store.runs()[0]
            sources = [c.program.source for c in store.candidates(row.id) if c.program]
            assert any("return x * x" in source for source in sources) and store.calls(row.id)
            assert any("Try a square." in call.call.prompt.user for call in store.calls(row.id))
            assert row.options.answer_tokens == 321
        press(page, "Resume")
        page.get_by_text("How they are asked, and prices").click()
        page.get_by_text("Strategy, proposer and machine").click()
        for label, text in (("Total tokens", "1000000"), ("Models", "openai/slow=2, openai/other"), ("Reasoning effort", "low"),
                            ("Temperature", "0.5"), ("Evaluation processes", "1")):  # fmt: skip
            page.get_by_label(label, exact=True).fill(text)
            page.get_by_label(label, exact=True).press("Enter")
        select(page, "Search strategy", "greedy")
        press(page, "Resume run")
        page.locator(".chip", has_text=re.compile("^running$")).first.wait_for()
        with Store(tmp_path, write=False) as store:
            again = store.runs()[0].options
        assert (again.max_tokens, again.models, again.api_base) == (
            1_000_000,
            ("openai/slow=2", "openai/other"),
            row.options.api_base,
        )
        assert (again.reasoning_effort, again.temperature, again.workers, again.strategy) == ("low", 0.5, 1, "greedy")
        assert again.answer_tokens == 321, "what is not changed stays"
        press(page, "Stop")
        assert ended(tmp_path) == "stopped"


def test_a_link_to_a_run_that_is_not_there_and_back_to_all_runs(tmp_path: Path, page: Any, wide: catalog.LoadedProblem) -> None:
    taken = "<img src=x onerror=\"document.title = 'taken'\"><script>document.title = 'taken'</script>"
    fill(tmp_path, wide, 10, run="only", title=taken)
    with Store(tmp_path) as store:
        plain(store)
    with Store(tmp_path) as store, store._transaction() as db:
        db.execute("UPDATE candidates SET source = source || ?", (f"# {taken}\n",))
        db.execute("UPDATE calls SET user = ?, response = ?", (taken, taken))
    with serve(tmp_path) as served:
        page.goto(served.page("run?run=%3Cscript%3Ealert(1)%3C/script%3E"))
        page.get_by_text("There is no run <script>alert(1)</script>").wait_for()
        page.get_by_role("link", name=re.compile("All runs")).click()
        page.get_by_text("Click a run's name").wait_for()
        page.locator('[data-testid="stDataFrame"]').click(position={"x": 60, "y": 50})  # the cell of the status
        button(page, "Open").wait_for()
        page.keyboard.press("ArrowRight")  # and that of the run's name
        page.wait_for_url("**/run?run=only*")
        page.goto(served.page("run?run=only"))
        page.locator(".chip", has_text="<script>").wait_for()
        seen = {"&tab=Code": "stCode", "&tab=Prompt+%26+response": "stCode", "&tab=Diff": "stHtml"}
        for path, wanted in {**{f"program?run=only&n=3{tab}": kind for tab, kind in seen.items()},
                             "problems?problem=tests/wide": "stMarkdown"}.items():  # fmt: skip
            page.goto(served.page(path))
            page.locator(f'[data-testid="{wanted}"]').first.wait_for()
        assert page.title() != "taken"


def readable(page: Any) -> None:
    """All text can be read, once what is being renewed is no longer faded."""
    for _ in range(40):
        if not (faint := page.evaluate(FAINT)):
            return
        time.sleep(0.5)
    raise AssertionError(faint)


def test_clicks_on_charts_show_attempts_open_steps_and_tell_cells(tmp_path: Path, page: Any, wide: catalog.LoadedProblem) -> None:
    fill(tmp_path, wide, 120, run="all")
    with Store(tmp_path) as store, store._transaction() as db:
        times = "SELECT run, number, '', 0.1, 0.1 + number % 7 * 0.1 FROM candidates WHERE gap IS NOT NULL"
        db.execute(f"INSERT OR REPLACE INTO trials(run, number, idea, median, longest) {times}")
    with serve(tmp_path) as served:
        page.goto(served.page("run?run=all"))
        for said, shown in (
            (r"no\. \d+: (crash|timeout|infeasible)$", ".chip.bad"),
            (r"no\. \d+: .*%, ", ".chip"),
        ):
            number = click(page, said)
            page.locator(".head b", has_text=re.compile(f"^no. {number}$")).wait_for()
            page.locator(shown).first.wait_for()
        page.goto(served.page("run?run=all&x=CPU+time"))
        number = click(page, r"no\. \d+: .*%, .* s$")
        page.locator(".head b", has_text=re.compile(f"^no. {number}$")).wait_for()
        page.goto(served.page("run?run=all&tab=Lineage"))
        number = click(page, r"no\. \d+: ")
        page.wait_for_url(f"**/program?*n={number}*")
        page.get_by_text(f"Program {number}").wait_for()
        page.locator("table.diff, [data-testid=stCaptionContainer]").first.wait_for()
        assert page.get_by_role("tab", name="Diff").get_attribute("aria-selected") == "true"
        page.goto(served.page("compare?p=all"))
        click(page, r" on validation-3 ")
        page.locator(".head b", has_text=re.compile("on validation-3$")).wait_for()


def click(page: Any, said: str) -> int:
    """Click a mark that says this of itself and that nothing hides; the number that it tells, 0 for none."""
    page.locator("[data-testid=stVegaLiteChart] svg").first.wait_for()
    met = page.wait_for_function(
        "said => [...document.querySelectorAll('[data-testid=stVegaLiteChart] [aria-label]')].map(e => {"
        " const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2, words = e.ariaLabel;"
        " return words.match(said) && document.elementFromPoint(x, y) === e ? {x, y, words} : null}).find(found => found)",
        arg=said,
    ).json_value()  # fmt: skip
    page.mouse.click(met["x"], met["y"])
    found = re.match(r"no\. (\d+)", met["words"])
    return int(found[1]) if found else 0


def test_every_page_draws_in_both_themes(tmp_path: Path, browser: Any, wide: catalog.LoadedProblem) -> None:
    """Something is drawn and nothing overflows; pictures go where EVOLVE_TEST_PICTURES says."""
    fill(tmp_path, wide, 300, run="all")
    with Store(tmp_path, write=False) as store:
        failed = next(a.number for a in store.attempts("all") if a.status == "crash")
    pictures = os.environ.get("EVOLVE_TEST_PICTURES")
    shown = {
        "": "stDataFrame", "run?run=all": "stVegaLiteChart", "run?run=all&tab=Archive": "stVegaLiteChart",
        "program?run=all": "stCode", "playground?problem=tests/wide": "stCaptionContainer", "compare?p=all": "stVegaLiteChart",
        "problems?problem=tests/wide": "stMarkdown", "run?run=all&tab=Messages": "stHtml", "program?run=all&tab=Diff": "stHtml",
        f"program?run=all&n={failed}": "stAlert", "settings": "stVegaLiteChart",
    }  # fmt: skip
    with serve(tmp_path) as served:
        for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(15, 20, 27)")):
            made = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme).new_page()
            made.set_default_timeout(PATIENCE)
            faults = faults_of(made)
            for path, wanted in shown.items():
                made.goto(served.page(path))
                made.locator(f'[data-testid="{wanted}"]').first.wait_for()
                assert not made.get_by_text("Page not found").count()
                background = made.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
                assert background == paper
                assert made.evaluate("document.documentElement.scrollWidth") <= 1280
                readable(made)
                if pictures:
                    made.wait_for_timeout(4000)
                    made.screenshot(path=f"{pictures}/{re.sub('[^a-z]+', '-', path.lower()) or 'runs'}-{scheme}.png")
            made.goto(served.page(""))
            press(made, "New run")
            made.get_by_text("Language models", exact=True).click()
            made.get_by_text("Enter at least one model").wait_for()
            readable(made)
            start = button(made, "Start").evaluate("e => getComputedStyle(e.querySelector('p')).color")
            assert start != paper, "a button that cannot be pressed yet can be read"
            made.goto(served.page("run?run=all"))
            press(made, "Resume")
            made.get_by_text("What is left empty stays").wait_for()
            readable(made)
            assert not faults
            made.context.close()
