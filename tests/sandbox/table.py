"""The table of attacks in SECURITY.md: every attack in isolation and in a scorer's own process, as they come out here."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.sandbox.attacks import ATTACKS, is_stopped, try_it
from tests.sandbox.cheats import CHEATS, judged, trusting
from tests.sandbox.scorer import CANARY, try_in_process
from tests.unit.toy import function_problem
from workbench.model import Split, Status
from workbench.sandbox import open_sandbox

SECURITY = Path(__file__).resolve().parents[2] / "SECURITY.md"
ENDED = {Status.OK: "harmless", Status.CRASH: "blocked"}
"""What the table says instead of a status."""
START, END = "<!-- attacks -->", "<!-- end of attacks -->"


def run_all(*, in_process: bool) -> dict[str, dict[str, Any]]:
    """Run all attacks at full isolation as the user that we are, and if asked for in a scorer's own process as well."""
    os.environ[CANARY] = "sk-canary"
    sandbox = open_sandbox(isolation="full")
    results = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "target"
        folder.mkdir()
        (folder / "precious").touch()
        for name, attack in ATTACKS.items():
            if attack.applies():
                target = {"folder": str(folder), "host": os.getpid(), "jobs": [1]}
                status, answer = try_it(sandbox, attack, target)
                results[name] = {"stopped": is_stopped(attack, status, answer), "status": status.value, "told": str(answer)[:200]}
                if in_process:
                    results[name]["in_process"] = try_in_process(attack.program.source, folder)
        problem = function_problem(Path(place) / "ordering")
        for name, cheat in CHEATS.items():
            status, least = judged(cheat, problem, sandbox)
            results[name] = {"stopped": status is cheat.ends and least >= 0, "status": status.value, "told": f"gap {least:.3f}"}
            if in_process:
                results[name]["in_process"] = trusting(cheat, problem.instances(Split.TRAIN)[8].data)
    sandbox.close()
    return results


def as_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The results for SECURITY.md."""
    lines = ["| attack | isolated | in the scorer's own process |", "|---|---|---|"]
    for name, result in results.items():
        ended = ENDED.get(Status(result["status"]), result["status"])
        beside = f"nothing: {ATTACKS[name].alone}" if name in ATTACKS and ATTACKS[name].alone else result["in_process"] or "nothing"
        lines.append(f"| {name} | {ended if result['stopped'] else 'WINS'} | {beside} |")
    return "\n".join(lines)


def published() -> list[tuple[str, str, str]]:
    """Rows of the table in SECURITY.md."""
    table = SECURITY.read_text().partition(START)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.strip().splitlines()[2:]]
    return [(name, ended, beside) for name, ended, beside in rows]


def main() -> None:
    """Run them; with --write the table in SECURITY.md is written again."""
    write = "--write" in sys.argv
    results = run_all(in_process=write)
    if write:
        before, mark, rest = SECURITY.read_text().partition(START)
        SECURITY.write_text(f"{before}{mark}\n{as_table(results)}\n{END}{rest.partition(END)[2]}")
    sys.stdout.write(json.dumps({"uid": os.geteuid(), "results": results}) + "\n")
