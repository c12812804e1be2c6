"""The dashboard to somebody who means ill: no file, code or SQL from an address; loopback, its own origin, no key shown."""

from __future__ import annotations

import ast
import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.integration.faulty_model import KEY, books
from tests.ui.conftest import Open
from tests.ui.test_pages import sound
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


FIXED = {"number", "where", "_CANDIDATE", "verb", "table", "names", "marks", "self", "query", "statement"}
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """A dashboard as `evolve ui` starts it, though the person's own settings would open it up: its port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "config.toml").write_text(
        '[server]\nenableXsrfProtection = false\nenableCORS = false\naddress = "0.0.0.0"\n'
    )
    command = [sys.executable, "-m", "workbench.cli", "ui", "--runs", str(home / "runs"), "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if ask(port, "GET", "/_stcore/health")[0] == 200:
                break
        time.sleep(0.2)
    yield port, process.pid
    process.terminate()
    process.wait()


def ask(port: int, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    status = answer.status
    body = b"" if status == 101 else answer.read()
    connection.close()
    return status, body


def test_it_listens_on_loopback_alone(server: tuple[int, int]) -> None:
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {row[1].partition(":")[0] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == server[0]}
    assert listening == {"0100007F"}


def test_another_site_can_neither_open_its_socket_nor_write(server: tuple[int, int]) -> None:
    port, _ = server
    upgrade = {
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec_websocket_version": "13",
        "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert ask(port, "GET", "/_stcore/stream", origin=f"http://127.0.0.1:{port}", **upgrade)[0] == 101
    assert ask(port, "GET", "/_stcore/stream", origin="http://elsewhere.example", **upgrade)[0] == 403
    assert ask(port, "PUT", "/_stcore/upload_file/session/file", content_length="0")[0] == 403


PATHS = (
    "/../../../../etc/passwd", "/static/..%2f..%2f..%2f..%2fetc%2fpasswd", "/media/../../etc/passwd", "/app/static/../../app.py",
    "/component/..%2f..%2fetc/passwd", "//etc/passwd", "/.streamlit/config.toml",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_server_hands_out_no_file(server: tuple[int, int], path: str) -> None:
    _, body = ask(server[0], "GET", path)
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
