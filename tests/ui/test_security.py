"""The dashboard to somebody who means ill: no file, code or SQL from an address; loopback, its own origin, no key shown."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.integration.faulty_model import KEY, books
from tests.ui.conftest import Open
from tests.ui.served import UPGRADE, Served, serve
from tests.ui.test_pages import sound
from ui.server import TOKEN, take_token
from workbench.store import Reader

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "run": ("run", "tab"), "program": ("run", "n", "tab"), "compare": ("p", "run", "split", "tab"),
    "problems": ("problem", "tab", "program", "split"), "playground": ("problem", "source"), "settings": ("tab",), "runs": ("run",),
}  # fmt: skip
"""Pages with what an address can say to them."""


def addresses(page: str, wrongs: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Each wrong value at one name of a page, in turn, and the first one at all names together."""
    for k, name in enumerate(PAGES[page]):
        yield {"run": "done", name: wrongs[k % len(wrongs)]}
    yield dict.fromkeys(PAGES[page], wrongs[0])


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A problem that leaves a mark when it is loaded, and a secret beside it."""
    folder = tmp_path / "family" / "trap"
    (folder / "programs").mkdir(parents=True)
    (folder / "problem.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
    (folder / "programs" / "seed.py").write_text("secret = 'a-secret-in-a-file'\n")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_no_address_names_a_file_or_loads_a_problem(folder: Path, trap: Path, open_page: Open, page: str) -> None:
    seed = trap / "programs" / "seed.py"
    for said in addresses(page, (str(trap), f"{seed}:0", "../" * 12 + str(seed)[1:], str(seed))):
        app = open_page(folder, page, **said)
        sound(app)
        assert b"a-secret-in-a-file" not in everything(app), said
    assert not (trap.parents[1] / "sprung").exists()


@pytest.mark.parametrize("page", PAGES)
def test_no_address_is_part_of_a_query(folder: Path, open_page: Open, page: str) -> None:
    store = Reader(folder)
    before = [(row.id, row.status, row.attempts) for row in store.runs()]
    for said in addresses(page, ("done' OR '1'='1", "done'; DROP TABLE runs; --", 'done" UNION SELECT * FROM calls --')):
        sound(open_page(folder, page, **said))
    assert [(row.id, row.status, row.attempts) for row in store.runs()] == before
    store.close()


FIXED = {
    "number", "where", "_CANDIDATE", "verb", "table", "names", "marks", "self", "query", "statement", "expression", "TRIAL",
    "WITH_TRIAL", "estimated", "UNPRICED",
}  # fmt: skip
"""Names in the texts of queries: each was looked at, and none holds what a person, a model or an address said."""

ASKING = ("execute", "executemany", "executescript", "_rows", "_trusted")


def test_queries_are_texts_of_our_own() -> None:
    seen, strangers = 0, set()
    for path in [p for folder in ("workbench", "ui") for p in (ROOT / folder).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and getattr(node.func, "attr", "") in ASKING:
                seen += 1
                names = {n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)}
                strangers |= {f"{path.name}:{node.lineno}: {name}" for name in names - FIXED}
    assert seen > 30 and not strangers


# --------------------------------------------------------------------------- the server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A dashboard as `evolve ui` starts it, though the person's own settings would open it up."""
    home = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "config.toml").write_text(
        """[server]
enableXsrfProtection = false
enableCORS = false
address = "0.0.0.0"
baseUrlPath = "elsewhere"
enableStaticServing = true
enableAgentApi = true
corsAllowedOrigins = ["http://elsewhere.example"]
[global]
developmentMode = true
[logger]
level = "debug"
"""
    )
    with serve(home / "runs", environ={"HOME": str(home)}) as served:
        yield served


def test_it_listens_on_loopback_alone(server: Served) -> None:
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {row[1].partition(":")[0] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == server.port}
    assert listening == {"0100007F"}


def test_the_printed_address_lets_a_browser_in(server: Served) -> None:
    status, headers, _ = server.ask("GET", f"/run?run=a%26b&token={server.token}&tab=Log")
    assert (status, headers["location"]) == (303, "/run?run=a%26b&tab=Log"), "the same address without the token"
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(headers["set-cookie"].split("; "))
    cookie = server.cookie()
    assert server.token not in cookie and str(server.port) in cookie.partition("=")[0]
    assert server.ask("GET", "/run", cookie=cookie)[0] == 200
    for name in ("127.0.0.1", "localhost", "[::1]"):
        here = f"{name}:{server.port}"
        assert server.socket(host=here, origin=f"http://{here}", cookie=cookie) == 101
    assert server.socket(cookie=cookie) == 101, "a program that is no browser names no origin"


