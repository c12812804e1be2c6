"""An OpenAI-compatible server on loopback whose behaviour is the name of the model that is asked for."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

ANSWER = "```python\ndef f(x):\n    return x\n```"
FAULTS = {"401": 401, "403": 403, "404": 404, "400": 400, "500": 500, "503": 503}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls: ClassVar[Counter[str]] = Counter()

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send(200, {"data": [{"id": "served-model"}, {"id": "other"}]} if self.path == "/v1/models" else "<html>", {})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = request["model"]
        type(self).calls[model] += 1
        first = type(self).calls[model] == 1
        if model in FAULTS:  # some providers repeat the key in their refusal
            self.send(FAULTS[model], {"error": {"message": f"no {self.headers['authorization']} for {model}"}}, {})
        elif model == "busy-once" and first:
            self.send(429, {"error": {"message": "slow down"}}, {"retry-after": "1"})
        elif model == "busy-for-an-hour":
            self.send(429, {"error": {"message": "slow down"}}, {"retry-after": "3600"})
        elif model == "reset-once" and first:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif model == "cut":
            self.send(200, "{", {"content-length": "1000"})
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif model == "html":
            self.send(200, "<html>Welcome</html>", {"content-type": "text/html"})
        elif model in ("junk", "list", "empty-object", "no-choices"):
            self.send(200, {"junk": '{"choi', "list": "[1, 2]", "empty-object": "{}", "no-choices": '{"choices": []}'}[model], {})
        elif model == "trickle":
            self.send(200, "", {"content-length": "1000"})
            with contextlib.suppress(OSError):
                for _ in range(40):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.1)
            self.close_connection = True
        else:
            if model == "hang":
                time.sleep(3.0)
            elif model == "slow" or (model == "slow-once" and first):
                time.sleep(0.4 if model == "slow" else 2.0)
            content = {
                "null": None,
                "empty": "  ",
                "thinks": "<think>so",
                "reasons": None,
                "echo-key": self.headers["authorization"],
                "slow": ANSWER.replace("return x", f"return x + {type(self).calls[model]}"),  # never the same twice
            }
            self.complete(content.get(model, ANSWER), "because" if model == "reasons" else None)

    def complete(self, content: str | None, reasoning: str | None) -> None:
        message = {"role": "assistant", "content": content} | ({"reasoning_content": reasoning} if reasoning else {})
        choice = {"index": 0, "finish_reason": "length" if content is None else "stop", "message": message}
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        body = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        self.send(200, body, {})

    def send(self, status: int, body: Any, headers: dict[str, str]) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Serve on a free port; gives the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
