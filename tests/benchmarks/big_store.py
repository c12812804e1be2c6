"""A runs folder of any size, made through the store's own methods: what the dashboard is measured and tested on.

python -m tests.benchmarks.big_store RUNS [--candidates 10000] [--instances 40] [--state done|running|paused|failed|abandoned]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from pathlib import Path

from workbench.model import Call, Candidate, Instance, InstanceResult, Program, Prompt, Report, Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.problem.gap import family_gaps, mean_gap
from workbench.store import Origin, Store

TOY = Path(__file__).parent.parent / "toy"
MODELS = {"provider/large": 0.004, "provider/small": 0.0006}
"""Model and dollars a call."""
FAILED = (Status.CRASH, Status.TIMEOUT, Status.INFEASIBLE, Status.REJECTED, Status.LLM_ERROR)
_MESSAGES = {
    Status.CRASH: "instance train-3: ZeroDivisionError: division by zero (line 4)",
    Status.TIMEOUT: "instance train-1: more than 0.5 s",
    Status.INFEASIBLE: "instance train-0: f(3, 2) must be a number, not None",
    Status.REJECTED: "the same program as candidate 1",
    Status.LLM_ERROR: "the model did not answer in 60 s",
}


def problem(folder: Path, instances: int, *, title: str = "") -> catalog.LoadedProblem:
    """A copy of the toy problem with so many instances a split; its references are made up, its baselines keep their order.

    `title`, where given, is put into every text of the problem.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "programs").mkdir(exist_ok=True)
    for path in TOY.rglob("*"):
        if path.is_file() and path.suffix in (".py", ".md"):
            text = path.read_text().replace("range(6)", f"range({instances})").replace('slug="tests/curve"', 'slug="tests/wide"')
            if title:
                text = text.replace('title="Curve"', f"title={title!r}").replace('question="', f'question="{title}: ')
                text = text.replace("folklore", title).replace('"steep"', f'"steep {title}"')
            (folder / path.relative_to(TOY)).write_text(f"{text}\n{title}\n" if path.name == "statement.md" else text)
    rng = random.Random(0)
    splits = {
        split.value: {
            f"{split}-{k}": {"value": 10.0 + k % 3, "status": "optimal" if k % 4 else "bound", "solver": "made up", "seconds": 0.0,
                             "baselines": {"line": 16 + 3 * rng.random(), "square": 14 + 3 * rng.random()}}
            for k in range(instances)
        }
        for split in Split
    }  # fmt: skip
    (folder / "references.json").write_text(json.dumps({"format": 1, "splits": splits}))
    return catalog.load(folder)


def source(number: int) -> str:
    """A program that differs in a constant and a condition from others."""
    return (
        f'def f(x, a):\n    """Candidate {number}."""\n    slack = x - {number % 7}\n'
        f"    if slack > {number % 5}:\n        return a * x * {1 + number / 1000:.3f}\n"
        + "".join(f"    a = a + {k / 10} * x\n" for k in range(number * 7 % 11 * (number % 3)))
        + "    return a + x\n"
    )


def report(loaded: catalog.LoadedProblem, split: Split, level: float, rng: random.Random) -> Report:
    """A valid report whose gaps scatter around a level."""
    scale = loaded.references.scale(split)
    results = []
    for instance in loaded.instances(split):
        gap = max(0.0, level * rng.uniform(0.7, 1.3))
        objective = scale.value[instance.id] + gap * scale.unit[instance.family]
        results.append(InstanceResult(instance.id, instance.family, Status.OK, gap, objective, scale.value[instance.id], {}, "",
                                      0.001))  # fmt: skip
    families = family_gaps(results)
    return Report(split, Status.OK, mean_gap(families), families, tuple(results), "", rng.uniform(0.005, 0.05))


def failed(loaded: catalog.LoadedProblem, status: Status) -> Report:
    """A train report that ended at its first instance."""
    first: Instance = loaded.instances(Split.TRAIN)[0]
    result = InstanceResult(first.id, first.family, status, 2.0, None, 10.0, {}, _MESSAGES[status], 0.5)
    return Report(Split.TRAIN, status, 2.0, {first.family: 2.0}, (result,), _MESSAGES[status], 0.5)


