"""The Model Context Protocol door: sessions, problems and sources as tools and resources for coding agents."""

from __future__ import annotations

import contextlib
import functools
import hmac
import json
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from workbench.api.agents import session
from workbench.api.describing import describe, train_instance
from workbench.api.detached import Launch, spawn
from workbench.api.gating import gate as run_gate
from workbench.api.loading import load
from workbench.api.prechecking import precheck as run_precheck
from workbench.api.sources import source as program_source
from workbench.api.tuning import tune as run_tune
from workbench.errors import UsageError, WorkbenchError
from workbench.loop.messages import Submitted, Ticket
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.store import Reader

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

INSTRUCTIONS = (
    "Improve heuristics for a problem. Call `problems`, read one with `problem`, open a session with `open_session`, then repeat: "
    "`next_ticket`, write a whole program, `submit`. `gate` tells whether a program is robust, `tune` tunes the constants that it "
    "declares. Scores are gaps to a proven or best known reference: lower is better. Test and stress data are sealed."
)

Run = Annotated[str, Field(description="ID of the session, or an unambiguous part of it")]
Slug = Annotated[str, Field(description="ID of a problem, as `problems` lists it")]
Source = Annotated[str, Field(description="The whole program")]
Number = Annotated[int, Field(description="Number of the attempt")]


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A problem in one line."""

    slug: str
    title: str
    question: str


@dataclass(frozen=True)  # without slots, which the SDK takes for defaults
class Certification:
    """A certificate that was asked for: its verdict and the kinds of checks that it did not pass, once there is one.

    Its figures are of sealed data, so they are for people: `evolve show`.

    Attributes
    ----------
    stage
        What is under way while it is running, such as `growth`; empty before the first check.
    fault
        Why there is none, if it failed.
    """

    state: Literal["running", "done", "failed"]
    verdict: str = ""
    not_passed: list[str] = field(default_factory=list)
    stage: str = ""
    fault: str = ""


def serve_stdio(runs: Path) -> None:
    """Serve on standard input and output until that closes; tickets that are still out then go to others.

    Raises
    ------
    UsageError
        The package `mcp` is not installed.
    """
    tools = Tools(runs)
    try:
        build(tools).run("stdio")
    finally:
        tools.give_back()


def build(tools: Tools) -> MCPServer:
    """Return a server with these tools.

    Raises
    ------
    UsageError
        The package `mcp` is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError as error:
        raise UsageError("the door for MCP needs the package mcp: pip install 'evolve-workbench[mcp]'") from error

    server = MCPServer("evolve", instructions=INSTRUCTIONS, log_level="ERROR")

    def tool(function: Callable[..., Any]) -> None:
        """Register a tool; what a person would read as one line of error, an agent gets as the tool's error."""

        @functools.wraps(function)
        def told(**given: Any) -> Any:
            try:
                return function(**given)
            except WorkbenchError as error:
                raise ToolError(str(error)) from error

        server.tool()(told)

    for function in tools.all():
        tool(function)

    @server.resource("problem://{family}/{name}", mime_type="application/json")
    def problem_resource(family: str, name: str) -> str:
        """All that may be known of a problem."""
        return json.dumps(describe(_known(f"{family}/{name}")).to_json())

    @server.resource("source://{family}/{name}/{program}", mime_type="text/x-python")
    def source_resource(family: str, name: str, program: str) -> str:
        """A program of a problem: an initial one or a baseline."""
        return program_source(_known(f"{family}/{name}"), program)

    @server.prompt()
    def improve(problem: str, answers: str = "10") -> str:
        """Improve a problem's heuristics in a session."""
        return (
            f"Open a session on {problem} with open_session and take {answers} tickets, one after the other. For each, think about "
            "what the table of earlier attempts says, write one whole program that rests on one well-considered idea, and submit "
            "it with that idea in one line. At the end, say what helped and what did not."
        )

    return server


