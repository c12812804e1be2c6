"""An OpenAI-compatible server that gives exactly the odd answer: which one is decided by the model that is asked for."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

PROGRAM = "```python\ndef f(x, a):\n    return a * x\n```"
TOLD = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class Asked(NamedTuple):
    """One request: its body and headers, and how many there have been for this model, it included."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    count: int


class Answer(NamedTuple):
    """One answer. A body that is no text or bytes is sent as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = {}


Reply = Callable[[Asked], Answer]
"""How the server answers for one model."""


def ok(content: Any = PROGRAM, finish: str | None = "stop", usage: Any = TOLD, **message: Any) -> dict[str, Any]:
    """A chat completion; `usage` None leaves the tokens out."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    body = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    return body if usage is None else body | {"usage": usage}


def always(body: Any, status: int = 200, **headers: str) -> Reply:
    """The same answer to every request."""
    return lambda asked: Answer(body, status, headers)


def refuses(said: str, unless: Callable[[Mapping[str, Any]], bool], status: int = 400, then: Reply | None = None) -> Reply:
    """A refusal with these words until the body is as it has to be."""

    def reply(asked: Asked) -> Answer:
        return (
            (then or always(ok()))(asked)
            if unless(asked.body)
            else Answer({"error": {"message": said, "type": "invalid_request_error"}}, status)
        )

    return reply


def sse(*texts: str, finish: str | None = "stop", done: bool = True, usage: Any = TOLD) -> str:
    """A stream of pieces."""
    base = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    pieces: list[dict[str, Any]] = [
        {"index": 0, "delta": {"role": "assistant", "content": t}, "finish_reason": None} for t in texts
    ]
    if finish:
        pieces.append({"index": 0, "delta": {}, "finish_reason": finish})
    chunks = [{**base, "choices": [piece]} for piece in pieces]
    if usage is not None:
        chunks.append({**base, "choices": [], "usage": usage})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + ("data: [DONE]\n\n" if done else "")


@dataclass
class Served:
    """A server at work: where it is, how it answers, what it was asked."""

    base: str
    replies: dict[str, Reply]
    listed: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def last(self) -> Asked:
        """The last request."""
        return self.asked[-1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        served: Served = self.server.served
        self._send(Answer({"data": [{"id": name} for name in served.listed]}, 200 if served.listed else 404))

    def do_POST(self) -> None:
        served: Served = self.server.served
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = str(body["model"])
        with served.lock:
            served.counts[name] += 1
            asked = Asked(body, {k.lower(): v for k, v in self.headers.items()}, served.counts[name])
            served.asked.append(asked)
        missing = always({"error": {"message": f"The model `{name}` does not exist", "code": "model_not_found"}}, 404)
        self._send(served.replies.get(name, served.replies.get("*", missing))(asked))

    def _send(self, answer: Answer) -> None:
        body = answer.body
        data = (
            body
            if isinstance(body, bytes)
            else (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "surrogatepass")
        )
        self.send_response(answer.status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(data))} | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)


@contextlib.contextmanager
def serve(replies: Mapping[str, Reply], listed: list[str] | None = None, port: int = 0) -> Iterator[Served]:
    """Serve on a free port, or on a given one; `*` answers for models that have no reply of their own."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_address[1]}/v1", dict(replies), listed or [])
    server.served = served  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
