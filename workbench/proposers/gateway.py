"""Model calls in a separate process: both ends of the channel.

Importing litellm takes seconds and 150 MB, and each call through it several milliseconds of Python. In a separate process, this
neither slows down the loop nor uses its memory. Endpoints that speak OpenAI's protocol are called there without it. A model
that this machine runs has a process of its own. No key crosses the channel, only requests and answers.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

from workbench.errors import ModelError
from workbench.proposers.exchange import ModelAnswer, ModelRequest
from workbench.proposers.headers import variables_in
from workbench.proposers.keys import without_keys
from workbench.system.process import die_with_parent
from workbench.system.redact import redactor

LOCAL = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LOGGING_EXECUTOR_MAX_PENDING_TASKS": "0",
    "LITELLM_MODE": "PRODUCTION",
}
"""Environment for litellm. It reads its installed tables instead of downloading them, so that only model endpoints are contacted,
skips work for callbacks (none are registered), which is a quarter of a call's CPU time, and ignores any file `.env` in the current
folder, which could name an endpoint for the keys of the environment."""

_HERE = "localhost,127.0.0.1,::1"
"""Hosts that are asked without any proxy that the environment names."""

_HEADER = struct.Struct(">I")
_MOST_BYTES = 64 << 20
_MOST_CALLS = 4096  # concurrent calls; the loop's limit is far lower
_START_SECONDS = 90.0
_SLACK_SECONDS = 15.0  # beyond the client library's own timeout, which a slow trickle of bytes can outlast

# --------------------------------------------------------------------------- loop side


class Gateway:
    """Starts the gateway process at the first call, restarts it if it dies, and ends it with `close`. Thread-safe.

    Parameters
    ----------
    variables
        Environment variables with the only keys that the process gets; None: the whole environment.
    file
        A model to run in that process, in the format GGUF; None: models are called through LiteLLM.
    """

    def __init__(self, variables: frozenset[str] | None = None, file: Path | None = None) -> None:
        self._variables, self._file = variables, file
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._peer: _Peer | None = None
        self._numbers = 0
        self._fruitless = 0  # consecutive gateway processes that died before any answer
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id while the gateway is running, otherwise None."""
        peer = self._peer
        return peer.process.pid if peer and peer.process else None

    def call(self, request: ModelRequest) -> ModelAnswer:
        """Make one call and wait for its answer. Failures are reported in the answer.

        Raises
        ------
        ModelError
            The model of this machine cannot be loaded, or the process cannot be started.
        """
        with self._lock:
            if self._closed:
                return ModelAnswer(kind="lost", error="the run is closing")
            if self._peer is None or self._peer.gone:
                if self._peer is not None:
                    self._fruitless = 0 if self._peer.answered else self._fruitless + 1
                if self._fruitless > 1:
                    return ModelAnswer(kind="lost", error="the gateway process died twice without an answer")
                self._peer = _Peer(self._variables, self._file)
            peer = self._peer
            self._numbers += 1
            number = self._numbers
        return peer.call(number, request, self._sending)

    def close(self) -> None:
        """End the process; calls in flight fail as lost."""
        with self._lock:
            self._closed = True
            peer, self._peer = self._peer, None
        if peer is not None:
            peer.kill()


class _Peer:
    """One gateway process, and the thread that started it and reads from it."""

    def __init__(self, variables: frozenset[str] | None, file: Path | None) -> None:
        self._variables, self._file = variables, file
        self.process: subprocess.Popen[bytes] | None = None
        self.gone = False
        self.answered = False
        self._link, self._far = socket.socketpair()
        self._waiting: dict[int, Future[ModelAnswer]] = {}
        self._guard = threading.Lock()
        self._ready: Future[str] = Future()
        # A parent-death signal refers to the *thread* that forks: the reader lives exactly as long as its process.
        self._reader = threading.Thread(target=self._live, name="gateway", daemon=True)
        self._reader.start()

    def call(self, number: int, request: ModelRequest, sending: threading.Lock) -> ModelAnswer:
        future: Future[ModelAnswer] = Future()
        with self._guard:
            if self.gone:
                return _lost()
            self._waiting[number] = future
        try:
            with sending:
                _send(self._link, {"number": number, **request._asdict()})
            fault = self._ready.result(_START_SECONDS)
            if fault:
                raise ModelError(fault)
            return future.result(request.timeout + _SLACK_SECONDS)
        except FutureTimeout:  # before OSError, its base class
            return ModelAnswer(kind="timeout", error=f"no answer within {request.timeout:g} s")
        except OSError:
            return _lost()
        finally:
            with self._guard:
                self._waiting.pop(number, None)

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        if self.process is not None:
            self.process.kill()
        self._reader.join(5.0)

    def _live(self) -> None:
        try:
            self.process = _spawn(self._far, self._variables, self._file)
        except OSError as error:
            self._ready.set_result(f"the gateway process cannot be started: {error}")
        self._far.close()
        try:
            for message in _receive(self._link):
                if "ready" in message:
                    self._ready.set_result(message["ready"])
                    continue
                with self._guard:
                    future = self._waiting.get(message.pop("number"))
                if future is not None:
                    self.answered = True
                    future.set_result(ModelAnswer(**message))
        except (OSError, ValueError):
            pass  # closed in the middle of a frame: same as a regular end
        with self._guard:
            self.gone = True
            waiting, self._waiting = list(self._waiting.values()), {}
        if not self._ready.done():
            self._ready.set_result("")
        for future in waiting:
            if not future.done():
                future.set_result(_lost())
        self._link.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def _lost() -> ModelAnswer:
    return ModelAnswer(kind="lost", error="the gateway process died")


