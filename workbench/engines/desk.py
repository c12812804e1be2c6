"""The engine's end of the channel to its run: one connection for each process."""

from __future__ import annotations

import json
import os
import threading
from multiprocessing.connection import Client, Connection
from typing import Any

from workbench.engines.protocol import NoAnswer, Outcome, Start

ADDRESS = "EVOLVE_ENGINE_DESK"
"""Environment variable with the path of the run's socket; processes that an engine starts inherit it."""


class RemoteDesk:
    """A `Desk` over a socket. After a fork the child connects by itself."""

    def __init__(self, address: str) -> None:
        self._address, self._lock = address, threading.Lock()
        self._connection: Connection | None = None
        self._owner = 0

    def start(self) -> Start:
        """Return what the engine may know."""
        return Start.from_json(self._exchange({"start": True}))

    def ask(self, system: str, user: str, parent: str) -> str:
        """Ask a model; see `Desk`."""
        answer = self._exchange({"system": system, "user": user, "parent": parent})
        if answer["error"]:
            raise NoAnswer(answer["error"])
        return str(answer["text"])

    def evaluate(self, source: str) -> Outcome:
        """Have a program evaluated; see `Desk`."""
        return Outcome.from_json(self._exchange({"source": source}))

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._owner != os.getpid():  # a lock that was held during a fork is never released in the child
            self._lock, self._owner = threading.Lock(), os.getpid()
            self._connection = Client(self._address, family="AF_UNIX")
        with self._lock:
            assert self._connection is not None
            self._connection.send_bytes(json.dumps(message).encode())
            answer: dict[str, Any] = json.loads(self._connection.recv_bytes())
        if "broken" in answer:
            raise ValueError(answer["broken"])
        return answer


_mine: RemoteDesk | None = None


def here() -> RemoteDesk:
    """Return the desk of this process, which the environment names."""
    global _mine
    if _mine is None:
        _mine = RemoteDesk(os.environ[ADDRESS])
    return _mine
