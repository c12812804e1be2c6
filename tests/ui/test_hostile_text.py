"""A runs folder in which every text is an attack: pages show it as text, whatever element of Streamlit it goes into."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pandas as pd
import pytest
from google.protobuf.descriptor import FieldDescriptor
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from tests.benchmarks.big_store import fill
from tests.plain_store import plain
from tests.ui.conftest import Open
from tests.ui.served import serve
from tests.ui.test_pages import PROGRAM_TABS, RUN_TABS
from ui import data
from ui.actions import Download
from workbench.certification import BaselineComparison, Certificate, Check, Verdict
from workbench.model import Interval, Record, Split
from workbench.problem import catalog
from workbench.store import Judged, Ledger, Store

EVIL = (
    "=1+1|\"'><img src=http://evil.example/a.png onerror=alert(1)><script>alert(2)</script>"
    "![i](http://evil.example/b.png)[l](javascript:alert(3)) "
    "www.evil.example a@evil.example :red[r] :material/home: $x^2$ **b** `c` &n=9#../x\n# heading"
)
"""Markup, markdown with a picture and a link, Streamlit's own directives, a formula, and what would change an address."""
ACTIVE = re.compile(r"://|www\.|\w@\w|:material/")
"""What Streamlit turns into a link or a symbol even where it is escaped; in code it is left alone."""
DIRECTIVE = re.compile(r"(?<!\\)(:\w+\[|\$)")
"""Streamlit's colours and formulas."""
CODE = re.compile(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)")
PARSER = MarkdownIt("commonmark")
OURS = {
    "div", "span", "b", "table", "thead", "tbody", "tr", "td", "th", "code", "a", "ul", "li", "mark", "style",
}  # fmt: skip
"""Tags of the HTML that pages are made of."""
ATTRIBUTES = {"class", "title", "href", "target", "colspan", "aria-hidden", "style"}
PLAIN = {
    "code.code_text", "text_area.default", "text_area.value", "selectbox.options", "multiselect.options", "selectbox.raw_value",
    "multiselect.raw_values",
    "arrow_data_frame.columns", "download_button.url", "id", "vega_lite_chart.spec", "arrow_vega_lite_chart.spec",
    "bidi_component.json", "html.body", "text_input.default", "selectbox.default", "multiselect.default",
}  # fmt: skip
"""Fields that Streamlit shows as text, or that are looked at otherwise here."""


class Tags(HTMLParser):
    """Checks that a piece of HTML has tags, attributes and addresses of our own only."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Complain of a stranger."""
        assert tag in OURS, tag
        for name, value in attributes:
            assert name in ATTRIBUTES, name
            if name == "href":
                parts = urlsplit(value or "")
                assert (parts.scheme, parts.netloc, parts.fragment) == ("", "", ""), value
                found = parse_qs(parts.query, keep_blank_values=True)
                if parts.path == "problems":
                    assert set(found) == {"problem"} and found["problem"][0] in catalog.slugs(), value
                    continue
                assert parts.path in ("program", "run"), value
                assert set(found) <= {"run", "n", "tab"} and found["run"] in ([self.run], ["two"]), value


