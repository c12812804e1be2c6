"""The connection to a Ray cluster: an existing one, or one that is started on this machine."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
from typing import Any

import ray

from workbench.errors import UsageError
from workbench.system.process import cores

_LOCAL = "local"
_STORE_BYTES = 256 << 20
"""Shared memory of a cluster on this machine; Ray's default is a third of the machine, and a parcel takes less than a megabyte."""
_SECONDS = 10.0


def connect(address: str | None, workers: int) -> bool:
    """Connect to a cluster; return whether to disconnect at the end, which is not ours to do in a program that was connected.

    Parameters
    ----------
    address
        `HOST:PORT`; `auto`: the cluster of which this machine is a part; None: `$RAY_ADDRESS` if set, otherwise a cluster that is
        started on this machine and ends with the run.
    workers
        CPUs of one that is started; 0: all.

    Raises
    ------
    UsageError
        There is no such cluster, or it has another version of Ray or Python.
    """
    if ray.is_initialized():
        return False
    where = address or os.environ.get("RAY_ADDRESS") or _LOCAL
    own = {}
    if where == _LOCAL:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere unless asked for
        own = {"num_cpus": workers or cores(), "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    else:
        _refuse_unreachable(where)
    try:
        ray.init(address=where, log_to_driver=False, logging_level="ERROR", **own)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        words = f"no connection to a Ray cluster at {where}: {' '.join(str(error).split())}"
        raise UsageError(f"{words}; if it asks for a token, export RAY_AUTH_MODE=token here too (docs/scale.md)") from error
    _hush()
    return True


def free_cpus() -> int:
    """Return how many CPUs of the cluster nobody uses; at least 1."""
    return max(1, int(ray.available_resources().get("CPU", 0)))


def living() -> set[str]:
    """Return the IDs of the nodes that the cluster has now."""
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


def _refuse_unreachable(where: str) -> None:
    if "://" in where:
        raise UsageError(f"--ray-address {where}: give HOST:PORT, and start evolve on a machine of the cluster (docs/scale.md)")
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdigit():
        if where != "auto":
            raise UsageError(f"--ray-address {where!r}: give HOST:PORT, as `ray start --head` prints it, or auto")
        return
    try:  # Ray itself would go on trying for ever
        socket.create_connection((host, int(port)), _SECONDS).close()
    except OSError as error:
        raise UsageError(f"no Ray cluster at {where} ({error}); start one there: ray start --head --port={port}") from error


def _hush() -> None:
    """Keep Ray's messages on lost workers out of standard output, which may be JSON: the run tells of them itself."""
    with contextlib.suppress(ImportError, AttributeError):
        module: Any = importlib.import_module("ray._private.worker")
        if hasattr(module, "print_to_stdstream"):
            module.print_to_stdstream = lambda *_, **__: None
