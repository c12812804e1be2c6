"""What whoever proposes programs looks at first: a problem in full, and its programs; nothing of the held-out test set."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import workbench as wb
from tests.conftest import TOY
from tests.integration.test_cli import evolve, refused  # noqa: F401
from workbench.formatting import percent, points
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.problem.shipped import exhibit
from workbench.state import usage

SLUG = "scheduling/job_shop"
SEALED = (Split.TEST, Split.STRESS)


def test_a_program_is_printed_exactly_in_any_locale(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in [p for p in TOY.rglob("*") if p.is_file() and "__pycache__" not in p.parts]:
        (folder / path.relative_to(TOY)).parent.mkdir(exist_ok=True)
        (folder / path.relative_to(TOY)).write_bytes(path.read_bytes())
    text = '# größer – "x"\r\n' + (TOY / "programs/line.py").read_text().rstrip("\n")  # other line ends, and none at the end
    (folder / "programs/line.py").write_bytes(text.encode())
    done = subprocess.run(
        [sys.executable, "-m", "workbench.cli", "source", folder, "line"], capture_output=True, check=True, env={"LC_ALL": "C"}
    )
    assert done.stdout == text.encode()


def test_a_block_is_printed_as_the_whole_program_and_the_shipped_heuristic_as_it_was_found(evolve) -> None:  # noqa: F811
    loaded, found = catalog.load(SLUG), exhibit(SLUG)
    assert found is not None and (loaded.folder / "programs/seed_decent.block.py").is_file()
    assert evolve("source", "job_shop", "seed_decent")[1] == loaded.program("seed_decent").source
    assert evolve("source", "job_shop", "shipped")[1] == found.source == wb.source(SLUG, "shipped")
    told = json.loads(evolve("source", "job_shop", "tabu", "--json")[1])
    assert told == {"problem": SLUG, "name": "tabu", "kind": "baseline", "source": loaded.program("tabu").source}


def test_programs_are_listed_with_the_gaps_that_an_evaluation_gives(evolve) -> None:  # noqa: F811
    listed = {one["name"]: one for one in json.loads(evolve("source", TOY, "--list", "--json")[1])}
    kinds = {"line": "baseline", "square": "baseline", "seed": "initial program", "seed_line": "initial program"}
    assert {name: one["kind"] for name, one in listed.items()} == kinds
    assert usage.validation_uses("tests/curve", catalog.load(TOY).version).times == 0
    for name, one in listed.items():
        assert one["gaps"] == pytest.approx({s: wb.evaluate(TOY, name, s).gap for s in ("train", "validation")})
    row = next(line.split() for line in evolve("source", TOY, "--list")[1].splitlines() if line.startswith("seed_line"))
    assert row[-2:] == [percent(listed["seed_line"]["gaps"][s]) for s in ("train", "validation")]


def test_a_name_that_is_none_suggests_the_nearest(evolve) -> None:  # noqa: F811
    refused(evolve("source", "job_shop", "tabbu"), "tabbu", "did you mean tabu", "shipped")
    refused(evolve("source", TOY, "shipped"), "no program 'shipped'", "line, seed")
    refused(evolve("source", "job_shop"), "evolve source scheduling/job_shop --list")


def test_a_problem_in_full_has_what_a_proposer_needs(evolve) -> None:  # noqa: F811
    loaded = catalog.load(SLUG)
    told = json.loads(evolve("problems", "job_shop", "--json")[1])
    assert told["statement"] == loaded.statement and told["hints"] == list(loaded.hints)
    assert told["contract"].startswith(f"def {loaded.problem.entry}(") and "Returns" in told["contract"]
    assert told["limits"]["seconds"] == loaded.problem.limits.seconds and "numpy" in told["modules"]
    assert told["robustness"] == dict(loaded.robustness) != {}
    train = loaded.instances(Split.TRAIN)
    assert told["splits"]["train"]["instances"] == len(train) and told["splits"]["train"]["classes"] == len(
        {i.family for i in train}
    )
    assert all(s["smallest"] <= s["median"] <= s["largest"] > 0 for s in told["splits"].values())
    assert [b["name"] for b in told["baselines"]] == [name for name, _ in loaded.references.ranking]
    for baseline in told["baselines"]:
        for split in (Split.TRAIN, Split.VALIDATION):
            families = loaded.references.families(baseline["name"], split)
            assert baseline["gaps"][split] == {"mean": mean_gap(families), "classes": families}
    shown = evolve("problems", "job_shop")[1]
    assert told["contract"] in shown and all(words in shown for words in told["robustness"].values())


@pytest.mark.parametrize("words", [("problems", SLUG), ("problems", SLUG, "--json"), ("problems", "--json"), ("problems",)])
def test_nothing_of_the_sealed_splits_is_shown(evolve, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:  # noqa: F811
    loaded, found = catalog.load(SLUG), exhibit(SLUG)
    assert found is not None
    marked = replace(
        found.certificate,
        gaps={**found.certificate.gaps, Split.TEST: 0.123454321, Split.STRESS: 0.234565432},
        reason="closest on test: a figure",
        starts=(replace(next(c for c in found.certificate.comparisons if c.split is Split.TEST), baseline="secret_start"),),
    )
    monkeypatch.setattr("workbench.cli.problems.exhibit", lambda name: replace(found, certificate=marked))
    out = evolve(*words)[1]
    figures = [mean_gap(loaded.references.families(b.name, s)) for b in loaded.problem.baselines for s in SEALED]
    figures += [marked.gaps[s] for s in SEALED] + [c.difference.mean for c in marked.comparisons if c.split is Split.TEST]
    shown = {repr(gap) for gap in figures} | {percent(gap) for gap in figures[-2:]} | {points(gap) for gap in figures}
    assert not [text for text in shown if text in out]
    assert "secret_start" not in out and marked.reason not in out
    known = {i.id for s in SEALED for i in loaded.instances(s)} | {i.family for i in loaded.instances(Split.STRESS)}
    assert not known & set(re.findall(r"[\w-]+", out)) - set(loaded.robustness) - {i.family for i in loaded.instances(Split.TRAIN)}


def test_a_train_instance_is_printed_and_none_of_another_split(evolve) -> None:  # noqa: F811
    loaded = catalog.load(SLUG)
    one = loaded.instances(Split.TRAIN)[0]
    told = json.loads(evolve("problems", SLUG, "--instance", one.id)[1])
    assert told == {
        "id": one.id, "family": one.family, "reference": loaded.references.reference(Split.TRAIN, one.id).value, "data": one.data,
    }  # fmt: skip
    train = {other.id for other in loaded.instances(Split.TRAIN)}
    for split in (Split.VALIDATION, Split.TEST, Split.STRESS):
        name = loaded.instances(split)[0].id
        found = evolve("problems", SLUG, "--instance", name)
        refused(found, f"train of {SLUG} has no instance {name!r}")
        assert {word for word in re.findall(r"[\w/.-]+", found[2].partition("for example")[2]) if word in train}
    refused(evolve("problems", "--instance", "x"), "evolve problems PROBLEM --instance NAME")


def test_a_problem_names_no_place_that_whoever_proposes_may_not_read(evolve) -> None:  # noqa: F811
    out = evolve("problems", SLUG)[1]
    assert "gallery" not in out and f"evolve source {SLUG} shipped" in out


def test_precheck_says_what_passed_and_failed_and_counts_as_a_use_of_validation(evolve, tmp_path: Path) -> None:  # noqa: F811
    code, out, _ = evolve("precheck", "line", "--problem", TOY, "--json")
    told = json.loads(out)
    assert code == 1 and told["passed"] is False and told["validation_uses"] == 1
    words = {check["name"]: check["word"] for check in told["checks"]}
    assert words["validation: line"] == words["consistency"] == "failed" and words["train: answers"] == "passed"
    assert words["metamorphic"] == "not judged" and words["determinism"] == "passed"
    assert told["gaps"] == pytest.approx({s: wb.evaluate(TOY, "line", s).gap for s in ("train", "validation")})
    better = tmp_path / "better.py"
    better.write_text("def f(x, a):\n    return a * x * x + x\n")
    code, out, _ = evolve("precheck", TOY, better)
    assert code == 0 and "0 failed" in out and "validation was used 3 times, for 2 programs" in " ".join(out.split())
    assert len(evolve("precheck", better, "--problem", TOY, "--json")[1].splitlines()) == 1
    refused(evolve("precheck", TOY, "nobody.py"), "no file nobody.py")
    assert usage.test_programs("tests/curve", catalog.load(TOY).version) == frozenset()


@pytest.mark.parametrize("words", [("precheck",), ("tune",), ("certify",), ("export", "--out", "x.py")])
def test_problem_and_file_are_given_once_each(evolve, words: tuple[str, ...]) -> None:  # noqa: F811
    command, *more = words
    refused(evolve(command, TOY, "my.py", "--problem", TOY, *more), "the problem is given twice", f"{command} PROBLEM FILE")
    refused(evolve(command, "my.py", *more), "problem")
    for given in ((TOY, "nobody.py"), ("nobody.py", "--problem", TOY)):
        refused(evolve(command, *given, *more), "nobody.py")
