"""Actions of the pages: processes that outlive a page, and messages to runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.api.detached import EVOLVE, Launch, command_line, reaped, spawn, wait_for_run
from workbench.errors import UsageError
from workbench.formatting import last_line
from workbench.problem import catalog
from workbench.program.idea import shortened
from workbench.store import Store, injected

__all__ = ["Launch", "wait_for_run"]


def start_run(runs: Path, problem: str, options: Sequence[str]) -> Launch:
    """Start a run as `evolve run` does, detached: it continues when the page, the browser or the server is closed."""
    # An endpoint typed into a page never gets the key of a provider; a file of options that happens to lie somewhere is not read.
    return spawn(runs, "run", ["--no-endpoint-key", f"--config={os.devnull}", *options], problem)


def resume(runs: Path, run: str, options: Sequence[str] = ()) -> Launch:
    """Resume a run that was stopped or killed."""
    return spawn(runs, "resume", ["--no-endpoint-key", *options], run)


def demo(runs: Path) -> Launch:
    """Start the demo run."""
    return spawn(runs, "demo")


def tell(runs: Path, run: str, command: str, argument: str = "") -> None:
    """Send a control message to a run: stop, pause or resume.

    Raises
    ------
    UsageError
        The run is not running.
    """
    with Store(runs) as store:
        row = store.run(run)
        if not row.live:
            raise UsageError(f"run {run} is not running ({row.status})")
        store.send(run, command, argument)


def steer(runs: Path, run: str, text: str, attempts: int | None) -> None:
    """Add a message to the prompts of the next attempts, or of all that follow."""
    if not text.strip():
        raise UsageError("the message is empty: write what the model should try or avoid")
    tell(runs, run, "steer", json.dumps({"text": text.strip(), "next": attempts}))


def inject(runs: Path, run: str, source: str, idea: str = "") -> str:
    """Add a program to a run, and say so; if the run has ended, the program is evaluated now, and the result is returned.

    Raises
    ------
    UsageError
        With the message of the command.
    """
    with Store(runs) as store:
        if store.run(run).live:
            store.send(run, "inject", injected(source, shortened(idea)))
            return "Sent; it is evaluated like any other candidate."
    with tempfile.TemporaryDirectory(prefix="evolve-inject-") as place:
        file = Path(place) / "program.py"
        file.write_text(source, encoding="utf-8")
        options = ["--runs", str(runs), "--idea", shortened(idea), "--json"]
        printed = _finished(command_line("inject", options, run, str(file)), "inject")
    return str(json.loads(printed)["answer"])


def certify(runs: Path, run: str, number: int) -> None:
    """Certify a program in a separate process; the certificate is stored in the runs folder."""
    log = certificate_log(runs, run, number)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = command_line("certify", ["--candidate", str(number), "--runs", str(runs)], run)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    reaped(process)


def certificate_log(runs: Path, run: str, number: int) -> Path:
    """Return the log file of the process that certifies a program."""
    return runs / "logs" / f"certify-{_as_file(run)}-{number}.log"


@dataclass(frozen=True, slots=True)
class Download:
    """A file that a page hands out."""

    name: str
    mime: str
    content: bytes


def export(runs: Path, run: str, number: int, name: str, into: Path | None = None) -> Download:
    """Export a program as a module; what lies beside it comes with it, as one archive.

    The files are kept in `exports` of `into` (default: the runs folder).

    Parameters
    ----------
    name
        Name of the module, without `.py`.

    Raises
    ------
    UsageError
        With the message of the command.
    """
    out = (into or runs) / "exports" / _as_file(run) / f"{_as_file(name)}.py"
    told = json.loads(_written(runs, out, "export", ["--candidate", str(number), "--json"], run))
    return module_with([Path(path) for path in told["files"]])


def module_with(files: Sequence[Path]) -> Download:
    """A module, and what lies beside it, as one archive; a module alone as it is."""
    module = files[0]
    if len(files) == 1:
        return Download(module.name, "text/x-python", module.read_bytes())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            packed.write(path, path.name)
    return Download(f"{module.stem}.zip", "application/zip", archive.getvalue())


def report(runs: Path, run: str, into: Path | None = None) -> Download:
    """Write a run as one HTML page; the file is kept in `exports` of `into`.

    Raises
    ------
    UsageError
        With the message of the command.
    """
    out = (into or runs) / "exports" / f"{_as_file(run)}.html"
    _written(runs, out, "report", [], run)
    return Download(out.name, "text/html", out.read_bytes())


def _written(runs: Path, out: Path, command: str, options: Sequence[str], run: str) -> str:
    """Run a command with `--out`; returns the last line that it printed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    return _finished(command_line(command, [*options, "--runs", str(runs), "--out", str(out), "--force"], run), command)


def _finished(words: Sequence[str], command: str) -> str:
    """Run a command to its end; returns the last line that it printed."""
    try:
        done = subprocess.run(words, cwd=catalog.root(), stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"this took more than 5 minutes; use the command line: evolve {command}") from error
    if done.returncode:
        raise UsageError(last_line(done.stderr).removeprefix("error: ") or f"evolve {command} ended with code {done.returncode}")
    return last_line(done.stdout)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A program being evaluated in a separate process, which writes one line per instance."""

    process: subprocess.Popen[bytes]
    place: tempfile.TemporaryDirectory[str]  # deleted with the last reference

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def results(self) -> list[dict[str, Any]]:
        """Return the results so far, one per instance."""
        whole = (Path(self.place.name) / "out").read_bytes().rpartition(b"\n")[0]
        return [line for line in map(json.loads, whole.splitlines()) if "id" in line]

    def outcome(self) -> dict[str, Any]:
        """Wait for the process and return the JSON of `evolve eval`.

        Raises
        ------
        UsageError
            The program is rejected, there is no isolation, or the process was stopped; with the message of the command.
        """
        place = Path(self.place.name)
        code = self.process.wait()
        written = last_line((place / "out").read_bytes()) if code in (0, 1) else ""  # one that was killed may end within a line
        found: dict[str, Any] = json.loads(written or "{}")
        if "families" not in found:  # the code is 1 for a program that fails too, which is a result
            line = last_line((place / "err").read_bytes()).removeprefix("error: ") or "The evaluation was stopped."
            raise UsageError(line.replace(str(place / "program.py"), "This"))
        return found

    def stop(self) -> None:
        """Kill the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def evaluate(problem: Path, source: str, split: str) -> Evaluation:
    """Start the evaluation of a program with `evolve eval`."""
    place = tempfile.TemporaryDirectory(prefix="evolve-eval-")
    path = Path(place.name)
    (path / "program.py").write_text(source, encoding="utf-8")
    command = command_line("eval", ["--split", split, "--json", "--each"], str(problem), str(path / "program.py"))
    with (path / "out").open("wb") as out, (path / "err").open("wb") as err:
        process = subprocess.Popen(
            command, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
    return Evaluation(reaped(process), place)


def doctor(runs: Path) -> dict[str, Any]:
    """Return the JSON of `evolve doctor`.

    Raises
    ------
    UsageError
        With the message of the command.
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


def _as_file(run: str) -> str:
    """Return a run's ID as part of a file name; IDs come from a database, which may be another user's."""
    return re.sub(r"[^\w.-]", "_", run)[:100]
