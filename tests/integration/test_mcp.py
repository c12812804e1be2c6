"""The door for the Model Context Protocol, with the protocol's own client over stdio and over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.integration.silent import Silent
from workbench.api.agents.server import Tools
from workbench.errors import UsageError
from workbench.loop.start import begin
from workbench.model import Split
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Store

ROOT = Path(__file__).parent.parent.parent
PROBLEMS = ("scheduling/total_tardiness", "moe_placement/prism")
"""Two whose evaluation takes a moment."""

pytestmark = pytest.mark.slow


def parameters(runs: Path) -> StdioServerParameters:
    """How a client starts the server over stdio."""
    environment = {name: os.environ[name] for name in ("EVOLVE_STATE", "PATH", "HOME") if name in os.environ}
    return StdioServerParameters(
        command=sys.executable, args=["-m", "workbench.cli", "mcp", "--runs", str(runs)], cwd=str(ROOT), env=environment
    )


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """A runs folder whose sessions are stopped at the end."""
    yield tmp_path
    with Store(tmp_path) as store:
        for row in store.runs():
            store.send(row.id, "stop")


@pytest.fixture
def http(runs: Path) -> Iterator[tuple[str, str]]:
    """A server over HTTP: its address and token."""
    command = [sys.executable, "-m", "workbench.cli", "mcp", "--http", "--port", "0", "--runs", str(runs)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        address, token = process.stderr.readline().strip(), process.stderr.readline().strip().rpartition(" ")[2]
        yield address, token
    finally:
        process.terminate()
        process.wait(timeout=60)


def over(server: Any, talk: Callable[[Client], Awaitable[None]]) -> None:
    """Talk to a server."""

    async def main() -> None:
        async with Client(server) as client:
            await talk(client)

    anyio.run(main)


def with_token(address: str, token: str, talk: Callable[[Client], Awaitable[None]]) -> None:
    """Talk to a server over HTTP."""

    async def main() -> None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=300) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):
            await talk(client)

    anyio.run(main)


async def call(client: Client, tool: str, **given: Any) -> Any:
    """What a tool returns."""
    found = await client.call_tool(tool, given)
    assert not found.is_error, found.content
    return found.structured_content


async def five_programs(client: Client, slug: str) -> None:
    """Take and answer five tickets of a new session."""
    run = (await call(client, "open_session", slug=slug, attempts=5))["run"]
    for number in range(5):
        ticket = await call(client, "next_ticket", run=run, author="a client")
        source = f"{ticket['parents'][0]['source']}\nUNUSED = {number}\n"
        found = await call(client, "submit", run=run, ticket=ticket["ticket"], source=source, idea=f"number {number}")
        assert (found["candidate"], found["status"]) == (ticket["number"], "ok")
    ideas = [attempt["idea"] for attempt in (await call(client, "history", run=run))["result"]]
    assert ideas[-5:] == [f"number {number}" for number in range(5)]


async def ten_programs(client: Client) -> None:
    """Five programs on each of two problems."""
    for slug in PROBLEMS:
        await five_programs(client, slug)


def test_ten_submissions_on_two_problems_over_stdio(runs: Path) -> None:
    over(parameters(runs), ten_programs)


def test_ten_submissions_on_two_problems_over_http(http: tuple[str, str]) -> None:
    with_token(*http, ten_programs)


def test_two_clients_share_no_ticket_and_what_one_that_is_gone_had_goes_to_the_other(runs: Path) -> None:
    async def both(first: Client) -> None:
        run = (await call(first, "open_session", slug=PROBLEMS[0], attempts=4))["run"]
        async with Client(parameters(runs)) as second:
            taken = [await call(client, "next_ticket", run=run) for client in (first, second, first)]
            assert len({ticket["ticket"] for ticket in taken}) == len({ticket["number"] for ticket in taken}) == 3
        again = await call(first, "next_ticket", run=run)
        assert again["number"] == taken[1]["number"]

    over(parameters(runs), both)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "wrong"}], ids=["no", "wrong", "bare"]
)
def test_without_the_token_nothing_is_answered(http: tuple[str, str], headers: dict[str, str]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    kinds = {"Accept": "application/json, text/event-stream"}
    assert httpx2.post(http[0], json=body, headers=headers | kinds, timeout=60).status_code == 401


@pytest.mark.parametrize("foreign", [{"Host": "elsewhere.example"}, {"Origin": "http://elsewhere.example"}], ids=["host", "origin"])
def test_a_foreign_page_is_refused_even_with_the_token(http: tuple[str, str], foreign: dict[str, str]) -> None:
    address, token = http
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"} | foreign
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert httpx2.post(address, json=body, headers=headers, timeout=60).status_code in (403, 421)


def test_no_verb_hands_out_what_is_sealed_or_runs_a_folder(runs: Path) -> None:
    """Every tool is called; instances of test and stress, their references and figures are in no answer."""
    slug = PROBLEMS[0]
    loaded = catalog.load(slug)
    sealed = [instance.id for split in (Split.TEST, Split.STRESS) for instance in loaded.instances(split)]
    seed = loaded.program(loaded.problem.seeds[0]).source
    tunable = f'ALPHA = 1.0\nTUNABLE = {{"ALPHA": (0.0, 2.0)}}\n{seed}'

    async def all_verbs(client: Client) -> None:
        run = (await call(client, "open_session", slug=slug, attempts=3))["run"]
        ticket = await call(client, "next_ticket", run=run)
        other = await call(client, "next_ticket", run=run)
        given: dict[str, dict[str, Any]] = {
            "problems": {}, "problem": {"slug": slug}, "instance": {"slug": slug, "name": loaded.instances(Split.TRAIN)[0].id},
            "source": {"slug": slug, "name": loaded.problem.baselines[0].name},
            "give_up": {"run": run, "ticket": other["ticket"]}, "history": {"run": run}, "program": {"run": run, "number": 0},
            "submit": {"run": run, "ticket": ticket["ticket"], "source": tunable}, "gate": {"slug": slug, "source": seed},
            "tune": {"slug": slug, "source": tunable, "trials": 2},
            "precheck": {"slug": slug, "source": "def order(processing, due):\n    return [0] * len(due)\n"},
        }  # fmt: skip
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() - given.keys() == {"open_session", "next_ticket", "certify", "certificate"}
        said = json.dumps([ticket, other]) + "".join([json.dumps(await call(client, name, **given[name])) for name in given])
        assert [id for id in sealed if f'"{id}"' in said] == [] and '"test": {"mean"' not in said
        for tool in tools.values():
            assert not {"split", "path", "folder", "file", "instances"} & tool.input_schema["properties"].keys(), tool.name
        evil = runs / "evil"
        evil.mkdir()
        (evil / "problem.py").write_text(f"open({str(runs / 'ran')!r}, 'w')")
        for name in ("problem", "open_session", "source", "gate", "tune", "precheck"):
            required = dict.fromkeys(tools[name].input_schema["required"], "x") | {"slug": str(evil)}
            assert (await client.call_tool(name, required)).is_error
        for split in (Split.VALIDATION, Split.TEST, Split.STRESS):
            other_split = loaded.instances(split)[0].id
            assert (await client.call_tool("instance", {"slug": slug, "name": other_split})).is_error
        assert not (runs / "ran").exists()
        (prompt,) = (await client.list_prompts()).prompts
        assert slug in str(await client.get_prompt(prompt.name, {"problem": slug}))
        family, _, name = slug.partition("/")
        assert loaded.problem.title in str(await client.read_resource(f"problem://{family}/{name}"))

    over(parameters(runs), all_verbs)


def test_a_certificate_that_was_asked_for_tells_its_stage_and_then_its_verdict(runs: Path) -> None:
    options = RunOptions(proposer="builtin", candidates=3, seed=0, tune_trials=0, workers=1)
    run = begin(catalog.load(ROOT / "tests" / "toy"), options, runs, Silent()).run
    tools = Tools(runs)
    with pytest.raises(UsageError, match=r"no certificate of candidate 0 of .* was asked for"):
        tools.certificate(run, 0)
    tools.certify(run, 0)
    seen = []
    while (found := tools.certificate(run, 0)).state == "running":
        seen.append(found)
        time.sleep(0.1)
    assert found.state == "done" and found.verdict and not found.fault
    assert {told.stage for told in seen} & {"train", "validation", "test", "stress", "surroundings", "growth", "constants"}
    assert all(told.verdict == "" for told in seen)
