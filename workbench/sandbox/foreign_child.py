"""The process of a foreign task: confines itself, then runs the task's evaluator on a candidate. Standard library only."""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

_SHARED = 256 << 20
"""Size of the task's own `/dev/shm`, in bytes."""


def prepare(fd: int, parent: int, child: ModuleType, confine: ModuleType, score: ModuleType) -> Callable[[], NoReturn]:
    """Confine this process as the host's first request says; return the function that serves."""
    _, config = child.read_frame(fd)
    child.keep_prints(config["page"])
    os.close(config["page"])
    os.set_inheritable(fd, False)
    sys.path += [folder for folder in config["packages"] if folder not in sys.path]
    if config["landlock"]:
        _enclose(parent, confine, config)
    sys.argv, sys.orig_argv = [config["evaluator"]], [sys.executable, config["evaluator"]]
    child.write_frame(fd, "[]")
    return functools.partial(_serve, fd, child, confine, score, config)


def _enclose(parent: int, confine: ModuleType, config: dict[str, Any]) -> None:
    mounted = confine.own_mounts(config["scratch"], _SHARED)
    os.chdir(config["work"])  # through the new mount
    ruleset = confine.make_ruleset(bytes.fromhex(config["landlock"]))
    for rights, paths in config["paths"]:
        for path in paths:
            confine.allow(ruleset, path, rights)
    if mounted:
        confine.allow(ruleset, "/dev/shm", config["write"])
    confine.enclose(parent, ruleset)
    os.close(ruleset)
    confine.Filter(bytes.fromhex(config["seccomp"][mounted])).install()


def _serve(fd: int, child: ModuleType, confine: ModuleType, score: ModuleType, config: dict[str, Any]) -> NoReturn:
    """Write the program of the first request to its file, then evaluate it at each further request."""
    try:
        _, source, _, memory, *_ = child.read_frame(fd)
        with open(config["program"], "w", encoding="utf-8") as file:  # noqa: PTH123 (no pathlib beside a program)
            file.write(source)
        _limit(confine.address_space() + memory, config)
        number, reply = 0, '["ok",0,null]'
        while True:
            child.write_frame(fd, reply)
            child.read_frame(fd)
            number += 1
            reply = child.attempt(number, config["program"], score.evaluate, config)
    finally:
        os._exit(70)


def _limit(memory: int, config: dict[str, Any]) -> None:
    """Limit this process and each that it starts."""
    for what, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, config["cpu"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, config["file"]),
    ):
        ceiling = resource.getrlimit(what)[1]
        with contextlib.suppress(OSError, ValueError):  # limits differ between kernels
            resource.setrlimit(what, (value, value) if ceiling == resource.RLIM_INFINITY else (min(value, ceiling),) * 2)