def strings(message: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a message, with where it stands."""
    for field, value in message.ListFields():
        where = f"{path}.{field.name}"
        values = value if field.is_repeated else [value]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        for one in values:
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                yield from strings(one, where)
            elif field.type == FieldDescriptor.TYPE_STRING:
                yield where.lstrip("."), one


def as_text(markdown: str, name: str) -> None:
    """Assert that a markdown field holds the attack as text: no link, picture, heading, markup, colour, formula or symbol."""
    for block in PARSER.parse(markdown):
        assert block.type in ("paragraph_open", "paragraph_close", "inline"), f"{name}: {block.type}: {markdown[:300]}"
        for token in block.children or []:
            known = token.type in ("text", "softbreak", "code_inline") or (
                token.type.startswith("strong") and "**b" not in markdown
            )
            assert known, f"{name}: {token.type}: {markdown[:300]}"
            assert token.type != "text" or not ACTIVE.search(token.content), f"{name}: {token.content[:300]}"
    assert not DIRECTIVE.search(CODE.sub("", markdown)), f"{name}: {markdown[:300]}"


def elements(app: AppTest) -> Iterator[tuple[str, Any]]:
    """Kind and message of all that a page sends, blocks included."""

    def walk(block: Any) -> Iterator[tuple[str, Any]]:
        for child in getattr(block, "children", {}).values():
            if (message := getattr(child, "proto", None)) is not None:
                yield child.type, message
            yield from walk(child)

    yield from walk(app._tree)


def harmless(app: AppTest, run: str) -> None:
    """Assert that nothing of an attack is more than text."""
    assert not app.exception, app.exception[0].stack_trace
    for kind, message in elements(app):
        for where, text in strings(message):
            name = f"{kind}.{where}"
            if kind == "html" and where == "body":
                Tags(run).feed(text)
            if where in PLAIN or name in PLAIN or where.endswith(".id"):
                continue
            if "example" in text or "red" in text:
                as_text(text, name)
    assert not any(m.allow_html for m in app.markdown)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, wide: catalog.LoadedProblem) -> tuple[Path, str, int]:
    """Runs folder, name of its run, number of its champion."""
    runs, run = tmp_path_factory.mktemp("hostile"), f"{EVIL}run"
    fill(runs, wide, 40, run="one", title=EVIL)
    fill(runs, wide, 12, run="two", title=EVIL, state="failed", message=EVIL)
    with Store(runs) as store:
        champion = store.run("one").champion
        program = store.candidate("one", champion).program
    assert program is not None
    judged = Judged(program, f"{run}:{champion}", wide.slug, wide.version, "one", champion)
    with Ledger(runs) as ledger:
        opening = ledger.open_test(judged)
        comparison = BaselineComparison(EVIL, Split.TEST, Interval(-0.02, -0.03, -0.01), 0.975, Record(7, 3, 2), True)
        checks = (Check(EVIL, EVIL, False, EVIL), Check("simplification", EVIL, True, EVIL, {"source": EVIL}))
        found = Certificate(
            Verdict.FRAGILE, EVIL, wide.slug, wide.version, "full", {Split.TEST: 0.1}, (comparison,), checks, 1.0, opening, EVIL
        )
        ledger.add_certificate(judged, opening, found)
    spoil(runs, run, wide)
    return runs, run, champion


def spoil(runs: Path, run: str, wide: catalog.LoadedProblem) -> None:
    """Put the attack into every text of the database."""
    with Store(runs) as store:
        plain(store)
    with Store(runs) as store, store._transaction() as db:
        db.execute("PRAGMA defer_foreign_keys = ON")
        for table in ("calls", "candidates", "scores", "control", "events", "openings", "certificates"):
            db.execute(f"UPDATE {table} SET run = ? WHERE run = 'one'", (run,))
        db.execute("UPDATE runs SET id = ? WHERE id = 'one'", (run,))
        db.execute("UPDATE runs SET proposer = ?, isolation = ?, message = ?", (EVIL, EVIL, EVIL))
        db.execute("UPDATE runs SET problem = ?, version = ?, folder = ? WHERE id = 'two'", (f"family/{EVIL}", EVIL, EVIL))
        for id, options in db.execute("SELECT id, options FROM runs").fetchall():
            said = {**json.loads(options), "models": [EVIL], "strategy": EVIL, "api_base": EVIL, "seeds": [EVIL], EVIL: EVIL}
            db.execute("UPDATE runs SET options = ? WHERE id = ?", (json.dumps(said), id))
        db.execute("UPDATE candidates SET operator = ?, message = ?, fingerprint = fingerprint || ? WHERE number > 1", (EVIL,) * 3)
        effect = json.dumps([-0.1, 0.2, [EVIL], [EVIL]])
        db.execute(
            "INSERT OR REPLACE INTO trials (run, number, idea, median, longest, effect, proposer) "
            "SELECT run, number, ?, 0.1, 0.2, ?, ? FROM candidates",
            (EVIL, effect, EVIL),
        )
        db.execute("UPDATE candidates SET source = source || ?", (f"x = {EVIL!r}  # {EVIL.splitlines()[0]}\n",))
        db.execute("UPDATE calls SET operator = ?, model = ?, system = ?, user = ?, response = ?", (EVIL,) * 5)
        db.execute("UPDATE calls SET error = ? WHERE error <> ''", (EVIL,))
        db.execute("UPDATE events SET kind = ?, message = ?", (EVIL, EVIL))
        db.execute("UPDATE control SET argument = ?, answer = ?", (json.dumps({"text": EVIL, "next": 20}), EVIL))
        for number, split, families, results in db.execute(
            "SELECT number, split, families, results FROM scores WHERE run = ?", (run,)
        ):
            spoilt = [[r[0], EVIL if r[2] != "ok" else r[1], r[2], *r[3:7], EVIL, *r[8:]] for r in json.loads(results)]
            named = {**json.loads(families), EVIL: 0.5}
            db.execute("UPDATE scores SET families = ?, results = ? WHERE run = ? AND number = ? AND split = ?",
                       (json.dumps(named), json.dumps(spoilt), run, number, split))  # fmt: skip


@pytest.mark.parametrize("tab", RUN_TABS)
def test_a_run(hostile: tuple[Path, str, int], open_page: Open, tab: str) -> None:
    runs, run, _ = hostile
    harmless(open_page(runs, "run", run=run, tab=tab), run)


@pytest.mark.parametrize("tab", PROGRAM_TABS)
def test_a_program(hostile: tuple[Path, str, int], open_page: Open, tab: str) -> None:
    runs, run, champion = hostile
    app = open_page(runs, "program", run=run, n=str(champion), tab=tab)
    harmless(app, run)
    for against in ("start", "baseline") if tab == "Diff" else ():
        harmless(open_page(runs, "program", run=run, n=str(champion), tab=tab, against=against), run)
    with Store(runs, write=False) as store:
        failed = next(a.number for a in store.attempts(run) if a.status == "crash")
    harmless(open_page(runs, "program", run=run, n=str(failed), tab=tab), run)


@pytest.mark.parametrize("name", ["runs", "problems", "playground", "settings", "compare", "run"])
def test_all_else(hostile: tuple[Path, str, int], open_page: Open, name: str) -> None:
    runs, run, champion = hostile
    queries: dict[str, list[dict[str, Any]]] = {
        "compare": [{"p": [f"{run}:{champion}", f"{run}:3"], "below": below} for below in ("What differs in the runs", "Code")],
        "problems": [{"problem": f"family/{EVIL}"}, {"problem": EVIL}, {"problem": "tests/wide", "tab": "Baselines"}],
        "playground": [{"problem": "tests/wide", "source": f"{run}:{champion}"}, {"problem": EVIL, "source": EVIL}],
        "run": [{"run": "two"}, {"run": EVIL}],
    }
    for query in queries.get(name, [{}]):
        harmless(open_page(runs, name, **query), run)


def test_what_a_click_shows(hostile: tuple[Path, str, int], open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, run, _ = hostile
    monkeypatch.setattr("ui.actions.export", lambda *words: Download("a.zip", "application/zip", b"module"))
    monkeypatch.setattr("ui.actions.report", lambda *words: Download(f"{EVIL}.html", "text/html", b"report"))
    app = open_page(runs, "run", run=run)
    for label in ("Create module", "Create report"):
        next(b for b in app.button if b.label == label).click().run()
        harmless(app, run)
    assert len(app.get("download_button")) == 2
    app = open_page(runs, "runs")
    next(b for b in app.button if b.label == "New run").click().run()
    harmless(app, run)


def test_a_table_for_a_spreadsheet_holds_no_formula() -> None:
    frame = pd.DataFrame({"=name": ["=1+1", "+2", "-3", "@x", "plain", "\t=1"], "gap": [-0.5, 1.0, 2.0, 3.0, 4.0, 5.0]})
    said = data.as_csv(frame)
    assert said.splitlines()[:2] == ["'=name,gap", "'=1+1,-0.5"] and "plain,4.0" in said
    assert not re.search(r"(?m)^[=+@\t-]", said)


@pytest.mark.browser
def test_a_browser_makes_no_element_of_it(hostile: tuple[Path, str, int], page: Any) -> None:
    runs, run, champion = hostile
    there = {
        f"run?{urlencode({'run': run})}": "stVegaLiteChart", f"run?{urlencode({'run': run, 'tab': 'Failures'})}": "stHtml",
        f"run?{urlencode({'run': run, 'tab': 'Programs'})}": "stDataFrame", "run?run=two": "stAlert", "": "stDataFrame",
        f"program?{urlencode({'run': run, 'n': champion, 'tab': 'Certificate'})}": "stHtml",
        f"program?{urlencode({'run': run, 'n': champion, 'tab': 'Prompt & response'})}": "stCode",
        f"compare?{urlencode({'p': f'{run}:{champion}'})}": "stVegaLiteChart", "settings": "stHtml",
    }  # fmt: skip
    with serve(runs) as served:
        for path, wanted in there.items():
            page.goto(served.page(path))
            page.locator(f'[data-testid="{wanted}"]').first.wait_for()
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            assert page.get_by_text("evil.example").count() or wanted == "stDataFrame", path
            strangers = (
                "[...document.querySelectorAll('a')].filter(a => new URL(a.href).origin !== location.origin).map(a => a.href)"
            )
            assert page.evaluate(strangers) == [] and not page.locator("img[src*='evil'], [onerror]").count(), path
