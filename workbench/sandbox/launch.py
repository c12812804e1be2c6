"""Starts a sandbox process with a clean environment and one descriptor."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from workbench.errors import SandboxError


def launch(kind: str, theirs: socket.socket) -> subprocess.Popen[bytes]:
    """Start `boot.py` as a `zygote` or `plain` process that holds `theirs`, closed here, and nothing else of ours.

    The process dies with the calling thread (Linux).

    Raises
    ------
    SandboxError
        When the interpreter cannot be started.
    """
    with theirs:
        fd = theirs.fileno()
        script = str(Path(__file__).with_name("boot.py"))
        try:
            return subprocess.Popen(
                # Not -I: it would ignore PYTHONHASHSEED.
                [sys.executable, "-s", "-P", "-B", script, kind, str(fd), str(os.getpid())],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[fd],
                start_new_session=True,  # Ctrl-C at the terminal is for the host alone
            )
        except OSError as error:
            raise SandboxError(f"the sandbox cannot start {sys.executable}: {error}") from error


def search_path() -> list[str]:
    """Where this interpreter finds modules, for allowed ones that live in the user's own site folder."""
    return [folder for folder in sys.path if Path(folder).is_absolute()]


def _environment() -> dict[str, str]:
    # All that a program's process knows of ours: how to find the interpreter's libraries. No key, no path, no name.
    single_threaded = dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    )
    found = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    return {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", **single_threaded, **found}
