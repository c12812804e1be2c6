"""A run as one page: whole, sound HTML, nothing fetched, nothing run, and the figures of `evolve compare`."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.benchmarks.big_store import fill, problem
from tests.unit.certified import certificate
from workbench.analysis.compare import compare, of_baselines, of_run
from workbench.certificate import Check, Verdict
from workbench.formatting import percent, points
from workbench.model import Split
from workbench.report import charts
from workbench.report.page import gather, render
from workbench.store import Judged, Ledger, Reader, Store

NASTY = "<script>alert(1)</script>\"'&"
VOID = {"meta", "br", "line", "circle", "rect", "path"}


class Sound(HTMLParser):
    """Tags must close in the order in which they opened; keeps tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `done` (its proposer has a nasty name), `barren` (its start alone), `failed`, and `moved` (another version)."""
    place = tmp_path_factory.mktemp("report")
    loaded = problem(place / "tests" / "wide", 12)
    fill(place, loaded, 60, run="done", title=NASTY)
    fill(place, loaded, 0, run="barren", models=False)
    fill(place, loaded, 12, run="failed", state="failed", message=f"no endpoint: {NASTY}")
    fill(place, loaded, 12, run="moved")
    fill(place, loaded, 0, run="headless", models=False)
    with Store(place) as store, store._transaction() as db:
        db.execute("UPDATE runs SET version = 'another' WHERE id = 'moved'")
        db.execute("UPDATE runs SET champion = NULL WHERE id = 'headless'")
        db.execute("UPDATE candidates SET source = source || ? WHERE run = 'done'", (f"# {NASTY}\n",))
        db.execute("UPDATE candidates SET message = ? WHERE run = 'done' AND status = 'crash'", (NASTY,))
    return place


@pytest.mark.parametrize("run", ["done", "barren", "failed", "moved", "headless"])
def test_a_page_is_sound_and_needs_nothing_but_itself(runs: Path, run: str) -> None:
    store = Reader(runs)
    page = render(store, gather(store, run))
    sound = Sound(page)
    assert not {"script", "link", "img", "iframe"} & set(sound.tags)
    assert not any(name in ("href", "src") or name.startswith("on") for name, _ in sound.attributes)
    assert "http" not in re.sub(r'http-equiv="[^"]+"', "", page) and "url(" not in page and "default-src 'none'" in page
    assert page.count("<script") == 0
    store.close()


def test_what_people_models_and_programs_wrote_comes_out_as_text(runs: Path) -> None:
    store = Reader(runs)
    assert Sound(render(store, gather(store, "done"))).text.count(NASTY) >= 4  # proposer, code, settings' side, failures
    assert NASTY in Sound(render(store, gather(store, "failed"))).text


def test_its_figures_are_those_of_compare(runs: Path) -> None:
    store = Reader(runs)
    scene = gather(store, "done")
    assert scene.loaded is not None
    own = of_run(store, scene.row, None, Split.VALIDATION)
    expected = [compare(own, rival) for rival in of_baselines(scene.loaded, Split.VALIDATION)]
    assert scene.comparisons == expected and len(expected) == 2
    said = Sound(render(store, scene)).text
    for c in expected:
        assert points(c.difference.mean) in said and f"{c.record.wins} / {c.record.ties} / {c.record.losses}" in said
    assert percent(own.gap) in said and "ahead of every baseline" in said


def test_a_certificate_is_told_with_its_checks(runs: Path) -> None:
    with Ledger(runs) as ledger:
        row = ledger.run("done")
        program = ledger.candidate("done", row.champion).program
        assert program is not None
        judged = Judged(program, "done", row.problem, row.version, "done", row.champion)
        checks = (Check("growth", "growth", False, "time grows faster"),)
        made = certificate(verdict=Verdict.NOT_BETTER, reason=NASTY, gaps={Split.TEST: 0.3217}, checks=checks)
        ledger.add_certificate(judged, ledger.open_test(judged), made)
    store = Reader(runs)
    page = render(store, gather(store, "done"))
    said = Sound(page).text
    assert "not better" in said and NASTY in said and "time grows faster" in said and "32.2%" in said
    assert "<script" not in page


def test_baselines_of_another_version_are_left_out_and_that_is_said(runs: Path) -> None:
    store = Reader(runs)
    scene = gather(store, "moved")
    assert not scene.rivals and "has changed since this run" in Sound(render(store, scene)).text
    assert "none to judge" in Sound(render(store, gather(store, "headless"))).text


def test_the_line_of_the_best_steps_down_at_every_improvement() -> None:
    attempts = [charts.Attempt(k, gap) for k, gap in enumerate([0.5, None, 0.52, 0.3, 0.4])]
    svg = charts.progress(attempts, [charts.Level("<b>", 0.45)])
    path = re.search(r'class="best" d="([^"]+)"', svg)
    assert path and path[1].count("V") == 1
    assert svg.count('class="attempt"') == 4 and "&lt;b&gt;" in svg and "<b>" not in svg
    assert charts.progress([charts.Attempt(0, None)], []) == ""


def test_an_axis_is_logarithmic_where_rules_lie_far_apart() -> None:
    assert charts.far_apart([0.007, 0.011, 0.014, 0.015, 0.47, 0.58])
    assert not charts.far_apart([0.35, 0.4, 0.6, 0.9]) and not charts.far_apart([0.01, 0.9])
    near = charts.progress([charts.Attempt(0, 0.02), charts.Attempt(1, 0.01)], [charts.Level(str(g), g) for g in (0.01, 0.9, 0.8)])
    assert "reference" not in near, "0 is out of reach of a logarithmic axis"


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-3, 11, [-2.5, 0, 2.5, 5, 7.5, 10]), (2, 2, [2])]
)
def test_ticks_are_round_and_inside(low: float, high: float, expected: list[float]) -> None:
    assert charts.ticks(low, high) == pytest.approx(expected)


def test_long_runs_are_thinned_but_keep_every_improvement() -> None:
    attempts = [charts.Attempt(k, 1 - k / 20_000 if k % 997 == 0 else 1.0) for k in range(10_000)]
    svg = charts.progress(attempts, [], most=200)
    assert svg.count("<circle") < 230
    assert all(f"no. {k}:" in svg for k in range(0, 10_000, 997))
