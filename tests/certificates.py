"""Makes the certificates that ship in runs/gallery/certified.

python -m tests.certificates [SLUG ...] [--runs FOLDER | --file FILE --found-by 'agent NAME' | --seconds]

For each problem (all of them if none is named) the program that ships is put to `evolve certify --meter` again and exported, with
what is known of how it was found. Where none ships, or with `--runs`, it is the champion with the least validation gap of the runs
in FOLDER, or of one that is made there with the built-in operators from the decent starting program; with `--file`, a program that
no run made, whose author `--found-by` names. The verdict is kept whatever it is. How long an evaluation of the decent starting
program takes is measured where no certificate ships yet; `--seconds` measures it again, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from workbench.analysis.finders import finder_of_text
from workbench.certificate import Finder, FinderKind
from workbench.model import Program, Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.shipped import FORMAT, Found, exhibit, path_of
from workbench.program.source import identity, screen
from workbench.state import usage
from workbench.store import Ledger, RunSummary

ATTEMPTS, SEED, START = 200, 0, "seed_decent"
WORDS = {FinderKind.PERSON: "person", FinderKind.AGENT: "agent ", FinderKind.MODEL: "model ", FinderKind.OPERATORS: "operators"}
"""How the command line names finders."""
TIMES = 5
"""Evaluations of which the quickest is told."""


class Choice(NamedTuple):
    """A program to certify, how it was found, and how the command line names it and its finder."""

    program: Program
    found: Found
    what: list[Any]
    said: list[str]


def evolve(*words: str | int | Path) -> Any:
    """A command of the command line; its JSON."""
    command = [sys.executable, "-m", "workbench.cli", *map(str, words), "--json"]
    done = subprocess.run(command, cwd=catalog.root(), check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def best(loaded: LoadedProblem, runs: Path) -> RunSummary | None:
    """The run of this version whose champion has the least validation gap."""
    with Ledger(runs) as store:
        rows = [row for row in store.runs() if (row.problem, row.version) == (loaded.slug, loaded.version)]
    scored = [(row.validation_gap, row.id, row) for row in rows if row.validation_gap is not None]
    return min(scored, key=lambda one: one[:2])[2] if scored else None


def make(loaded: LoadedProblem, runs: Path, attempts: int, choice: Choice | None) -> dict[str, Any]:
    """Find, certify, export, put in place; returns what was written."""
    if choice is None:
        choice = searched(loaded, runs, attempts)
    before = exhibit(loaded.slug)
    carry_over(loaded)
    evolve("certify", *choice.what, *choice.said, "--meter", "--runs", runs)
    path = path_of(loaded.slug)
    made = {
        "format": FORMAT, "problem": loaded.slug, "version": loaded.version, "made": datetime.now(UTC).date().isoformat(),
        "run": choice.found.to_json(), "seconds": before.seconds if before else seconds(loaded.slug),
        "source": choice.program.source, "certificate": export(choice.what, runs, path),
    }  # fmt: skip
    write(path, made)
    return made


def searched(loaded: LoadedProblem, runs: Path, attempts: int) -> Choice:
    """The best program of the runs in a folder; one is made there if there is none."""
    if best(loaded, runs) is None:
        evolve("run", loaded.slug, "--proposer", "builtin", "-n", attempts, "--seed", SEED, "--from", START, "--runs", runs)
    row = best(loaded, runs)
    assert row is not None and row.champion is not None, "a run that ended has a champion"
    with Ledger(runs) as store:
        chosen = store.candidate(row.id, row.champion).program
    assert chosen
    options = row.options
    found = Found(row.proposer, row.attempts, options.seed, options.seeds or loaded.problem.seeds, row.champion)
    return Choice(chosen, found, [row.id], [])


def written(loaded: LoadedProblem, file: Path, author: str) -> Choice:
    """A program that lies in a file."""
    program = screen(file.read_text(), loaded.problem.entry, loaded.problem.modules)
    found = Found(str(Finder.parse(author)), 0, None, (), 0)
    return Choice(program, found, [file, "--problem", loaded.slug], ["--found-by", author])


def again(loaded: LoadedProblem, folder: Path) -> Choice | None:
    """The program that ships, in a file; None if there is none."""
    before = exhibit(loaded.slug)
    if before is None:
        return None
    file = folder / f"{loaded.slug.partition('/')[2]}.py"
    file.write_text(before.source)
    program = screen(before.source, loaded.problem.entry, loaded.problem.modules)
    known = finder_of_text(loaded, before.source)
    said = [] if known.kind is not FinderKind.UNKNOWN else ["--found-by", WORDS[before.finder.kind] + before.finder.name]
    return Choice(program, before.found, [file, "--problem", loaded.slug], said)


def export(what: list[Any], runs: Path, path: Path) -> Any:
    """Put the module, and what lies beside it, in place; returns its certificate, sealed with the module's hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made = evolve("export", *what, "--runs", runs, "--out", Path(folder) / f"{path.stem}.py")
        files = {Path(name).name: Path(name) for name in made["files"]}
        for name in (f"{path.stem}.py", f"{path.stem}.cases.json"):
            path.with_name(name).unlink(missing_ok=True)
            if name in files:
                shutil.copyfile(files[name], path.with_name(name))
    return made["certificate"]


