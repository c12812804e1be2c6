"""A run as one page: whole, sound HTML, nothing fetched, nothing run, and the figures of `evolve compare`."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.benchmarks.big_store import fill, problem
from tests.plain_store import plain
from tests.unit.certified import certificate
from workbench.analysis.compare import compare, of_baselines, of_run
from workbench.certificate import Check, Verdict
from workbench.formatting import percent, points
from workbench.model import Split, Status
from workbench.problem import catalog
from workbench.report.page import gather, render
from workbench.store import Judged, Ledger, Reader, Store

NASTY = "<script>alert(1)</script>\"'&"
VOID = {"meta", "br"}


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

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)  # closed where it opens: within SVG alone
        self.attributes += attrs

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
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
    with Store(place) as store:
        plain(store)
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
    assert "http" not in re.sub(r'http-equiv="[^"]+"', "", page) and "default-src 'none'" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and set(re.findall(r"url\(#?([^)]*)\)", page)) <= set(ids)
    assert page.count("<script") == 0
    store.close()


def test_what_people_models_and_programs_wrote_comes_out_as_text(runs: Path) -> None:
    store = Reader(runs)
    assert Sound(render(store, gather(store, "done"))).text.count(NASTY) >= 4  # proposer, code, settings' side, failures
    assert NASTY in Sound(render(store, gather(store, "failed"))).text


def test_its_figures_are_those_of_compare(runs: Path) -> None:
    store = Reader(runs)
    material = gather(store, "done")
    assert material.loaded is not None
    own = of_run(store, material.run, None, Split.VALIDATION)
    expected = [compare(own, rival) for rival in of_baselines(material.loaded, Split.VALIDATION)]
    assert material.comparisons == expected and len(expected) == 2
    said = Sound(render(store, material)).text
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
    assert "no significant improvement" in said and NASTY in said and "time grows faster" in said and "32.2%" in said
    assert "<script" not in page


def test_baselines_of_another_version_are_left_out_and_that_is_said(runs: Path) -> None:
    store = Reader(runs)
    material = gather(store, "moved")
    assert not material.rivals and "has changed since this run" in Sound(render(store, material)).text
    assert "No candidate of this run has been evaluated on validation" in Sound(render(store, gather(store, "headless"))).text


def test_charts_are_there_in_the_colours_of_the_page_and_say_their_figures(runs: Path) -> None:
    store = Reader(runs)
    material = gather(store, "done")
    page = render(store, material)
    assert page.count("<svg") == 4 and "Gap against CPU time" not in page, "no times were recorded"
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert all("var(--" in one for one in drawn) and f"<title>no. {material.run.champion}: " in drawn[0]
    best = material.comparisons[0]
    assert f"<title>{best.against}: {points(best.difference.mean)}" in drawn[1]
    assert f"on {best.worst.instance} (" in drawn[2] and "within" in drawn[3]


def test_gap_against_cpu_time_is_there_where_times_were_recorded(tmp_path: Path) -> None:
    fill(tmp_path, problem(tmp_path / "tests" / "wide", 12), 20, run="timed")
    with Store(tmp_path) as store, store._transaction() as db:
        times = "SELECT run, number, '', 0.1, 0.1 + number % 5 FROM candidates WHERE gap IS NOT NULL"
        db.execute(f"INSERT OR REPLACE INTO trials(run, number, idea, median, longest) {times}")
    store = Reader(tmp_path)
    page = render(store, gather(store, "timed"))
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert "Gap against CPU time" in Sound(page).text and len(drawn) == 5
    assert len(re.findall(r"<title>no\. \d+: [^<]* s</title>", drawn[1])) == sum(
        p.longest is not None for p in store.points("timed", store.mark("timed"))
    )
    assert "<title>limit: " in drawn[1]


def test_a_champion_scored_again_is_shown_beside_its_first_score(tmp_path: Path) -> None:
    loaded = problem(tmp_path / "tests" / "wide", 12)
    fill(tmp_path / "runs", loaded, 30, run="old")
    with Ledger(tmp_path / "runs") as ledger:
        run = ledger.run("old")
        report = ledger.report("old", run.champion, Split.VALIDATION)
    problem(tmp_path / "tests" / "wide", 12, title="Another question")
    changed = catalog.reload(tmp_path / "tests" / "wide")
    catalog.vouch(changed)
    assert report is not None and changed.version != run.version
    store = Reader(tmp_path / "runs")
    assert gather(store, "old").today is None
    with Ledger(tmp_path / "runs") as ledger:
        ledger.add_recheck("old", run.champion, changed.version, replace(report, gap=0.0125))
        ledger.add_recheck("old", run.champion, changed.version, replace(report, split=Split.TRAIN, status=Status.TIMEOUT))
    material = gather(store, "old")
    assert material.today is not None and material.today.comparison is not None and not material.comparisons
    said = " ".join(Sound(render(store, material)).text.split())
    assert f"again with version {changed.version}: {material.today.comparison} (better)." in said
    assert f"validation{percent(report.gap)}1.25%" in said.replace(" ", "") and "fails (timeout)" in said
