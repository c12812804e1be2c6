"""A coding agent's command line as the proposer: it runs in an empty folder, once for each attempt, and leaves a program there."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.model import Brief, Call, Program, Prompt, Reply, Task
from workbench.proposers.prompt import build
from workbench.proposers.quoting import fence

RECIPES = {
    "claude": ("claude", "--print", "--output-format", "json", "--permission-mode", "acceptEdits"),
    "codex": ("codex", "exec", "--full-auto", "--skip-git-repo-check", "-"),
    "gemini": ("gemini", "--yolo"),
}
"""Command lines of known agents, which read the request from standard input. They follow the agents' documentation; this project's
tests run scripts in their place."""
PROGRAM, REQUEST = "program.py", "REQUEST.md"

_MOST_TRANSCRIPT = 200_000
_TASK = (
    f"\n\nThe program to improve is the file `{PROGRAM}` in this folder. Write the whole new program there, in place of a reply, "
    "and end with one line `Idea: ...`. Work in this folder only."
)


class Agent:
    """A coding agent's command (agent:claude, agent:codex, agent:gemini, or agent:"any command"), run once for each attempt.

    The command gets the request on standard input and as `REQUEST.md`, finds the program to improve as `program.py`, and leaves
    the new one there. It runs with the rights and the environment of this user: agents bring their own confinement.

    Parameters
    ----------
    name
        `agent:` and the name of a recipe or a command line.
    seconds
        Time limit of one attempt; then the command is killed with all its children.
    parallel
        Maximum number of commands at the same time.
    """

    repairs, uses_model, ordered = True, True, False

    def __init__(self, name: str, *, seconds: float = 900.0, parallel: int = 1) -> None:
        words = name.partition(":")[2]
        self._command = RECIPES.get(words) or _split(words)
        if not seconds > 0 or parallel < 1:
            raise UsageError(f"proposer {name}: seconds and parallel must be above 0")
        if shutil.which(self._command[0]) is None:
            raise UsageError(
                f"proposer {name}: there is no command {self._command[0]!r} on this machine; install it, or give its path"
            )
        self.label = f"agent {words if words in RECIPES else Path(self._command[0]).name}"
        self.concurrency, self._seconds = parallel, seconds
        self._lock, self._running, self._closed = threading.Lock(), set[subprocess.Popen[bytes]](), False

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Store the problem for the requests."""
        self._brief, self._closed = brief, False

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Run the command in an empty folder and take the program that it leaves there."""
        prompt, began = build(self._brief, task, "full"), time.monotonic()
        parent = task.selection.parent.program
        assert parent is not None
        with tempfile.TemporaryDirectory(prefix="evolve-agent-", ignore_cleanup_errors=True) as folder:
            place = Path(folder)
            request = f"{prompt.system}\n\n{prompt.user}{_TASK}\n"
            (place / REQUEST).write_text(request, encoding="utf-8", errors="replace")
            (place / PROGRAM).write_text(parent.source, encoding="utf-8", errors="surrogatepass")
            try:
                output, fault = self._run(place, request)
            except OSError as error:
                output, fault = "", f"the command cannot be started: {error.strerror}"
            source = _left(place / PROGRAM)
        said = Said.of(output)
        changed = source is not None and source.strip() != parent.source.strip()
        text = f"{said.text[-_MOST_TRANSCRIPT:]}\n\n{fence(source, 'python')}" if source is not None and changed else said.text
        if not fault and not text.strip():
            fault = f"it left {PROGRAM} as it was and said nothing"
        call = Call(
            self.label, Prompt(prompt.system, prompt.user), text, tokens_in=said.tokens_in, tokens_out=said.tokens_out,
            cost_usd=said.cost_usd, seconds=time.monotonic() - began, error="" if changed else fault, finish="stop",
        )  # fmt: skip
        operator = "repair" if task.failure else task.kind.value
        # The file is the answer, as it is: what the agent said beside it may hold code too.
        program = Program(source, self._brief.entry) if source is not None and changed else None
        return Reply(operator, text, program, call, (task.selection.parent.number,), said.idea)

    def close(self) -> None:
        """Kill the commands that are running."""
        self._closed = True
        with self._lock:
            running = list(self._running)
        for process in running:
            _kill(process)

    def _run(self, place: Path, request: str) -> tuple[str, str]:
        """What the command printed, and what was wrong with it."""
        with (place.parent / f"{place.name}.out").open("w+b") as out:
            Path(out.name).unlink()
            process = subprocess.Popen(
                self._command, cwd=place, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
            with self._lock:
                self._running.add(process)
            fault = ""
            try:
                process.communicate(request.encode(errors="replace"), timeout=self._seconds)
                if process.returncode:
                    fault = "it was stopped" if self._closed else f"it ended with code {process.returncode}"
            except subprocess.TimeoutExpired:
                fault = f"it did not end within {self._seconds:g} s"
            finally:
                _kill(process)
                with self._lock:
                    self._running.discard(process)
            out.seek(max(0, out.tell() - 4 * _MOST_TRANSCRIPT))
            printed = out.read().decode(errors="replace")
        last = printed.strip().rpartition("\n")[2][:200]
        return printed, f"{fault}: {last}" if fault and last else fault


class Said:
    """What a command printed: its words, and what it reports of its cost.

    Attributes
    ----------
    cost_usd
        In dollars; None if it does not say.
    """

    def __init__(self, text: str, idea: str, tokens_in: int, tokens_out: int, cost_usd: float | None) -> None:
        self.text, self.idea, self.tokens_in, self.tokens_out, self.cost_usd = text, idea, tokens_in, tokens_out, cost_usd

    @classmethod
    def of(cls, printed: str) -> Said:
        """Read output; a JSON object in the last line, as agents print it when asked for JSON, tells cost and tokens."""
        told: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            found = json.loads(printed.strip().rpartition("\n")[2])
            told = found if isinstance(found, dict) else {}
        text = str(told.get("result", printed)) if told else printed
        usage = told.get("usage") if isinstance(told.get("usage"), dict) else {}
        assert isinstance(usage, dict)
        ideas = [line.partition(":")[2].strip() for line in text.split("\n") if line.strip().lower().startswith("idea:")]
        return cls(
            text, ideas[-1] if ideas else "", _whole(usage.get("input_tokens")), _whole(usage.get("output_tokens")),
            _dollars(told.get("total_cost_usd")),
        )  # fmt: skip


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _dollars(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6 else None


def _left(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _split(words: str) -> Sequence[str]:
    try:
        found = shlex.split(words)
    except ValueError as error:
        raise UsageError(f"proposer agent:{words}: {error}") from error
    if not found:
        raise UsageError(f"proposer agent: needs a command: agent:{', agent:'.join(RECIPES)}, or agent:'my-agent --option'")
    return found


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a command with its children, which stay in its session unless they leave it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