def test_no_redirect_leads_to_another_server(server: Served) -> None:
    for path in ("//elsewhere.example/", "/%2f/elsewhere.example/", "/\\elsewhere.example/", "/%5celsewhere.example/"):
        _, headers, _ = server.ask("GET", f"{path}?token={server.token}")
        assert re.match(r"/(?![/\\])", headers["location"])


REACHED = (
    ("GET", "/"), ("HEAD", "/"), ("GET", "/program?run=latest"), ("GET", "/static/js/none.js"), ("GET", "/_stcore/host-config"),
    ("GET", "/_stcore/metrics"), ("GET", "/_stcore/agent/openapi.json"), ("POST", "/_stcore/agent/interact"),
    ("POST", "/_stcore/agent/mcp"), ("PUT", "/_stcore/upload_file/session/file"), ("DELETE", "/_stcore/upload_file/session/file"),
    ("GET", "/media/none.png"), ("GET", "/component/none/index.html"), ("GET", "/_stcore/bidi-components/none/index.js"),
    ("OPTIONS", "/_stcore/upload_file/session/file"), ("POST", "/"), ("GET", "/_stcore/health/../host-config"),
    ("GET", "/_stcore/script-health-check"), ("GET", "/auth/login"), ("GET", "/app/static/app.py"),
)  # fmt: skip


def test_nobody_else_reaches_anything(server: Served) -> None:
    name, _, value = server.cookie().partition("=")
    wrong = ("", server.token, value[:-1], value + "0", "0" * 64, "\xff")
    strangers = [{}, *({"cookie": f"{name}={text}"} for text in wrong), {"cookie": f"evolve={value}"}]
    for method, path in REACHED:
        for headers in strangers if path == "/" else strangers[:2]:
            status, _, body = server.ask(method, path, content_length="0", **headers)
            assert status == 403 and (method == "HEAD" or b"evolve ui" in body), (method, path, headers)
    assert [server.socket(**headers) for headers in strangers] == [403] * len(strangers)
    for token in ("", "a", server.token[:-1], server.token + "a", "%00", "%ff", server.token.swapcase()):
        status, headers, body = server.ask("GET", f"/?token={token}")
        assert status == 403 and "set-cookie" not in headers and body.count(b"\n") == 1
    assert server.ask("POST", f"/?token={server.token}", content_length="0")[0] == 403, "a token opens nothing but a page"
    assert server.ask("GET", "/_stcore/stream?token=" + server.token, **UPGRADE)[0] == 403


def test_a_name_that_was_led_here_is_sent_away(server: Served) -> None:
    cookie, port = server.cookie(), server.port
    names = ("elsewhere.example", f"elsewhere.example:{port}", f"127.0.0.1.elsewhere.example:{port}", f"localhost.:{port}", "",
             "127.0.0.1", f"127.0.0.1:{port - 1}", f"0.0.0.0:{port}", f"user@127.0.0.1:{port}", f"127.0.0.1:{port}/")  # fmt: skip
    for name in names:
        assert server.socket(host=name, origin=f"http://{name}", cookie=cookie) == 403, name
        for path in ("/", "/_stcore/health", f"/?token={server.token}"):
            status, headers, body = server.ask("GET", path, host=name, cookie=cookie)
            assert status == 403 and "set-cookie" not in headers and b"--name" in body, (name, path)


def test_a_page_of_another_origin_is_sent_away(server: Served) -> None:
    cookie, port = server.cookie(), server.port
    others = (
        "http://elsewhere.example", f"http://elsewhere.example:{port}", f"http://127.0.0.1:{port - 1}", "http://127.0.0.1", "null",
        f"http://localhost:{port}", f"file://127.0.0.1:{port}", "http://", f"http://127.0.0.1:{port}.example",
    )  # fmt: skip
    for origin in others:
        assert server.socket(origin=origin, cookie=cookie) == 403, origin
        for method, path in (("GET", "/"), ("PUT", "/_stcore/upload_file/session/file"), ("POST", "/_stcore/agent/interact")):
            assert server.ask(method, path, origin=origin, cookie=cookie, content_length="0")[0] == 403, (method, path, origin)
    own = f"http://127.0.0.1:{port}"
    assert server.ask("PUT", "/_stcore/upload_file/session/file", origin=own, cookie=cookie, content_length="0")[0] == 403, (
        "Streamlit wants its own token against forged requests besides"
    )


