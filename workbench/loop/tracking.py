"""An experiment tracker is told of a run by a process of its own, which reads the store: nothing it does can hold up the run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from workbench.errors import UsageError
from workbench.loop.context import RunContext
from workbench.loop.snapshot import Display
from workbench.options import refuse_unknown_tracker

PATIENCE = 30.0
"""Seconds that a run which has ended waits for the last figures and files to be sent."""


def require(track: str | None) -> None:
    """Refuse a tracker that is unknown, or whose client is not installed.

    Raises
    ------
    UsageError
        With what to give or to install.
    """
    if track:
        refuse_unknown_tracker(track)
    if track and importlib.util.find_spec("mlflow") is None:
        raise UsageError("--track mlflow needs MLflow's client; install it: pip install 'evolve-workbench[mlflow]'")


@contextmanager
def tracked(context: RunContext, display: Display) -> Iterator[None]:
    """Have a run followed while it goes on, if its options ask for it; in the end, tell what was missed."""
    track = context.options.track
    if not track:
        yield
        return
    command = [sys.executable, "-m", "workbench.api.tracking", str(context.store.folder.absolute()), context.run, track]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    ) as follower:  # fmt: skip
        telling = threading.Thread(target=_tell, args=(follower, display), daemon=True)
        telling.start()
        try:
            yield
        finally:
            if follower.stdin:
                with suppress(OSError):
                    follower.stdin.close()  # the run has ended
            try:
                follower.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                follower.kill()
                again = f"evolve track {context.run} --to {track}"
                display.line(f"tracking: not all was sent within {PATIENCE:.0f} s; send the rest: {again}")
            telling.join(5)


def _tell(follower: subprocess.Popen[str], display: Display) -> None:
    for line in follower.stdout or ():
        display.line(f"tracking: {line.rstrip()}")
