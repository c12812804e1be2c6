"""Who may reach the dashboard: a browser that has shown the token, under a name that the server was started for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

HEALTH = "/_stcore/health"
"""The one path that is answered without a cookie: it says `ok` and nothing else."""

NAME = "Unknown host name. Open the address that `evolve ui` printed, or allow another name with `evolve ui --name NAME`."
ORIGIN = "Requests from other sites are refused. Open the address that `evolve ui` printed."
COOKIE = "This browser has no valid token. Open the complete address that `evolve ui` printed, including ?token=."

_SHELL = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def policy() -> str:
    """What the pages may load: this server's files alone, no script that is written into a page, and into no foreign frame.

    What a model, a problem or a runs folder says is shown as text; should some of it ever get into a page as markup, then it
    can run nothing and ask nobody. Blobs are Streamlit's workers and the code of components.
    """
    inline = _INLINE.findall(_SHELL.read_text(encoding="utf-8"))
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline)
    return (
        f"default-src 'self'; script-src 'self' blob: {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    )


HEADERS = {
    "content-security-policy": policy(),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_STANDARD_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def parse_host(text: str, port: int) -> tuple[str, int] | None:
    """Name and port of a `Host` header or the like, in lower case; None where it is none.

    Parameters
    ----------
    text
        `NAME` or `NAME:PORT`; an IPv6 address stands in brackets.
    port
        The port that a name alone means.
    """
    found = _HOST.fullmatch(text)
    return (found["name"].lower(), int(found["port"] or port)) if found else None


def bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


class Door:
    """ASGI middleware that lets in who may come in, over HTTP and WebSocket alike; everybody else gets 403 and one line.

    Parameters
    ----------
    app
        What stands behind the door.
    names
        `NAME` or `NAME:PORT`, besides the names of loopback; a name alone stands for the port that is listened on.
    any_address
        Whether every IP address is a good name, for a server that listens on all of them: no address of another
        site's page can be led here under an IP address.
    token
        What the printed address ends with; None lets in all who know a good name.
    """

    def __init__(self, app: ASGIApp, *, names: tuple[str, ...] = (), any_address: bool = False, token: str | None) -> None:
        self._app, self._token, self._any_address = app, token, any_address
        self._names = ("127.0.0.1", "localhost", "[::1]", *names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request at the door or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = self._answer(HTTPConnection(scope))
        if answer is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(answer)
        else:
            await answer(scope, receive, _with_headers(send))

    def _answer(self, request: HTTPConnection) -> Response | None:
        """What is said at the door; None to those who may pass."""
        scheme = request.scope["scheme"]
        port = request.scope["server"][1]
        hosts = request.headers.getlist("host")
        host = parse_host(hosts[0], _STANDARD_PORTS[scheme]) if len(hosts) == 1 else None
        if host is None or not self._answers_to(host, port):
            return _refusal(NAME)
        if not all(_origin(text) == host for text in request.headers.getlist("origin")):
            return _refusal(ORIGIN)
        if self._token is None or request.scope["path"] == HEALTH:
            return None
        if request.scope["type"] == "http" and request.scope["method"] == "GET" and self._shown(request):
            return self._let_in(request, port, secure=scheme == "https")
        found = request.cookies.get(_cookie_name(port), "")
        return None if _same(found, self._cookie(port)) else _refusal(COOKIE)

    def _answers_to(self, host: tuple[str, int], port: int) -> bool:
        if self._any_address and host[1] == port and _is_address(host[0]):
            return True
        return host in [parse_host(name, port) for name in self._names]

    def _shown(self, request: HTTPConnection) -> bool:
        return any(_same(value, self._token or "") for value in request.query_params.getlist("token"))

    def _let_in(self, request: HTTPConnection, port: int, secure: bool) -> Response:
        """Give the cookie, and lead to the same address without the token, so that it stays in no history."""
        rest = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != "token"]
        # One slash: what begins with two is the address of another server.
        where = "/" + quote(request.scope["path"].lstrip("/")) + ("?" + urlencode(rest) if rest else "")
        answer = RedirectResponse(where, 303, {"cache-control": "no-store"})
        answer.set_cookie(_cookie_name(port), self._cookie(port), secure=secure, httponly=True, samesite="strict")
        return answer

    def _cookie(self, port: int) -> str:
        """What a browser shows instead of the token: cookies go to all servers of a host, and the token need not."""
        return hmac.new((self._token or "").encode(), f"evolve {port}".encode(), hashlib.sha256).hexdigest()


def _cookie_name(port: int) -> str:
    return f"evolve_{port}"  # cookies know no ports: two dashboards would take each other's away


def _origin(text: str) -> tuple[str, int] | None:
    scheme, found, rest = text.partition("://")
    return parse_host(rest, _STANDARD_PORTS[scheme]) if found and scheme in _STANDARD_PORTS else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


def _refusal(line: str) -> Response:
    return PlainTextResponse(line + "\n", 403, {"cache-control": "no-store"})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
