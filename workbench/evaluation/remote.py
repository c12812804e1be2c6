"""What runs on a node of a cluster: unpacks code and problem, and keeps one warm worker.

The class is sent there by value, so it needs nothing of this project until it has unpacked it.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import platform
import shutil
import socket
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

NAMES = "names"
"""File of a parcel that lists the others."""


class Remote:
    """One worker on a node."""

    def start(
        self, content: list[Any], digest: str, source: tuple[str, str, str], unsafe: bool, wanted: str | None
    ) -> tuple[Any, ...]:
        """Start the worker process; return its node, and its isolation level or the fault that prevents it.

        Parameters
        ----------
        content
            Reference to the parcel's content, in a list so that it is fetched only where the node does not have it.
        digest, source
            Of the parcel.
        """
        import ray

        node = ray.get_runtime_context().get_node_id()
        cpus = next((n["Resources"].get("CPU", 0) for n in ray.nodes() if n["NodeID"] == node), 0)
        here = (node, socket.gethostname(), packages())
        place = _own_folder()
        root = unpacked(place, digest, lambda: ray.get(content[0]))
        sys.path.insert(0, str(root))
        from workbench.errors import WorkbenchError
        from workbench.evaluation.handle import Source, Worker
        from workbench.evaluation.jobs import Fault

        address, slug, version = source
        self._worker = Worker(Source(str(root / address), slug, version, root), self._cpu(place, cpus), unsafe, wanted)
        try:
            return (*here, self._worker.start())
        except WorkbenchError as error:
            return (*here, Fault(str(error), fatal=True))

    def run(self, job: Any, limit: float) -> Any:
        """Run a job; return its report, or the fault that prevents one."""
        from workbench.errors import WorkbenchError
        from workbench.evaluation.jobs import Fault, VerifierError

        try:
            return self._worker.run(job, limit)
        except VerifierError as error:
            return Fault(str(error), fatal=False)
        except WorkbenchError as error:
            return Fault(str(error), fatal=True)

    def ping(self) -> None:
        """Tell that this actor lives."""

    def _cpu(self, place: Path, cpus: float) -> int | None:
        """Take a CPU for this worker alone; none if the node gives the cluster fewer than there are, for others may use any."""
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if cpus < len(allowed):
            return None
        for cpu in allowed:
            file = os.open(place / f"cpu-{cpu}", os.O_CREAT | os.O_RDWR, 0o600)
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock = file  # held until this process ends
                return cpu
            os.close(file)
        return None


def unpacked(place: Path, digest: str, fetch: Callable[[], bytes]) -> Path:
    """Return the folder of a parcel; it is fetched and unpacked by the first on a node that asks."""
    root = place / digest
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(root):
            shutil.rmtree(root, ignore_errors=True)
            made = Path(tempfile.mkdtemp(dir=place))
            try:
                with zipfile.ZipFile(io.BytesIO(fetch())) as archive:
                    archive.extractall(made)
                made.rename(root)
            except BaseException:
                shutil.rmtree(made, ignore_errors=True)
                raise
    return root


def _is_whole(root: Path) -> bool:
    """Whether a parcel is there with all its files, for systems remove old ones from temporary folders one by one."""
    try:
        return all((root / name).is_file() for name in (root / NAMES).read_text().splitlines())
    except OSError:
        return False


def _own_folder() -> Path:
    """Return a folder of this user's, in which nobody else can put code that would be run."""
    place = Path(tempfile.gettempdir()) / f"evolve-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if place.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{place} is not a folder of this user's alone: remove it")
    return place


def packages() -> str:
    """Return the versions on which the digits of a score may depend."""
    try:
        numpy = version("numpy")
    except PackageNotFoundError:
        numpy = "missing"
    return f"Python {platform.python_version()}, numpy {numpy}"
