"""`evolve gallery` tells what ships and names what does not hold; `workbench.gallery` gives the functions to other code."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from workbench import gallery
from workbench.certificate import Seal
from workbench.model import Split
from workbench.problem import catalog, shipped
from workbench.problem.gap import mean_gap
from workbench.problem.shipped import Exhibit, exhibit

FIELDS = "slug name found_by verdict gap best_human reference openings attempts".split()
SHIPPED = shipped.names()


def known(slug: str) -> Exhibit:
    found = exhibit(slug)
    assert found is not None
    return found


QUICK = ("moe_placement/eplb", "moe_placement/prism", "scheduling/transactions", "knob_tuning/postgres")
"""Problems whose validation takes seconds at most."""
CHEAP = next((slug for slug in QUICK if not known(slug).stale(catalog.load(slug).version)), QUICK[0])
"""The first whose certificate is of today; that each is, other tests say."""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery with one heuristic, to change: its certificate."""
    place = tmp_path / "certified"
    place.mkdir()
    for path in known(CHEAP).files:
        shutil.copyfile(path, place / path.name)
    monkeypatch.setattr(shipped, "place", lambda: place)
    return shipped.path_of(CHEAP)


def test_the_list_says_what_certificates_and_references_say(evolve) -> None:  # noqa: F811
    told = json.loads(evolve("gallery", "--json")[1])
    assert [one["slug"] for one in told] == [slug for slug in catalog.slugs() if exhibit(slug)] != []
    out = evolve("gallery")[1]
    for one in told:
        found, loaded = known(one["slug"]), catalog.load(one["slug"])
        assert set(FIELDS) <= set(one) and one["slug"] in out and SHIPPED[one["name"]] == one["slug"]
        assert (one["verdict"], one["gap"], one["found_by"]) == (found.verdict, found.certificate.gaps[Split.TEST], found.found_by)
        best = min(mean_gap(loaded.references.families(b.name, Split.TEST)) for b in loaded.problem.baselines)
        assert one["stale"] or one["best_human"] == pytest.approx(best)
        assert one["reference"] == loaded.problem.bound


def test_one_is_shown_with_what_it_does_its_figures_and_its_use(evolve) -> None:  # noqa: F811
    found = known("routing/cloudcast")
    out = " ".join(evolve("gallery", "cloudcast")[1].split())
    for words in (
        found.certificate.reason,
        found.certificate.origin,
        "cloudcast(src, dsts, price, gbps, params)",
        str(found.module),
    ):
        assert " ".join(words.split()) in out
    told = json.loads(evolve("gallery", "routing/cloudcast", "--json")[1])
    assert told["certificate"] == found.certificate.to_json() and told["does"] in found.source
    refused(evolve("gallery", "cloudcats"), "'cloudcats'", "did you mean cloudcast")
    refused(evolve("gallery", "cloudcast", "prism"), "evolve gallery --check NAME NAME")


def seal_again(raw: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A certificate with other words, and all hashes made anew."""
    said = {**raw["certificate"], **changes}
    old = Seal.from_json(said.pop("seal"))
    said["seal"] = Seal.of(said, old.program, old.origin, old.record).with_module(old.module).to_json()
    return {**raw, "certificate": said}


def gaps(raw: dict[str, Any]) -> dict[str, Any]:
    found = raw["certificate"]["gaps"]
    return seal_again(raw, gaps={**found, "validation": found["validation"] / 2})


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], set[str]]] = {
    "nothing": (lambda raw: raw, set()),
    "a gap that is not reached, sealed again": (gaps, {"validation"}),
    "another version": (lambda raw: seal_again(raw, version="0123456789ab"), {"problem"}),
    "a verdict": (lambda raw: {**raw, "certificate": {**raw["certificate"], "verdict": "overfit"}}, {"evidence"}),
    "no seal": (lambda raw: {**raw, "certificate": {**raw["certificate"], "seal": None}}, {"seal"}),
    "no certificate": (lambda raw: {**raw, "certificate": {}}, {"certificate"}),
}


@pytest.mark.parametrize(("change", "parts"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_one_line_each_and_the_exit_code(evolve, copy: Path, change: Any, parts: set[str]) -> None:  # noqa: F811
    copy.write_text(json.dumps(change(json.loads(copy.read_text()))))
    code, out, err = evolve("gallery", "--check", "--json")
    told = json.loads(out)
    assert (code, told["checked"], {fault["part"] for fault in told["faults"]}) == (int(bool(parts)), [CHEAP], parts)
    assert f"checking {CHEAP}: 0/1" in err


def test_what_is_missing_is_a_fault_too_and_named_in_plain_words(evolve, copy: Path) -> None:  # noqa: F811
    copy.with_suffix(".py").unlink()
    code, out, _ = evolve("gallery", "--check", CHEAP)
    assert code == 1 and f"{CHEAP}: module does not hold:" in out and out.endswith("1 checked, 1 with faults\n")


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_a_function_or_class_for_other_code(name: str) -> None:
    found = getattr(gallery, name)
    assert found.__name__ == catalog.load(SHIPPED[name]).problem.entry and name in dir(gallery)
    assert getattr(gallery, name) is found is pickle.loads(pickle.dumps(found))


def test_other_processes_know_it_and_other_names_are_one_line_with_what_is_near(tmp_path: Path) -> None:
    from workbench.gallery import prism

    (tmp_path / "kept").write_bytes(pickle.dumps(prism))
    done = subprocess.run(
        [sys.executable, "-c", "import pickle; print(pickle.load(open('kept', 'rb'))(1, 80, []))"], cwd=tmp_path, check=True,
        capture_output=True, text=True, env={"PYTHONPATH": str(catalog.root())},
    )  # fmt: skip
    assert done.stdout == "[]\n"
    assert not hasattr(gallery, "prisms")
    with pytest.raises(ImportError, match="did you mean prism"):
        from workbench.gallery import prisms  # noqa: F401
    with pytest.raises(AttributeError, match="did you mean prism"):
        _ = gallery.prisms
