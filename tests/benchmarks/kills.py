"""Kills the parts of a run at random moments and looks whether anything is lost, left behind or different in the end.

python -m tests.benchmarks.kills [--times 200] [--seed 0] [--json]

Each kill (`kill -9`) takes the host, an evaluation worker, a zygote, the process that calls models, or the dashboard's server,
all equally often, at a random moment of the first two seconds after the part is there.
After it all that was acknowledged is still there, nothing below the killed process lives, the database passes its integrity
check, and the run goes on (a killed host is resumed). Runs of the built-in operators must end equal to an undisturbed run of the
same seed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.benchmarks.overhead import instant_model
from tests.integration.silent import trace
from workbench.errors import WorkbenchError
from workbench.store import FILE, Store

ROOT = Path(__file__).parent.parent.parent
ATTEMPTS = 400
PATIENCE = 60.0
"""Seconds in which a part of a run must appear on a busy machine."""
TARGETS = ("host", "worker", "zygote", "gateway", "ui")
_MARKS = {"worker": "workbench.evaluation.worker", "zygote": "sandbox", "gateway": "proposers.gateway"}


def below(pid: int) -> dict[int, str]:
    """Command lines of all processes below one."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = {}, [pid]
    while queue:
        for child in children.get(queue.pop(), ()):
            queue.append(child)
            try:
                found[child] = (Path("/proc") / str(child) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Victim:
    """One run in a folder of its own: begun, killed, resumed until it is done."""

    def __init__(self, folder: Path, seed: int, address: str | None) -> None:
        self.runs, self.with_model = folder, address is not None
        self.log = folder.with_suffix(".log")
        proposer = ["litellm", "--model", "instant", "--api-base", address] if address else ["builtin"]
        self._command = ["run", "tests/toy", "-n", str(ATTEMPTS), "--seed", str(seed), "--proposer", *proposer]
        self._start(*self._command)

    def _start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "workbench.cli", *arguments, "--runs", str(self.runs), "--json"]
        with self.log.open("ab") as log:
            self.host = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def acknowledged(self) -> set[tuple[Any, ...]]:
        """What a reader sees: it must never be seen to be gone."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.runs / FILE}?mode=ro", uri=True, timeout=30)) as db:
                return set(db.execute("SELECT number, status, source, gap FROM candidates"))
        except sqlite3.OperationalError:  # not made yet
            return set()

    def part(self, target: str, rng: random.Random) -> int | None:
        """Process id of one part of that name, if there is one now."""
        if target == "host":
            return self.host.pid
        found = sorted(pid for pid, command in below(self.host.pid).items() if _MARKS[target] in command)
        return rng.choice(found) if found else None

    def kill(self, pid: int) -> list[str]:
        """Kill a part; returns what is wrong afterwards."""
        before, dependents = self.acknowledged(), set(below(pid))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return []
        if pid == self.host.pid:
            self.host.wait()
        wrong = []
        deadline = time.monotonic() + 10
        while any(map(alive, dependents)) and time.monotonic() < deadline:
            time.sleep(0.01)
        if left := [pid for pid in dependents if alive(pid)]:
            wrong.append(f"{len(left)} processes left behind")
        if lost := before - self.acknowledged():
            wrong.append(f"{len(lost)} acknowledged candidates lost")
        if self.acknowledged():
            with contextlib.closing(sqlite3.connect(self.runs / FILE, timeout=30)) as db:
                if (said := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                    wrong.append(f"integrity: {said}")
        return wrong

    def go_on(self) -> None:
        """Resume a run whose host is dead; begin it again where it was killed before it had a name."""
        if self.host.poll() is None:
            return
        named = bool(self.acknowledged()) or self._named()
        self._start(*(["resume", "latest"] if named else self._command))

    def _named(self) -> bool:
        try:
            with Store(self.runs, write=False) as store:
                return bool(store.runs())
        except WorkbenchError:
            return False

    def ended(self) -> bool:
        """Whether the run is done, rather than killed."""
        return self.host.poll() is not None

    def verdict(self, undisturbed: Path | None) -> list[str]:
        """What is wrong with a run that ended by itself."""
        if self.host.returncode:
            return [f"exit code {self.host.returncode}: {self.log.read_text()[-300:]}"]
        with Store(self.runs, write=False) as store:
            (row,) = store.runs()
        wrong = []
        if (row.status, row.attempts) != ("done", ATTEMPTS):
            wrong.append(f"ended {row.status} with {row.attempts} attempts")
        if undisturbed is not None:
            pairs = zip(trace(self.runs, "latest"), trace(undisturbed, "latest"), strict=False)
            if other := next(((a, b) for a, b in pairs if a != b), None):
                wrong.append(f"differs from the undisturbed run of the same seed, first here: {other}")
        return wrong


def ui_killed(runs: Path, rng: random.Random) -> list[str]:
    """Start the dashboard's server on a folder where a run goes on and kill it after a while."""
    command = [sys.executable, "-m", "workbench.cli", "ui", "--runs", str(runs), "--port", str(rng.randrange(20_000, 60_000))]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(rng.uniform(0.5, 4.0))
    dependents = set(below(server.pid))
    server.kill()
    server.wait()
    deadline = time.monotonic() + 10
    while any(map(alive, dependents)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return ["the dashboard left processes behind"] if any(map(alive, dependents)) else []


def aimed(victim: Victim, target: str, rng: random.Random) -> int | None:
    """Wait until a part is there, then for a random moment of its life; None where the run ends before."""
    deadline = time.monotonic() + PATIENCE
    while victim.part(target, rng) is None and not victim.ended() and time.monotonic() < deadline:
        time.sleep(0.02)
    with contextlib.suppress(subprocess.TimeoutExpired):
        victim.host.wait(rng.uniform(0.0, 2.0))
    return None if victim.ended() else victim.part(target, rng)


def measure(times: int, seed: int) -> dict[str, Any]:
    """Kill `times` parts, each kind as often; runs follow one another, with the built-in operators and with a model in turn."""
    rng = random.Random(seed)
    left = Counter({target: times // len(TARGETS) + (k < times % len(TARGETS)) for k, target in enumerate(TARGETS)})
    killed: Counter[str] = Counter()
    wrong: list[str] = []
    finished = given_up = 0
    given_up_at = -1
    with instant_model() as address, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        victim: Victim | None = None
        while left.total() or victim is not None:
            if victim is None:
                with_model = finished % 2 == 1
                victim = Victim(folder / f"run{finished}", finished, address if with_model else None)
            choice = [t for t in left.elements() if t != "gateway" or victim.with_model]
            target = rng.choice(choice) if choice else None
            pid = None
            if target is None:  # let it end
                victim.host.wait(600)
            elif target != "ui":
                pid = aimed(victim, target, rng)
            if victim.ended():
                if victim.host.returncode and given_up_at < killed.total():  # parts were killed again and again as they began
                    given_up, given_up_at = given_up + 1, killed.total()
                    victim.go_on()
                    continue
                undisturbed = None
                if not victim.with_model:
                    whole = Victim(folder / f"whole{finished}", finished, None)
                    whole.host.wait(600)
                    undisturbed = whole.runs
                wrong += victim.verdict(undisturbed)
                victim, finished = None, finished + 1
                continue
            if target == "ui":
                wrong += ui_killed(victim.runs, rng)
            elif pid is None:
                continue
            else:
                wrong += [f"{target}: {w}" for w in victim.kill(pid)]
            killed[target] += 1
            left[target] -= 1
            victim.go_on()
            print(f"{killed.total()} kills, {finished} runs ended, {len(wrong)} faults", end="\r", file=sys.stderr, flush=True)
    return {"kills": dict(killed), "runs_ended": finished, "given_up_and_resumed": given_up, "faults": wrong}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    options = parser.parse_args()
    found = measure(options.times, options.seed)
    print(file=sys.stderr)
    print(json.dumps(found))
    sys.exit(bool(found["faults"]))


if __name__ == "__main__":
    main()