class Tools:
    """The tools; their docstrings are what agents read."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._out: dict[str, str] = {}
        self._certifying: dict[tuple[str, int], Launch] = {}

    def give_back(self) -> None:
        """Return the tickets that were not answered."""
        for ticket, run in self._out.items():
            with contextlib.suppress(WorkbenchError):
                session.give_up(run, ticket, wait=5.0, runs=self._runs)

    def all(self) -> list[Callable[..., Any]]:
        """All tools, in the order in which they are listed."""
        return [
            self.problems, self.problem, self.instance, self.source, self.open_session, self.next_ticket, self.submit, self.give_up,
            self.history, self.program, self.gate, self.tune, self.precheck, self.certify, self.certificate,
        ]  # fmt: skip

    def problems(self) -> list[ProblemLine]:
        """List the problems."""
        found = [load(slug).problem for slug in catalog.slugs()]
        return [ProblemLine(slug, p.title, p.question) for slug, p in zip(catalog.slugs(), found, strict=True)]

    def problem(self, slug: Slug) -> dict[str, Any]:
        """Statement, contract, limits, hints, sizes, and baselines with their gaps on train and validation."""
        return describe(_known(slug)).to_json()

    def instance(self, slug: Slug, name: Annotated[str, Field(description="ID of a train instance")]) -> dict[str, Any]:
        """One train instance: class, reference, and the data that a program is given."""
        return train_instance(_known(slug), name)

    def source(self, slug: Slug, name: Annotated[str, Field(description="An initial program or a baseline")]) -> str:
        """Text of one of the problem's programs."""
        return program_source(_known(slug), name)

    def open_session(
        self, slug: Slug, attempts: Annotated[int, Field(description="Number of programs that can be submitted")] = 20
    ) -> dict[str, str]:
        """Open a session on a problem; returns its ID as `run`."""
        return {"run": session.open_session(_known(slug), attempts=attempts, runs=self._runs)}

    def next_ticket(
        self,
        run: Run,
        author: Annotated[str, Field(description="Your name")] = session.AUTHOR,
        minutes: Annotated[float, Field(description="How long you need")] = 30,
    ) -> Ticket:
        """Take the next attempt: a prompt with the program to improve and what was tried. It is yours until it expires."""
        found = session.take_ticket(run, author=author, seconds=60 * minutes, runs=self._runs)
        self._out[found.ticket] = run
        return found

    def submit(
        self,
        run: Run,
        source: Source,
        ticket: Annotated[str, Field(description="The ticket that it answers; empty: an attempt of its own")] = "",
        idea: Annotated[str, Field(description="What it changes and why, in one line")] = "",
        author: Annotated[str, Field(description="Your name")] = "",
        parent: Annotated[int | None, Field(description="Attempt that it was made from, if not the one of the ticket")] = None,
        by_instance: Annotated[bool, Field(description="Whether to list the gap on each train instance")] = False,
    ) -> Submitted:
        """Submit a program; it is evaluated on train at once."""
        found = session.submit(run, source, ticket=ticket, idea=idea, author=author, parent=parent, runs=self._runs)
        self._out.pop(ticket, None)
        return found if by_instance else replace(found, instances=[])

    def give_up(self, run: Run, ticket: Annotated[str, Field(description="The ticket")]) -> str:
        """Return a ticket that you will not answer."""
        session.give_up(run, ticket, runs=self._runs)
        self._out.pop(ticket, None)
        return "given back"

    def history(self, run: Run) -> list[session.Attempt]:
        """All attempts of a session so far."""
        return session.history(run, runs=self._runs)

    def program(self, run: Run, number: Number) -> str:
        """Text of the program of an attempt."""
        found = session.program(run, number, runs=self._runs)
        return found.source if found else ""

    def gate(self, slug: Slug, source: Source) -> dict[str, Any]:
        """Try a program on freshly generated unusual instances: by class, whether it passes, and by how much it misses."""
        return run_gate(_known(slug), _as_text(source)).to_json()

    def tune(
        self,
        slug: Slug,
        source: Annotated[str, Field(description="A program that declares TUNABLE")],
        trials: Annotated[int, Field(description="Sets of constants to try")] = 50,
    ) -> dict[str, Any]:
        """Tune the constants that a program declares, on train."""
        found = run_tune(_known(slug), _as_text(source), trials=min(500, trials))
        return {"source": found.program.source, "before": found.before, "gap": found.gap, "without_effect": list(found.idle)}

    def precheck(self, slug: Slug, source: Source) -> dict[str, Any]:
        """Make every check of a certificate that needs neither test nor stress; it counts as one use of validation."""
        return run_precheck(_known(slug), _as_text(source)).to_json()

    def certify(self, run: Run, number: Number) -> str:
        """Ask for a certificate of a program, once, at the end: every one asked for makes the next harder to get."""
        with Reader(self._runs) as store:
            name = store.run(run).id
            store.candidate(name, number)
        self._certifying[name, number] = spawn(self._runs, "certify", [f"--candidate={number}"], name)
        return f"asked for; see certificate({name!r}, {number})"

    def certificate(self, run: Run, number: Number) -> Certification:
        """What became of a certificate: what is under way, or its verdict and the kinds of checks that it did not pass."""
        with Reader(self._runs) as store:
            name = store.run(run).id
            under_way, record = store.being_certified(name, number), store.certificate(name, number)
        launch = self._certifying.get((name, number))
        if launch and launch.ended() is None:
            return Certification("running", stage=_stage(launch))
        if record is not None:
            found = record.certificate
            return Certification("done", found.verdict.value, sorted({c.kind for c in found.checks if c.passed is not True}))
        if under_way:
            return Certification("running")
        if launch is None:
            raise UsageError(f"no certificate of candidate {number} of {name} was asked for; ask with certify")
        return Certification("failed", fault=launch.last_line())


