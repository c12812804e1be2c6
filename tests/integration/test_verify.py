"""`evolve verify`: each part of a certificate that was changed is named, and nothing is run to find out."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.conftest import TOY
from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from tests.integration.test_second_look import made
from workbench.api.verifying import Verification
from workbench.certificate import Seal
from workbench.errors import UsageError
from workbench.problem import catalog
from workbench.store import FILE, Ledger

MODULE, CASES, CERTIFICATE = "rule.py", "rule.cases.json", "rule.certificate.json"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, its best candidate as a module with large cases, and the certificate."""
    folder = tmp_path_factory.mktemp("exported")
    run = made(TOY, folder / "runs")
    wb.certify(run, runs=folder / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.exporting.module._INLINE", 0)
        wb.export(run, folder / MODULE, runs=folder / "runs")
    return folder


@pytest.fixture
def here(exported: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(exported, tmp_path / "here"))


def check(folder: Path, name: str = MODULE, **options: Any) -> Verification:
    return wb.verify(folder / name, **{"problem": TOY, "runs": folder / "runs", **options})


def failed(found: Verification) -> set[str]:
    return {finding.name for finding in found.findings if finding.holds is False}


@pytest.mark.parametrize("name", [MODULE, CERTIFICATE])
def test_what_was_exported_holds_in_all_its_parts(here: Path, name: str) -> None:
    found = check(here, name, rescore=True)
    assert found.holds
    assert [f.name for f in found.findings if f.holds] == [
        "program", "module", "cases", "problem", "evidence", "record", "seal", "validation",
    ]  # fmt: skip


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def on_record(statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with sqlite3.connect(folder / "runs" / FILE) as database:
            database.execute(statement)
        database.close()

    return change


def seal_again(folder: Path, **changes: Any) -> None:
    """What whoever can edit everything does: other words, and all hashes made anew."""
    path = folder / CERTIFICATE
    raw = json.loads(path.read_text())
    old = Seal.from_json(raw.pop("seal"))
    raw |= changes
    seal = Seal.of(raw, old.program, old.origin, old.record).with_module(old.module)
    path.write_text(json.dumps({**raw, "seal": seal.to_json()}))


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "a constant of the program": (swap(MODULE, "\nslope = ", "\nslope = 1 + "), {"program", "module"}),
    "a blank line of the program": (swap(MODULE, "\nslope = ", "\n\nslope = "), {"program", "module"}),
    "words of the module": (swap(MODULE, "# Found by: ", "# Found by: Ada; "), {"module"}),
    "a recorded answer": (swap(CASES, '"total": 3', '"total": 4'), {"cases"}),
    "the verdict": (swap(CERTIFICATE, '"verdict": "', '"verdict": "not better", "was": "'), {"evidence"}),
    "a field that no version knows": (swap(CERTIFICATE, '"reason": ', '"award": 1, "reason": '), {"evidence"}),
    "the version": (swap(CERTIFICATE, '"version": "', '"version": "0'), {"evidence", "seal"}),
    "where it comes from": (swap(CERTIFICATE, '"record": "', '"record": "0'), {"record", "seal"}),
    "the record of the attempt": (on_record("UPDATE candidates SET gap = gap / 2"), {"record"}),
    "the seal": (swap(CERTIFICATE, '"whole": "', '"whole": "0'), {"seal"}),
    "a seal taken off": (swap(CERTIFICATE, '"seal"', '"steal"'), {"seal"}),
    "a certificate taken away": (lambda folder: (folder / CERTIFICATE).unlink(), set()),
}  # fmt: skip


@pytest.mark.parametrize(("change", "wrong"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_named(here: Path, change: Callable[[Path], None], wrong: set[str]) -> None:
    change(here)
    found = check(here)
    assert failed(found) == wrong and found.holds == (not wrong)


def test_without_its_certificate_a_module_is_compared_with_that_of_the_runs_folder(here: Path) -> None:
    (here / CERTIFICATE).unlink()
    found = {f.name: f for f in check(here).findings}
    assert found["program"].holds and found["module"].holds is None and "from before the export" in found["module"].line


def test_where_there_is_no_certificate_that_is_said(evolve, here: Path, tmp_path: Path) -> None:  # noqa: F811
    (here / CERTIFICATE).unlink()
    code, out, err = evolve("verify", here / MODULE, "--runs", tmp_path / "none")
    assert code == 2 and "there is no certificate of" in err and "does not hold" not in out + err


def test_what_is_not_here_is_not_judged(here: Path) -> None:
    (here / MODULE).unlink()
    found = check(here, CERTIFICATE, problem=None, runs=here / "nowhere", rescore=True)
    assert found.holds
    assert {f.name for f in found.findings if f.holds is None} == {"program", "module", "problem", "record", "validation"}


def test_a_certificate_that_was_sealed_again_shows_only_when_it_is_scored_again(here: Path) -> None:
    raw = json.loads((here / CERTIFICATE).read_text())
    seal_again(here, verdict="certified", gaps={**raw["gaps"], "validation": raw["gaps"]["validation"] / 2})
    assert check(here).holds, "no seal proves who made it"
    assert failed(check(here, rescore=True)) == {"validation"}


def test_another_version_of_the_problem_is_named(here: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(TOY, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")))
    (mine / "statement.md").write_text("Another question.")
    found = check(here, problem=catalog.reload(mine), rescore=True)
    assert failed(found) == {"problem"} and {f.name: f.holds for f in found.findings}["validation"] is None


def test_no_word_of_a_certificate_is_run(here: Path, tmp_path: Path) -> None:
    evil = Path(shutil.copytree(TOY, tmp_path / "evil", ignore=shutil.ignore_patterns("__pycache__")))
    (evil / "problem.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (here / MODULE).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n" + (here / MODULE).read_text())
    for problem in (str(evil), "\x1b[2J", "../evil"):
        seal_again(here, problem=problem)
        found = check(here, problem=None)
        assert {f.name: f.holds for f in found.findings}["problem"] is None and failed(found) == {"module"}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.json", "{", "is not a certificate"),
        ("x.json", "[" * 100_000, "is not a certificate"),
        ("x.json", "[]", "is not a certificate"),
        ("x.json", '{"verdict": "certified"', "is not a certificate"),
        ("x.py", b"\xff", "is not a Python module"),
        ("x.json", " " * 5_000_000, "has more than"),
    ],
)
def test_other_files_are_one_clear_line(tmp_path: Path, name: str, content: str | bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=words):
        wb.verify(tmp_path / name, runs=tmp_path)


def test_half_a_certificate_does_not_hold(tmp_path: Path) -> None:
    for text in ('{"verdict": "certified"}', '{"verdict": "x", "certificate": {"verdict": []}}'):
        (tmp_path / "x.json").write_text(text)
        assert failed(wb.verify(tmp_path / "x.json", runs=tmp_path)) == {"certificate"}


def test_the_command_says_it_in_plain_lines_and_by_its_exit_code(evolve, here: Path) -> None:  # noqa: F811
    words = ("--problem", TOY, "--runs", here / "runs")
    code, out, _ = evolve("verify", here / MODULE, *words)
    assert code == 0 and "nothing contradicts it" in out and out.count("holds") >= 7
    code, out, _ = evolve("verify", here / MODULE, *words, "--rescore", "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0 and told["holds"] and told["findings"][-1]["name"] == "validation"
    seal_again(here, problem="\x1b[2J\nseal  holds")
    (here / MODULE).write_text((here / MODULE).read_text() + "# more\n")
    code, out, _ = evolve("verify", here / CERTIFICATE, "--runs", here / "runs")
    assert code == 1 and "DOES NOT HOLD" in out and "\x1b[2J" not in out
    refused(evolve("verify", here / "nothing.py"), "no file")


def test_a_file_with_the_text_of_an_attempt_is_that_attempt(here: Path) -> None:
    with Ledger(here / "runs", write=False) as store:
        run = store.runs()[0]
        program = store.candidate(run.id, run.champion).program
    assert program and run.champion is not None
    (here / "mine.py").write_text(program.source)
    told = wb.certify(here / "mine.py", problem=TOY, runs=here / "runs")
    assert told.seal and told.seal.origin == f"{run.id}:{run.champion}" and check(here, "mine.py").holds
    other = here / "other.py"
    other.write_text(f"{program.source}# mine\n")
    told = wb.certify(other, problem=TOY, runs=here / "runs")
    assert told.seal and told.seal.origin == "file other.py"
    found = {f.name: f.holds for f in check(here, "other.py").findings}
    assert found["record"] and found["program"] and found["seal"]


def test_what_behaves_otherwise_elsewhere_leaves_no_file(evolve, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "home.py").write_text("def f(x, a):\n    return x * (a if __name__ == 'candidate' else 1)\n")
    words = ("--problem", TOY, "--runs", tmp_path, "--out", tmp_path / MODULE)
    refused(evolve("export", tmp_path / "home.py", *words), "nothing was written", "hash seed")
    assert not list(tmp_path.glob("*rule*"))
