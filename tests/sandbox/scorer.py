"""A scorer that runs programs in its own process, as most published ones do, and what an attack does to it.

Each attack meets a scorer of its own: a forked process that holds what such scorers hold. It has the key in its environment, the
cases to come and the best answers in its frames, its record open as descriptor 3, and a process of the same user beside it.
`try_in_process` says in a word or two what became of it; empty where nothing did.
"""

from __future__ import annotations

import contextlib
import ctypes  # noqa: F401 (what a scorer has loaded anyway, a program in its process finds loaded)
import errno
import json
import os
import pickle
import random
import resource
import select
import signal
import socket  # noqa: F401
import sys
import time
from pathlib import Path
from typing import Any

CANARY = "EVOLVE_CANARY_API_KEY"
RECORD = b'{"case": 0, "answer": 42}\n'
_FILLED = 300 << 20
_MEMORY = 1200 << 20
_HANGS = 0.6
_PATIENCE = 10.0


def try_in_process(source: str, folder: Path, entry: str = "attack") -> str:
    """Run a program in a scorer's own process and see what became of the scorer."""
    record = folder.parent / f"{folder.name}.record"
    record.write_bytes(RECORD)
    before = sorted(p.name for p in folder.iterdir())
    bystander = os.fork()
    if bystander == 0:
        time.sleep(60)
        os._exit(0)
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _score(source, entry, folder, record, theirs, bystander)
    os.close(theirs)
    try:
        told, hangs = _watch(pid, ours)
        peak = _peak(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    finally:
        os.close(ours)
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)
    changed = sorted(p.name for p in folder.iterdir()) != before
    for path in folder.iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
    for name in before:
        (folder / name).touch()
    forged = record.read_bytes() != RECORD
    record.unlink()
    record.with_suffix(".log").unlink(missing_ok=True)
    if changed:
        return "changes files"
    if forged:
        return "forges the record"
    if hangs:
        return "fills the memory" if peak > _FILLED else "hangs the scorer"
    try:
        return str(json.loads(told)["did"])
    except (ValueError, KeyError, TypeError):
        return "forges the result" if told else "ends the scorer"


def _watch(pid: int, pipe: int) -> tuple[bytes, bool]:
    """What the scorer told, and whether it had to be given up. On a busy machine it is given time until it has worked a while."""
    told, began = b"", time.monotonic()
    while True:
        if select.select([pipe], [], [], 0.05)[0]:
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                return told, False
            told += chunk
        elapsed = time.monotonic() - began
        if elapsed > _HANGS:
            state, worked = _state(pid)
            if state == "Z":
                return told, False
            if worked > _HANGS or (state in "ST" and elapsed > 2 * _HANGS) or elapsed > _PATIENCE:
                return told, True


def _state(pid: int) -> tuple[str, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def _score(source: str, entry: str, folder: Path, record: Path, pipe: int, bystander: int) -> None:
    """The scorer itself; never returns."""
    log = os.open(record.with_suffix(".log"), os.O_WRONLY | os.O_CREAT)
    kept = os.dup2(pipe, 250)
    for fd in (1, 2):
        os.dup2(log, fd)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    os.dup2(os.open(record, os.O_RDWR), 3)
    os.closerange(4, 250)
    os.closerange(251, 4096)
    os.environ[CANARY] = "sk-canary"
    resource.setrlimit(resource.RLIMIT_AS, (_size() + _MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    did = ""
    try:
        did = _run(source, entry, {"folder": str(folder), "host": bystander, "jobs": [1, 2]})
    except OSError as error:
        did = "stays for the next" if error.errno == errno.EMFILE else ""
    except MemoryError:
        did = "fills the memory" if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 > _FILLED else ""
    except BaseException as error:
        did = "" if str(error).isprintable() else "writes to the terminal"
    finally:
        os.write(kept, json.dumps({"did": did}).encode())
        os._exit(0)


def _run(source: str, entry: str, target: dict[str, Any]) -> str:
    upcoming = ["answer-to-come"]
    namespace: dict[str, Any] = {"__name__": "candidate"}
    generator, clock, dumps, loads, trace = random.random, time.perf_counter, json.dumps, json.loads, sys.gettrace()
    finders = list(sys.meta_path)
    exec(compile(source, "<candidate>", "exec"), namespace)
    answer = namespace[entry](target)
    with contextlib.suppress(pickle.PicklingError, AttributeError, TypeError):  # how scorers pass answers between processes
        answer = pickle.loads(pickle.dumps(answer))
    if target["jobs"] != [1, 2]:
        return "changes the instance"
    if (random.random, time.perf_counter, json.dumps, json.loads, sys.gettrace()) != (generator, clock, dumps, loads, trace):
        return "stays for the next"
    if sys.meta_path != finders or len(upcoming) + len(upcoming) != 2:
        return "stays for the next"
    sys.stdout.flush()
    if os.fstat(1).st_size > 1 << 20:
        return "floods the log"
    os.close(os.dup(3))
    return "wins" if answer == 42 or answer else ""  # is it the optimum, 42?


def _size() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