_STAGE = re.compile(r"^(.+): \d+ steps$", re.MULTILINE)


def _stage(launch: Launch) -> str:
    """Name the last stage in the log of a certificate, and nothing else of it: what checks found is sealed."""
    told = _STAGE.findall(launch.log.read_text(errors="replace"))
    return str(told[-1]) if told else ""


def _known(slug: str) -> LoadedProblem:
    """Load an installed problem: never a folder, whose code would be run."""
    if not any(catalog.plain(slug) in (known, known.partition("/")[2]) for known in catalog.slugs()):
        raise UsageError(f"there is no problem {slug[:80]!r}; see problems")
    return load(slug)


def _as_text(source: str) -> str:
    """Source as the API takes it for a text, not for the name of a file."""
    return source if "\n" in source else source + "\n"


# --------------------------------------------------------------------------- over HTTP

_App = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class TokenGuard:
    """Lets only requests through that bear the token: other users of this machine can reach a loopback address too."""

    def __init__(self, app: _App, token: str) -> None:
        self._app, self._token = app, f"Bearer {token}".encode()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._token):
                await send({"type": "http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Bearer")]})
                await send({"type": "http.response.body", "body": b"the token is missing or wrong"})
                return
        await self._app(scope, receive, send)


def serve_http(runs: Path, port: int, announce: Callable[[str, str], None]) -> None:
    """Serve on a loopback port until interrupted.

    Parameters
    ----------
    port
        0: a free one.
    announce
        Called with address and token once both are known.
    """
    server = build(Tools(runs))
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    names = ("127.0.0.1", "localhost")
    security = TransportSecuritySettings(
        allowed_hosts=[f"{name}:*" for name in names], allowed_origins=[f"http://{name}:*" for name in names]
    )
    token = secrets.token_urlsafe(24)
    app = TokenGuard(server.streamable_http_app(transport_security=security), token)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used: {error.strerror}; choose another with --port, or 0 for a free one"
            ) from error
        listening.listen(128)  # who reads the address may come at once
        announce(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", token)
        uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on")).run(sockets=[listening])
