"""What a page may set going: processes of their own that outlive it, and messages that the loop reads."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.formatting import last_line
from workbench.problem import catalog
from workbench.store import Reader, Run, Store

EVOLVE = (sys.executable, "-m", "workbench.cli")


@dataclass(frozen=True, slots=True)
class Launch:
    """A process that was started: its number, where it writes, and when it began."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float

    def ended(self) -> int | None:
        """Its exit code, None while it goes on."""
        return self.process.poll()

    def last_line(self) -> str:
        """The last thing it said."""
        try:
            return last_line(self.log.read_bytes())
        except OSError:
            return ""


def start_run(runs: Path, problem: str, options: Sequence[str]) -> Launch:
    """Begin a run as `evolve run` would, detached: it goes on when the page, the browser or the server is closed."""
    # What is typed into a page names an endpoint for the page, not for the keys of other providers.
    return _spawn(runs, "run", ["--no-endpoint-key", *options], problem)


def resume(runs: Path, run: str, candidates: int | None = None) -> Launch:
    """Go on with a run that stopped or was killed."""
    return _spawn(runs, "resume", ["-n", str(candidates)] if candidates else [], run)


def demo(runs: Path) -> Launch:
    """The run that needs no key."""
    return _spawn(runs, "demo")


def wait_for_run(launch: Launch, runs: Path, seconds: float) -> tuple[str | None, str]:
    """The run that a process has begun, or why there is none: its last words, or empty while it is still getting ready."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        code = launch.ended()
        rows = [row for row in _rows(runs) if row.heartbeat >= launch.began - 1]
        own = [row.id for row in rows if row.pid == launch.process.pid]
        # A run that has begun and ended between two looks belongs to nobody any more.
        own = own or [row.id for row in rows if code == 0 and row.created >= launch.began - 1]
        if own:
            return own[0], ""
        if code is not None:
            return None, launch.last_line() or f"it ended with code {code} and without a word"
        time.sleep(0.2)
    return None, ""


def _rows(runs: Path) -> Sequence[Run]:
    try:
        with Reader(runs) as store:
            return store.runs()
    except UsageError:
        return []


def tell(runs: Path, run: str, command: str, argument: str = "") -> None:
    """Leave a message for a run's loop: stop, pause, resume or inject.

    Raises
    ------
    UsageError
        The run is not going on.
    """
    with Store(runs) as store:
        row = store.run(run)
        if not row.live:
            raise UsageError(f"run {run} is not going on ({row.status})")
        store.send(run, command, argument)


def steer(runs: Path, run: str, text: str, attempts: int | None) -> None:
    """Put a message into the prompts of the next attempts, or of all that follow."""
    if not text.strip():
        raise UsageError("there is nothing to tell: write what the model should try or avoid")
    tell(runs, run, "steer", json.dumps({"text": text.strip(), "next": attempts}))


def certify(runs: Path, run: str, number: int) -> None:
    """Have the sealed test split opened for one program, in a process of its own; the verdict comes into the store."""
    log = certificate_log(runs, run, number)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = _command("certify", ["--candidate", str(number), "--runs", str(runs)], run)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    _reaped(process)


def certificate_log(runs: Path, run: str, number: int) -> Path:
    """What the process that makes a certificate has said so far."""
    return runs / "logs" / f"certify-{_as_file(run)}-{number}.log"


def export(runs: Path, run: str, number: int, into: Path | None = None) -> bytes:
    """The self-checking module of a program; the file stays in `exports` of `into` (the runs folder itself by default).

    Raises
    ------
    UsageError
        With the command's own words.
    """
    return _written(runs, into or runs, "export", ["--candidate", str(number)], run, f"{_as_file(run)}-{number}.py")


def report(runs: Path, run: str, into: Path | None = None) -> bytes:
    """A run as one HTML page; the file stays in `exports` of `into`.

    Raises
    ------
    UsageError
        With the command's own words.
    """
    return _written(runs, into or runs, "report", [], run, f"{_as_file(run)}.html")


def _written(runs: Path, into: Path, command: str, options: Sequence[str], run: str, name: str) -> bytes:
    """What a command with `--out` has written."""
    out = into / "exports" / name
    out.parent.mkdir(parents=True, exist_ok=True)
    words = _command(command, [*options, "--runs", str(runs), "--out", str(out), "--force"], run)
    try:
        done = subprocess.run(words, cwd=catalog.root(), stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"this took more than 5 minutes; make it with: evolve {command}") from error
    if done.returncode:
        raise UsageError(last_line(done.stderr) or f"evolve {command} ended with code {done.returncode}")
    return out.read_bytes()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A program being scored by a process of its own, which writes a line for every instance."""

    process: subprocess.Popen[bytes]
    place: tempfile.TemporaryDirectory[str]  # goes when nobody holds it any more

    def ended(self) -> bool:
        """Whether the process has come to its end."""
        return self.process.poll() is not None

    def results(self) -> list[dict[str, Any]]:
        """What has been scored so far, an instance each."""
        whole = (Path(self.place.name) / "out").read_bytes().rpartition(b"\n")[0]
        return [line for line in map(json.loads, whole.splitlines()) if "id" in line]

    def outcome(self) -> dict[str, Any]:
        """What `evolve eval` tells as JSON, once it has ended.

        Raises
        ------
        UsageError
            No acceptable program, no isolation, stopped; with the command's own words.
        """
        place = Path(self.place.name)
        if self.process.wait():
            line = last_line((place / "err").read_bytes()).removeprefix("error: ") or "The evaluation was stopped."
            raise UsageError(line.replace(str(place / "program.py"), "This"))
        found: dict[str, Any] = json.loads(last_line((place / "out").read_bytes()))
        return found

    def stop(self) -> None:
        """End it with all that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def evaluate(problem: Path, source: str, split: str) -> Evaluation:
    """Begin to score a program as `evolve eval` does, in its sandbox."""
    place = tempfile.TemporaryDirectory(prefix="evolve-eval-")
    path = Path(place.name)
    (path / "program.py").write_text(source)
    command = _command("eval", ["--split", split, "--json", "--each"], str(problem), str(path / "program.py"))
    with (path / "out").open("wb") as out, (path / "err").open("wb") as err:
        process = subprocess.Popen(
            command, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
    return Evaluation(_reaped(process), place)


def doctor(runs: Path) -> dict[str, Any]:
    """What `evolve doctor` finds on this machine.

    Raises
    ------
    UsageError
        With the command's own words.
    """
    words = [*EVOLVE, "doctor", "--runs", str(runs), "--json"]
    try:
        done = subprocess.run(words, cwd=catalog.root(), stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired as error:
        raise UsageError("evolve doctor took more than 120 s") from error
    if done.returncode:
        raise UsageError(last_line(done.stderr).removeprefix("error: ") or f"evolve doctor ended with code {done.returncode}")
    found: dict[str, Any] = json.loads(last_line(done.stdout))
    return found


def _command(command: str, options: Sequence[str], *arguments: str) -> list[str]:
    """A command line in which no argument, whatever it begins with, can be an option."""
    return [*EVOLVE, command, *options, "--", *arguments]


def _as_file(run: str) -> str:
    """A run's name as part of the name of a file: it comes out of a database, which may be another person's."""
    return re.sub(r"[^\w.-]", "_", run)[:100]


def _spawn(runs: Path, command: str, options: Sequence[str] = (), *arguments: str) -> Launch:
    logs = runs / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{command}-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06}.log"
    began = time.time()
    words = _command(command, [*options, "--runs", str(runs)], *arguments)
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    with contextlib.suppress(OSError):  # a run keeps all cores busy: it gives way to the pages, which need little
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    return Launch(_reaped(process), log, began)


def _reaped(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    # A child that nobody waits for stays in the process table, and would be taken for alive.
    threading.Thread(target=process.wait, daemon=True).start()
    return process