def seconds(slug: str) -> float:
    """Seconds that all of train takes the decent starting program, on a machine that does nothing else: the least of several."""
    return round(min(float(evolve("eval", slug, START, "--split", "train")["seconds"]) for _ in range(TIMES)), 3)


def write(path: Path, made: dict[str, Any]) -> None:
    """Put a certificate in its place."""
    path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def carry_over(loaded: LoadedProblem) -> None:
    """Count, on this machine, the accesses to the test set that the certificate which ships already tells of.

    Those of an earlier version of the problem count too: most new versions keep their test instances.
    """
    before = exhibit(loaded.slug)
    if before is None or before.certificate.opening is None:
        return
    own = identity(Program(before.source, loaded.problem.entry))
    counted = usage.test_programs(loaded.slug, loaded.version) | {own}
    others = [f"{loaded.slug} gallery {k}" for k in range(len(counted), before.certificate.opening.count)]  # without their texts
    use = usage.Use(loaded.slug, loaded.version, own, "gallery")
    usage.carry_over(use, loaded.hashes(Split.TEST), [own, *others])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slugs", nargs="*", metavar="SLUG")
    parser.add_argument("--runs", type=Path, help="runs to choose from; one that is missing is made there")
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--file", type=Path, help="a program that no run made, for the one problem named")
    parser.add_argument("--found-by", default="person", help="who wrote it: person, 'agent NAME' or 'model NAME'")
    parser.add_argument("--seconds", action="store_true", help="measure the seconds of an evaluation again, no more")
    options = parser.parse_args()
    if options.file and len(options.slugs) != 1:
        parser.error("--file goes with one problem")
    slugs = options.slugs or catalog.slugs()
    if options.seconds:
        for slug in slugs:
            made = json.loads(path_of(slug).read_text())
            made["seconds"] = seconds(slug)
            write(path_of(slug), made)
            print(f"{slug}: {made['seconds']} s", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        for slug in slugs:
            loaded, began = catalog.load(slug), time.perf_counter()
            if options.file:
                choice: Choice | None = written(loaded, options.file, options.found_by)
            else:
                choice = None if options.runs else again(loaded, Path(folder))
            found = make(loaded, options.runs or Path(folder), options.attempts, choice)["certificate"]
            took = f"{found['seconds']:.0f} s of {time.perf_counter() - began:.0f} s"
            print(f"{slug}: {found['verdict']} ({took}): {found['reason']}", flush=True)


if __name__ == "__main__":
    main()
