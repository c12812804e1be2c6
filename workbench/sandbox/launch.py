"""Start of sandbox processes with a clean environment and a single inherited descriptor."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import SandboxError

_START = """\
import sys
boot = {"__name__": "boot"}
with open(sys.argv[1] + "/boot.py", encoding="utf-8") as file:
    exec(compile(file.read(), "boot", "exec"), boot)
serve = boot["main"](*sys.argv[1:])
boot.clear()
del boot, file, sys
if serve:
    serve()
"""
"""Code that the interpreter runs. It calls all programs, so they cannot reach variables that it has deleted."""


def launch(
    kind: str,
    theirs: socket.socket,
    hash_seed: int,
    page: int | None = None,
    *,
    folder: Path = Path("/"),
    more: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a `zygote`, `plain` or `foreign` process that inherits only `theirs`, which is closed here, and a page for its prints.

    The process dies with the calling thread (Linux).

    Parameters
    ----------
    folder
        Where it starts.
    more
        Environment variables besides those that the interpreter needs.

    Raises
    ------
    SandboxError
        The interpreter cannot be started.
    """
    with theirs:
        fd = theirs.fileno()
        here = str(Path(__file__).parent)
        try:
            return subprocess.Popen(
                # Not -I: it would ignore PYTHONHASHSEED.
                [sys.executable, "-s", "-P", "-B", "-c", _START, here, kind, str(fd), str(os.getpid())],
                env={**_environment(hash_seed), **(more or {})},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[fd] if page is None else [fd, page],
                start_new_session=True,  # Ctrl-C in the terminal reaches only the host
            )
        except OSError as error:
            raise SandboxError(f"the sandbox cannot start {sys.executable}: {error}") from error


def search_path() -> list[str]:
    """Return this interpreter's module search path, which may include the user's site folder."""
    return [folder for folder in sys.path if Path(folder).is_absolute()]


def _environment(hash_seed: int) -> dict[str, str]:
    # Only what is needed to find the interpreter's libraries: no keys, paths or user names.
    single_threaded = dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    )
    found = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    return {"PYTHONHASHSEED": str(hash_seed), "MALLOC_ARENA_MAX": "1", **single_threaded, **found}