def test_pages_load_nothing_from_elsewhere_and_stand_in_no_frame(server: Served) -> None:
    for path in ("/", "/_stcore/host-config"):
        _, headers, _ = server.ask("GET", path, cookie=server.cookie())
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy and "unsafe-eval" not in policy
        assert not re.search(r"http|script-src[^;]*unsafe", policy)
        assert headers["x-content-type-options"] == "nosniff"


def test_the_token_is_in_no_process_list_no_log_and_no_child(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    server.socket(cookie=server.cookie(), host="elsewhere.example")
    for path in (f"/?token={server.token}", f"/nowhere?token={server.token}", f"/_stcore/stream?token={server.token}"):
        server.ask("GET", path)
    command = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert b"server.py" in command, "the command has become the server, so that whoever ends it ends the server"
    assert server.token.encode() not in command
    assert server.log.read_text().count(server.token) == 1 and server.cookie().partition("=")[2] not in server.log.read_text()
    monkeypatch.setenv(TOKEN, "a token of one's own")
    assert take_token(True) == "a token of one's own" and TOKEN not in os.environ, "what is started from a page inherits nothing"


def test_ctrl_c_ends_it_without_a_word(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(30) == 130
        assert served.log.read_text().count("\n") == 1, "the address alone"


def test_a_token_of_ones_own_names_of_ones_own_and_none(tmp_path: Path) -> None:
    mine = "a token that is mine/+&?"
    environ = {"EVOLVE_UI_TOKEN": mine, "HOME": str(tmp_path)}
    with serve(tmp_path, "--name", "proxy.example", "--name", "[::1]:99", environ=environ) as served:
        assert served.token == "a%20token%20that%20is%20mine%2F%2B%26%3F"
        cookie, port = served.cookie(), served.port
        assert served.socket(cookie=cookie, host=f"proxy.example:{port}", origin=f"https://proxy.example:{port}") == 101
        assert served.socket(cookie=cookie, host="[::1]:99") == 101
        assert served.socket(cookie=cookie, host="proxy.example:99") == 403
    with pytest.raises(AssertionError, match="at least 16"), serve(tmp_path, environ={"EVOLVE_UI_TOKEN": "short"}):
        pass
    with serve(tmp_path, "--no-token", environ=environ) as served:
        assert "warning: without a token" in served.log.read_text() and not served.token
        assert served.socket(origin=f"http://127.0.0.1:{served.port}") == 101
        assert served.socket(host="elsewhere.example", origin="http://elsewhere.example") == 403
        assert served.socket(origin="http://elsewhere.example") == 403


PATHS = (
    "/../../../../etc/passwd", "/static/..%2f..%2f..%2f..%2fetc%2fpasswd", "/media/../../etc/passwd", "/app/static/../../app.py",
    "/component/..%2f..%2fetc/passwd", "//etc/passwd", "/.streamlit/config.toml",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_server_hands_out_no_file(server: Served, path: str) -> None:
    _, _, body = server.ask("GET", path, cookie=server.cookie())
    assert b"root:" not in body and b"enableXsrf" not in body and b"import streamlit" not in body


# --------------------------------------------------------------------------- keys


def everything(app: AppTest) -> bytes:
    """All that a page sends to the browser."""
    found: list[bytes] = []

    def walk(block: Any) -> None:
        for child in getattr(block, "children", {}).values():
            if (message := getattr(child, "proto", None)) is not None:
                found.append(message.SerializeToString())
            walk(child)

    walk(app._tree)
    return b"\n".join(found)


def test_no_page_shows_a_key(tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    told = books(tmp_path, 14, faults=("echo", "refused", "500"))
    assert told["answers"].get("echo"), "the server sent the key back"
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with contextlib.closing(Reader(tmp_path)) as store:
        (row,) = store.runs()
        echoed = [c.number for c in store.calls(row.id) if "[redacted]" in c.call.text]
        failed = [a.number for a in store.attempts(row.id) if a.status == "llm_error"]
    assert echoed and failed
    shown = [everything(open_page(tmp_path, page)) for page in PAGES]
    shown += [everything(open_page(tmp_path, "run", run=row.id, tab=tab)) for tab in ("Failures", "Spend & models", "Log")]
    for number, tab in ((row.champion, "Code"), (echoed[0], "Prompt & response"), (failed[0], "Prompt & response")):
        shown.append(everything(open_page(tmp_path, "program", run=row.id, n=str(number), tab=tab)))
    assert any(b"[redacted]" in text for text in shown), "where the key was, it is struck out"
    assert not [text[:80] for text in shown if KEY.encode() in text or re.search(rb"Bearer \w", text)]
