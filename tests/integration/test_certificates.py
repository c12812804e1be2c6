"""The certificates that ship: one for every problem but new ones, of its version, of a program that scores what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import workbench as wb
from tests.integration.test_cli import evolve  # noqa: F401 (a fixture)
from workbench.certificate import Finder, FinderKind
from workbench.certification.verdict import ELSEWHERE
from workbench.errors import ProblemError
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem import shipped as gallery
from workbench.problem.shipped import MAKE, Exhibit, exhibit

IN_CHECKOUT = [slug for slug in catalog.slugs() if (catalog.root() / "problems" / slug / "references.json").is_file()]
NOT_YET = [
    "caching/llm_sql",
    "caching/semantic_cache",
    "knob_tuning/plan_search",
    "load_balancing/spot_multi_region",
    "scheduling/agent_dag",
]
"""New problems, for which no certificate has been made."""
SLUGS = [slug for slug in IN_CHECKOUT if slug not in NOT_YET]


def shipped(slug: str) -> Exhibit:
    found = exhibit(slug)
    assert found is not None, f"{slug} has no certificate yet; make one: {MAKE} {slug}"
    return found


def test_every_problem_has_one_but_those_that_are_named() -> None:
    assert [slug for slug in IN_CHECKOUT if exhibit(slug) is None] == NOT_YET


def test_a_problem_without_one_says_so(evolve) -> None:  # noqa: F811
    assert "best here: not certified yet" in evolve("problems", NOT_YET[0])[1]
    assert "not certified yet" in next(row for row in evolve("problems")[1].splitlines() if NOT_YET[0].partition("/")[2] in row)


@pytest.mark.parametrize("slug", SLUGS)
def test_each_certificate_is_whole_and_its_verdict_follows_from_its_checks(slug: str) -> None:
    found, loaded = shipped(slug), catalog.load(slug)
    evidence = found.certificate
    assert evidence.to_json() == json.loads(gallery.path_of(slug).read_text())["certificate"], "nothing of it is lost"
    assert (evidence.problem, evidence.version, evidence.isolation) == (slug, found.version, "full")
    assert {c.baseline for c in evidence.comparisons if c.split is Split.TEST} == {b.name for b in loaded.problem.baselines}
    wins = all(c.better for c in evidence.comparisons if c.split is Split.TEST)
    kinds = ("instances", "answers", "stress", "determinism", "growth", "constants", "reach", *ELSEWHERE)
    sound = [c for c in evidence.checks if c.kind in kinds and "does not apply" not in c.line]
    assert len({c.kind for c in sound}) >= 5
    assert (found.verdict == "certified") == (wins and all(c.passed for c in sound))
    broken = next((c for c in evidence.checks if c.kind in kinds and c.passed is False), None)
    assert (found.verdict == "fragile") == (wins and broken is not None and broken.kind not in ELSEWHERE)
    assert evidence.opening and evidence.opening.count >= 1 and evidence.reason


@pytest.mark.parametrize("slug", SLUGS)
def test_its_module_checks_itself_and_says_the_same(slug: str) -> None:
    found = shipped(slug)
    done = subprocess.run([sys.executable, str(found.module)], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0 and done.stdout.startswith("ok"), done.stdout + done.stderr
    words = found.module.read_text()
    assert f'"verdict": "{found.verdict}"' in words and found.version in words
    assert str(Path.home()) not in words or str(Path.home()) == "/"


LONG = ("routing/vehicle", "scheduling/job_shop", "load_balancing/spot_deadline", "load_balancing/gpu_cluster")
"""Problems on whose validation the program that ships takes 20 s or more: `evolve gallery --check` scores it."""


@pytest.mark.parametrize("slug", SLUGS)
def test_its_seal_holds_and_its_program_scores_what_it_says(slug: str) -> None:
    assert not (stale := shipped(slug).stale(catalog.load(slug).version)), stale
    told = wb.verify(slug, rescore=slug not in LONG)
    assert told.holds, [f.line for f in told.findings if f.holds is False]
    named = {"program", "module", "problem", "evidence", "seal"} | ({"validation"} if slug not in LONG else set())
    assert {f.name for f in told.findings if f.holds} >= named


def test_better_programs_on_two_problems_are_certified_and_tell_which_cheats_were_rejected() -> None:
    found = {slug: one.certificate for slug in SLUGS if (one := exhibit(slug)) and one.verdict == "certified"}
    metered = {slug: evidence for slug, evidence in found.items() if evidence.cheats}
    assert len(metered) >= 2, "a certificate that no program gets, or any, proves nothing"
    for slug, evidence in metered.items():
        judged = [outcome for _, outcome, _ in evidence.cheats if outcome in ("rejected", "not rejected")]
        assert len(evidence.cheats) == 6 and judged.count("rejected") >= max(2, len(judged) - 1), f"{slug}: {evidence.cheats}"


def test_a_certificate_of_another_version_says_so_and_how_to_mend_it(evolve, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    slug = "scheduling/total_tardiness"
    found = replace(shipped(slug), version=catalog.load(slug).version)
    old = replace(found, version="0123456789ab")
    assert f"recreate it with: {MAKE} {slug}" in old.stale(found.version) and found.stale(found.version) == ""
    monkeypatch.setattr("workbench.cli.problems.exhibit", lambda name: old if name == slug else None)
    told = {one["slug"]: one["found"] for one in json.loads(evolve("problems", "--json")[1])}
    assert told[slug]["verdict"] == found.verdict and MAKE in told[slug]["stale"]
    assert f"certified for version 0123456789ab, now {found.version}" in " ".join(evolve("problems", slug)[1].split())
    assert "* certified for an earlier version" in " ".join(evolve("problems")[1].split())


def test_an_initial_program_that_ships_is_not_told_as_found_by_a_search() -> None:
    found = shipped("routing/vehicle")
    found = replace(found, found=replace(found.found, attempts=200, champion=0))
    for kind, words in (
        (FinderKind.OPERATORS, "AST mutation operators, 200 candidates"),
        (FinderKind.PERSON, "a person: the initial program, to which 200 candidates added nothing"),
    ):
        assert replace(found, certificate=replace(found.certificate, finder=Finder(kind))).found_by == words


def test_problems_show_the_verdict(evolve, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    slug = "scheduling/total_tardiness"
    found = replace(shipped(slug), version=catalog.load(slug).version)
    monkeypatch.setattr("workbench.cli.problems.exhibit", lambda name: found if name == slug else None)
    out = evolve("problems", found.problem)[1]
    assert (
        f"verdict: {found.verdict.words}" in out
        and f"found by: {found.found_by}" in out
        and f"evolve source {slug} shipped" in out
        and "certified for version" not in out
    )


def test_a_broken_file_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "place", lambda: tmp_path)
    assert exhibit("a/b") is None
    for text in (
        "{",
        "[]",
        '{"format": 7, "problem": "a/b"}',
        '{"format": 1, "problem": "a/c"}',
        '{"format": 1, "problem": "a/b"}',
    ):
        gallery.path_of("a/b").write_text(text)
        with pytest.raises(ProblemError, match=r"is not a valid certificate .*recreate it with"):
            exhibit("a/b")