def fill(
    runs: Path,
    loaded: catalog.LoadedProblem,
    candidates: int,
    *,
    run: str = "wide-1",
    state: str = "done",
    models: bool = True,
    title: str = "",
    message: str = "",
    seed: int = 0,
) -> str:
    """Write one run of so many candidates; `abandoned` leaves it as a killed process would.

    Returns
    -------
    The run's id.
    """
    rng = random.Random(seed)
    options = RunOptions(proposer="litellm" if models else "builtin", models=tuple(MODELS) if models else (),
                         candidates=max(1, candidates))  # fmt: skip
    with Store(runs) as store:
        store.create_run(
            run, problem=loaded.slug, folder=str(loaded.folder), version=loaded.version, options=options,
            proposer=title or (", ".join(MODELS) if models else "no LLM"), isolation="full",
        )  # fmt: skip
        best = 1.0
        valid = []
        for number in range(candidates + 2):
            level = max(0.04, 0.6 * 0.5 ** (number / max(20.0, candidates / 12))) * rng.uniform(1.0, 1.6)
            status = Status.OK if number < 2 or rng.random() > 0.2 else rng.choice(FAILED)
            program = None if status is Status.LLM_ERROR else Program(source(number), "f")
            operator = "seed" if number < 2 else rng.choice(("rewrite", "edit", "repair") if models else ("constant", "feature"))
            parents = () if number < 2 else (valid[-1 - min(len(valid) - 1, int(rng.expovariate(0.4)))],)
            found = report(loaded, Split.TRAIN, level, rng) if status is Status.OK else None
            if found is None and status not in (Status.REJECTED, Status.LLM_ERROR):
                found = failed(loaded, status)
            if models and number >= 2:
                model = rng.choice(tuple(MODELS))
                prompt = Prompt("You improve programs.", f"Improve candidate {parents[0]}.\n{source(parents[0])}")
                error = _MESSAGES[status] if status is Status.LLM_ERROR else ""
                call = Call(
                    model,
                    prompt,
                    program.source if program else "",
                    *((0, 0, None) if error else (900, 250, MODELS[model])),
                    2.0,
                    0,
                    error,
                )
                store.add_call(run, number, Origin(tuple(parents), number % 4), operator, call)
            ok = status is Status.OK and found is not None
            gap = found.gap if found is not None and ok else float("inf")
            candidate = Candidate(number, status, program, operator, parents, None if number < 2 else number % 4, gap,
                                  message=_MESSAGES.get(status, "program seed"))  # fmt: skip
            store.add_candidate(run, candidate, turn=number, report=found, fingerprint=f"print-{number}")
            if ok:
                valid.append(number)
                if gap < best:
                    best = gap
                    store.add_score(run, number, report(loaded, Split.VALIDATION, gap * 1.1, rng))
                    store.set_champion(run, number)
                    store.log(run, "improvement", f"candidate {number} ({operator}): train gap {gap:.3%}")
        if candidates > 10:
            store.acknowledge(
                store.send(run, "steer", json.dumps({"text": "look at the slack", "next": 20})), "goes into the prompts"
            )
        if state in ("done", "stopped", "failed"):
            store.end_run(run, state, message, candidates / 20)
        else:
            store.heartbeat(run, active_seconds=candidates / 20, status="paused" if state == "paused" else "running")
    catalog.vouch(loaded)  # as a real run does
    if state == "abandoned":
        _let_go(runs, run)
    return run


def _let_go(runs: Path, run: str) -> None:
    """Leave a run to a process that is long gone."""
    import subprocess
    import sys

    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with Store(runs) as store, store._transaction() as db:
        db.execute("UPDATE runs SET pid = ?, heartbeat = ? WHERE id = ?", (process.pid, time.time() - 3600, run))


def main() -> None:
    """Make a folder and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--instances", type=int, default=40)
    parser.add_argument("--state", default="done", choices=("done", "running", "paused", "failed", "abandoned", "stopped"))
    parser.add_argument("--run", default="wide-1")
    options = parser.parse_args()
    began = time.perf_counter()
    loaded = problem(options.runs / "problem", options.instances)
    fill(options.runs, loaded, options.candidates, run=options.run, state=options.state)
    size = sum(p.stat().st_size for p in options.runs.glob("evolve.db*")) / 1e6
    print(f"{options.candidates} candidates, {size:.0f} MB in {time.perf_counter() - began:.1f} s (process {os.getpid()})")


if __name__ == "__main__":
    main()
