"""Sandbox of foreign tasks: a program runs in one process with the task's evaluator, which may read files and start processes."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import site
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.errors import SandboxError
from workbench.model import Evaluator, Limits, Program, Surroundings
from workbench.sandbox import foreign_calls, landlock
from workbench.sandbox.frames import encode
from workbench.sandbox.kernel import FULL, NONE, inspect
from workbench.sandbox.launch import launch, search_path
from workbench.sandbox.plain import PlainChild
from workbench.sandbox.session import ProgramSession

_FILE_BYTES = 1 << 30
"""Longest file that a task may write."""
_READABLE = (
    "/usr /lib /lib32 /lib64 /bin /sbin /etc/alternatives /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/localtime "
    "/etc/timezone /etc/mime.types /etc/nsswitch.conf /etc/passwd /etc/group /proc/self /proc/cpuinfo /proc/meminfo /proc/stat "
    "/proc/loadavg /proc/version /proc/filesystems /proc/sys/vm /proc/sys/kernel /sys/devices/system"
).split()
_DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]


class ForeignSandbox:
    """Runs programs of one foreign task, each in a new process with the task's evaluator.

    That process, and all that it starts, has no network and no key in its environment; it reads the task's folder and what is
    installed, writes to a scratch folder of its own, and ends with the evaluation. Program and evaluator share it, so a program
    can forge its score: what comes back is not verified.

    Parameters
    ----------
    isolation
        `full`, or `none` for a process with the user's own permissions.
    cpu
        CPU to which the processes are bound; None for any.

    Raises
    ------
    SandboxError
        The kernel cannot keep files from the task.
    """

    def __init__(self, evaluator: Evaluator, *, isolation: str | None = None, allow_unsafe: bool = False) -> None:
        kernel = inspect()
        self.isolation = isolation or (NONE if allow_unsafe and kernel.isolation != FULL else FULL)
        if self.isolation != NONE and kernel.isolation != FULL:
            raise SandboxError(
                f"the evaluator of a foreign task cannot be kept from your files on this machine: {kernel.missing[0]}; "
                "`--allow-unsafe` runs it with your own permissions"
            )
        self._evaluator = evaluator
        self._closed = False

    @contextlib.contextmanager
    def open(self, program: Program, limits: Limits) -> Iterator[ProgramSession]:
        """Start a process for `program`; the session's call evaluates it. All its processes are killed on exit."""
        if self._closed:
            raise SandboxError("the sandbox is closed")
        scratch = Path(tempfile.mkdtemp(prefix="evolve-task-")).resolve()
        try:
            environment = self._furnish(scratch)
            child = _ForeignChild(scratch / "work", environment)
            try:
                child.prepare(encode("prepare", {**self._config(scratch, limits), "page": child.page}))
                yield ProgramSession(child, program, limits, Surroundings(), patience=1)
            finally:
                child.kill()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def close(self) -> None:
        """Open nothing more; each process ends with its session."""
        self._closed = True

    def _furnish(self, scratch: Path) -> dict[str, str]:
        """Make the folders of an evaluation and return what its environment says about them.

        It starts in a folder that holds links to what is in the task's: relative paths are found, and new files can be written.
        """
        for name in ("work", "program", "results", "tmp", "home"):
            (scratch / name).mkdir()
        for path in Path(self._evaluator.folder).iterdir():
            (scratch / "work" / path.name).symlink_to(path)
        programs = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
        places = {"TMPDIR": str(scratch / "tmp"), "HOME": str(scratch / "home"), "PATH": programs}
        return {**places, "LANG": "C.UTF-8", "USER": "evolve", "LOGNAME": "evolve", "MPLBACKEND": "Agg"}

    def _config(self, scratch: Path, limits: Limits) -> dict[str, Any]:
        evaluator, kernel, packages = self._evaluator, inspect(), _packages()
        installed = [sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent), *packages]
        libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
        readable = [*_READABLE, *installed, *filter(os.path.isabs, libraries), evaluator.folder]
        enclosed = self.isolation == FULL
        version = kernel.landlock_abi
        filters = [
            foreign_calls.filter_program(kernel.machine, signals=version >= landlock.SCOPED_SIGNALS, attributes=mounted).hex()
            for mounted in (False, True)
        ]
        write = landlock.write(version)
        return {
            "evaluator": evaluator.path,
            "modules": list(dict.fromkeys([evaluator.folder, str(Path(evaluator.path).parent)])),
            "command": evaluator.command,
            "thresholds": evaluator.thresholds,
            "features": evaluator.features,
            "packages": packages,
            "scratch": str(scratch),
            "work": str(scratch / "work"),
            "program": str(scratch / "program" / "candidate_program.py"),
            "results": str(scratch / "results"),
            "cpu": math.ceil(limits.seconds) * (os.cpu_count() or 1) + 10,
            "file": _FILE_BYTES,
            "write": write,
            "landlock": landlock.ruleset(version).hex() if enclosed else "",
            "seccomp": filters if enclosed else [],
            "paths": [[landlock.READ, readable], [landlock.USE, _DEVICES], [write, [str(scratch)]]],
        }


class _ForeignChild(PlainChild):
    """A process with all that it starts, which its filter keeps in one process group."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(lambda theirs, page: launch("foreign", theirs, 0, page, folder=folder, more=environment))

    def kill(self) -> None:
        """Kill the whole group and close the channel."""
        if self.channel.fileno() >= 0:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        super().kill()


def _packages() -> list[str]:
    """Return the folders of the search path that hold what is installed: no current folder, and none of `PYTHONPATH`."""
    sites = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    linked = set(sites)
    for file in (file for folder in sites if Path(folder).is_dir() for file in Path(folder).glob("*.pth")):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            linked.update(str(file.parent / line) for line in file.read_text("utf-8").splitlines())
    places = (Path(sys.prefix, "lib"), Path(sys.base_prefix, "lib"))
    return [folder for folder in search_path() if folder in linked or any(Path(folder).is_relative_to(p) for p in places)]
