"""Programs, prompts, answers and results as they stand in a database: packed, or plain if an older version wrote them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from workbench.errors import StoreError
from workbench.formatting import valid
from workbench.model import Call, InstanceResult, Program, Prompt, Report, Status
from workbench.store.columns import Frame, from_columns, gaps_of, to_columns
from workbench.store.packing import DEPTH, Damaged, Known, Packed, Recent, Shared, pack, unpack

_READ = 256


class Fresh(NamedTuple):
    """A text that is about to be written, and under what it is remembered once it is."""

    key: Hashable
    text: bytes
    packed: Packed

    @property
    def characters(self) -> int:
        """Length, in characters."""
        return len(self.text.decode())


class Texts:
    """The texts of one database.

    Parameters
    ----------
    path
        For messages.
    rows
        Runs a query.
    keep
        Commits a packed text to the table `texts` and returns its ID.
    """

    def __init__(self, path: object, rows: Callable[..., list[sqlite3.Row]], keep: Callable[[bytes], int]) -> None:
        self._path, self._rows = path, rows
        self._read, self._written, self._shared, self._keep = Recent(_READ), Recent(), Shared(keep), keep
        self._frames: dict[Hashable, tuple[int, dict[tuple[str, str, float | None], int]]] = {}

    # ------------------------------------------------------------------ writing

    def of_call(self, run: str, number: int, parents: Sequence[int], call: Call) -> Fresh:
        """Pack prompt and answer, against an earlier call of the run and the program that is to be improved."""
        parts = [valid(part) for part in (call.prompt.system, call.prompt.user, call.text)]
        text = f"{len(parts[0])} {len(parts[1])}\n{''.join(parts)}".encode()
        against = [self._shared.like((run, "call"), text), *self._parents((run, "program"), parents)]
        return Fresh((run, "call", number), text, pack(text, against))

    def of_program(self, run: str, number: int, parents: Sequence[int], source: str) -> Fresh:
        """Pack a program, against its parent and the answer that it came with."""
        text = valid(source).encode()
        against = self._parents((run, "program"), parents) or [self._shared.like((run, "program"), text)]
        if call := self._written.get((run, "call", number)):
            against.append(call)
        return Fresh((run, "program", number), text, pack(text, against))

    def of_report(self, run: str, number: int, parents: Sequence[int], report: Report) -> Fresh:
        """Pack the results of a report, against the parent's on the same split; what all have in common is kept once."""
        kind, own = (run, report.split), Frame.of(report.results)
        instances = list(own.places())
        id, places = self._frames.get(kind, (0, {}))
        if not instances or not places.keys() >= set(instances):
            places = own.places()
            id, _ = self._frames[kind] = self._keep(pack(own.to_text()).data), places
        here = [places[instance] for instance in instances]
        shown = "" if here == list(range(len(places))) else json.dumps(here)
        text = f"{id} {shown}\n".encode() + to_columns(report.results)
        return Fresh((*kind, number), text, pack(text, self._parents(kind, parents) or [self._shared.like(kind, text)]))

    def remember(self, fresh: Fresh | None, id: int | None) -> None:
        """Compress later texts against this one: it was committed, as `id`."""
        if fresh and id is not None:
            self._written.put(fresh.key, Known(id, fresh.text, fresh.packed.depth))

    def _parents(self, kind: tuple[Hashable, ...], parents: Sequence[int]) -> list[Known]:
        known = self._written.get((*kind, parents[0])) if parents else None
        return [known] if known and known.depth < DEPTH else []

    # ------------------------------------------------------------------ reading

    def source(self, row: sqlite3.Row) -> str | None:
        """Return the program in a row of `candidates`; None without one."""
        if row["source"] is not None or row["text"] is None:
            return None if row["source"] is None else str(row["source"])
        return self._text(row["text"]).decode()

    def program(self, row: sqlite3.Row) -> Program | None:
        """Return the program in a row of `candidates` with its entry; None without one."""
        source = self.source(row)
        return Program(source, row["entry"]) if source is not None else None

    def prompt_and_answer(self, row: sqlite3.Row) -> tuple[Prompt, str]:
        """Return what was asked and answered in a row of `calls`."""
        if row["text"] is None or row["user"]:
            return Prompt(row["system"], row["user"]), row["response"]
        lengths, _, text = self._text(row["text"]).decode().partition("\n")
        system, user = map(int, lengths.split())
        return Prompt(text[:system], text[system : system + user]), text[system + user :]

    def results(self, row: sqlite3.Row) -> tuple[InstanceResult, ...]:
        """Return the results in a row of `scores` or `rechecks`."""
        if row["results"]:
            return tuple(_unlisted(*r) for r in json.loads(row["results"]))
        return from_columns(*self._columns(row["text"]))

    def gaps(self, results: str | None, text: int | None) -> tuple[float, ...]:
        """Return the gaps by instance; none without results."""
        if results or text is None:
            return tuple(r[3] for r in json.loads(results or "[]"))
        return gaps_of(*self._columns(text))

    def _columns(self, id: int) -> tuple[bytes, Frame]:
        head, _, columns = self._text(id).partition(b"\n")
        number, _, places = head.decode().partition(" ")
        frame = Frame.from_text(self._text(int(number)))
        return columns, frame.part(json.loads(places)) if places else frame

    def _text(self, id: int, left: int = DEPTH + 1) -> bytes:
        if known := self._read.get(id):
            return known.text
        rows = self._rows("SELECT data FROM texts WHERE id = ?", id) if left else []
        if not rows:
            raise self._damaged(f"number {id}, which it needs, is not there" if left else "it needs itself")
        try:
            text = unpack(rows[0]["data"], lambda needed: self._text(needed, left - 1))
        except Damaged as error:
            raise self._damaged(str(error)) from error
        self._read.put(id, Known(id, text, 0))
        return text

    def _damaged(self, why: str) -> StoreError:
        return StoreError(f"{self._path} cannot be read: a text in it is damaged ({why})")


def listed(results: Sequence[InstanceResult]) -> str:
    """Serialize results as lists, in JSON: how re-evaluations are kept, and scores were once."""
    rows = [
        (r.id, r.family, r.status.value, r.gap, r.objective, r.reference, dict(r.metrics), r.message, round(r.seconds, 6))
        for r in results
    ]
    return json.dumps(rows, separators=(",", ":"))


def _unlisted(
    id: str, family: str, status: str, gap: float, objective: float | None, reference: float, metrics: dict[str, float],
    message: str, seconds: float,
) -> InstanceResult:  # fmt: skip
    return InstanceResult(id, family, Status(status), gap, objective, reference, metrics, message, seconds)
