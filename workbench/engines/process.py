"""The process that an engine runs in, and the socket through which it reaches its run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, BinaryIO

from workbench.engines.desk import ADDRESS
from workbench.formatting import last_line
from workbench.proposers.keys import without_keys

Answering = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers the messages of one connection in turn."""

_CODE = "import json, sys; sys.path += json.loads(sys.argv[1]); from workbench.engines.host import main; main()"
_LOG_BYTES = 4000
_PATIENCE = 10.0


class EngineProcess:
    """Runs an engine in a session of its own without keys, and answers its connections until it is closed.

    Parameters
    ----------
    name, options
        Arguments of `engines.make`.
    line
        Makes what answers a connection; an exception from it ends the connection.
    ended
        Called, with the end of what the process printed, if it ends by itself.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        line: Callable[[], AbstractContextManager[Answering]],
        ended: Callable[[str], None],
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="evolve-engine-"))
        self._address = str(self._folder / "desk")
        self._arguments = [name, json.dumps(dict(options))]
        self._line, self._ended, self._closed = line, ended, False
        self._listener = Listener(self._address, family="AF_UNIX", backlog=128)
        self._process: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._accept, name="engine-desk", daemon=True).start()
        # A parent-death signal refers to the thread that forks: this one lives exactly as long as the process.
        self._keeper = threading.Thread(target=self._live, name="engine", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int:
        """Process id; 0 before it has started."""
        return self._process.pid if self._process else 0

    def close(self) -> None:
        """End the process and all that it started."""
        self._closed = True
        self._kill()
        self._keeper.join(_PATIENCE)
        with contextlib.suppress(OSError), Client(self._address, family="AF_UNIX"):
            pass  # wakes the thread that accepts
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _live(self) -> None:
        place = self._folder / "work"
        place.mkdir()
        with (self._folder / "log").open("w+b") as log:
            found = [str(Path(__file__).resolve().parents[2]), *(str(Path(entry).absolute()) for entry in sys.path)]
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _CODE, json.dumps(found), str(os.getpid()), *self._arguments],
                    cwd=place, env={**without_keys(os.environ, ()), ADDRESS: self._address},
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                return self._ended(f"it cannot be started: {error.strerror}")
            if self._closed:
                self._kill()
            self._process.wait()
            self._kill()  # what it started may have outlived it
            if not self._closed:
                self._ended(_end_of(log) or f"it ended with code {self._process.returncode}")
        return None

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError):
                continue
            threading.Thread(target=self._serve, args=(connection,), name="engine-line", daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with connection, self._line() as answer, contextlib.suppress(EOFError, OSError):
            while True:
                answered = answer(json.loads(connection.recv_bytes()))
                connection.send_bytes(json.dumps(answered).encode())


def _end_of(log: BinaryIO) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_BYTES))
    return last_line(log.read())[:300]
