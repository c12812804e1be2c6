"""Access control of the dashboard: host names, origins and the token."""

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
"""The only path without a cookie; it answers `ok`."""

NAME = "Unknown host name. Open the address that `evolve ui` printed, or allow another name with `evolve ui --name NAME`."
ORIGIN = "Requests from other sites are refused. Open the address that `evolve ui` printed."
COOKIE = "This browser has no valid token. Open the complete address that `evolve ui` printed, including ?token=."

_SHELL = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def policy() -> str:
    """Return the content security policy: only files of this server, no inline scripts, no framing by other sites.

    Text of models, problems and runs folders is escaped; if any of it ever became markup, it could neither run code nor
    send requests. Streamlit's workers and the code of components are blobs.
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
    """Return name, in lower case, and port of a `Host` header or an origin; None if it is invalid.

    Parameters
    ----------
    text
        `NAME` or `NAME:PORT`; IPv6 addresses are in brackets.
    port
        Port of a name without one.
    """
    found = _HOST.fullmatch(text)
    return (found["name"].lower(), int(found["port"] or port)) if found else None


def bracketed(host: str) -> str:
    """Return a host as written in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


class Door:
    """ASGI middleware for access control over HTTP and WebSocket; refused requests get status 403 and one line.

    Parameters
    ----------
    app
        The application to protect.
    names
        Allowed host names besides loopback, as `NAME` or `NAME:PORT`; a name alone means the port of the server.
    any_address
        Whether every IP address is allowed as a host name, for a server that listens on all addresses. This is safe:
        DNS rebinding needs a name.
    token
        Secret token of the printed address; None: no token is needed.
    """

    def __init__(self, app: ASGIApp, *, names: tuple[str, ...] = (), any_address: bool = False, token: str | None) -> None:
        self._app, self._token, self._any_address = app, token, any_address
        self._names = ("127.0.0.1", "localhost", "[::1]", *names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request or pass it on."""
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
        """Return the answer to a request that is not passed on; None if it is passed on."""
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
        """Set the cookie and redirect to the same address without the token, which keeps it out of the browser's history."""
        rest = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != "token"]
        # A single slash: two would make it the address of another server.
        where = "/" + quote(request.scope["path"].lstrip("/")) + ("?" + urlencode(rest) if rest else "")
        answer = RedirectResponse(where, 303, {"cache-control": "no-store"})
        answer.set_cookie(_cookie_name(port), self._cookie(port), secure=secure, httponly=True, samesite="strict")
        return answer

    def _cookie(self, port: int) -> str:
        """Return the cookie's value, derived from the token because cookies are sent to all servers of a host."""
        return hmac.new((self._token or "").encode(), f"evolve {port}".encode(), hashlib.sha256).hexdigest()


def _cookie_name(port: int) -> str:
    return f"evolve_{port}"  # cookies ignore ports: two dashboards would overwrite each other's


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