def _spawn(link: socket.socket, variables: frozenset[str] | None, file: Path | None) -> subprocess.Popen[bytes]:
    environment = dict(os.environ) if variables is None else without_keys(os.environ, variables)
    root = str(Path(__file__).resolve().parents[2])
    code = "import sys; sys.path.append(sys.argv[1]); from workbench.proposers.gateway import serve; serve(int(sys.argv[2]))"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, root, str(link.fileno()), str(os.getpid()), *([str(file)] if file else [])],
        env={**environment, **LOCAL, **_no_proxy(environment)},
        pass_fds=[link.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # client libraries may print keys there
        start_new_session=True,  # Ctrl-C reaches only the loop, which lets calls in flight finish
    )


def _no_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    kept = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return dict.fromkeys(("no_proxy", "NO_PROXY"), f"{kept},{_HERE}".strip(","))


# --------------------------------------------------------------------------- frames


def _send(link: socket.socket, message: Mapping[str, Any]) -> None:
    body = json.dumps(message).encode()
    link.sendall(_HEADER.pack(len(body)) + body)


def _receive(link: socket.socket) -> Iterator[dict[str, Any]]:
    with link.makefile("rb") as stream:
        while len(header := stream.read(_HEADER.size)) == _HEADER.size:
            (size,) = _HEADER.unpack(header)
            if size > _MOST_BYTES:
                raise ValueError(f"a frame of {size:,} bytes")
            body = stream.read(size)
            if len(body) < size:
                return
            yield json.loads(body)


# --------------------------------------------------------------------------- gateway side


def serve(descriptor: int) -> None:
    """Answer requests until the channel closes; main function of the gateway process."""
    die_with_parent(int(sys.argv[3]))  # on other systems than Linux, the closed channel ends the process
    link, sending = socket.socket(fileno=descriptor), threading.Lock()

    def answer(message: dict[str, Any]) -> None:
        number = message.pop("number")
        request = ModelRequest(**message)
        result, strike = complete(request), redactor(os.environ, variables_in(request.headers))
        result = result._replace(text=strike(result.text), error=strike(result.error)[:500])
        with sending, contextlib.suppress(OSError):
            _send(link, {"number": number, **result._asdict()})

    try:
        complete = _loaded(sys.argv[4]) if len(sys.argv) > 4 else _called()
    except (ImportError, RuntimeError) as error:
        _send(link, {"ready": str(error)})
    else:
        gc.set_threshold(50_000, 20, 50)
        _send(link, {"ready": ""})
    # It starts a thread only when all others are busy; a hanging call does not block others.
    threads = ThreadPoolExecutor(_MOST_CALLS)
    with contextlib.suppress(OSError, ValueError):
        for message in _receive(link):
            threads.submit(answer, message)
    os._exit(0)


def _called() -> Callable[[ModelRequest], ModelAnswer]:
    from workbench.proposers.completion import complete

    return complete


def _loaded(file: str) -> Callable[[ModelRequest], ModelAnswer]:
    try:
        from workbench.proposers.llama import Llama
    except ImportError as error:
        raise ImportError(f"xllamacpp cannot be imported ({error}); pip install 'evolve-workbench[local]'") from error
    try:
        return Llama(file).complete
    except Exception as error:  # what the library raises is not documented
        raise RuntimeError(f"{file} cannot be loaded: {error}") from error
