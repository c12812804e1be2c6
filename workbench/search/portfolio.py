"""Several strategies on one budget, which moves to those that improve the best candidate."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace

from workbench import search
from workbench.errors import UsageError
from workbench.learning.shares import Shares
from workbench.model import Candidate, Selection, Status
from workbench.plugins import keeps_its_options

ALL = "all"
_ROOM = 1000
"""Numbers of islands that each member has: those of the first begin here, those of the second at twice this."""
NOBODY = {"seed", "tune", "inject", "submit"}
"""Operators of attempts whose parent no strategy has chosen."""


@keeps_its_options
class Portfolio:
    """Several strategies on one budget: those whose attempts lately lowered the best train gap more get more of the next ones.

    All begin with equal shares, a tenth of all attempts stays divided equally, and the longer nothing improves, the closer all come
    to equal shares again. A member is told what became of its own attempts, initial and injected programs, and each new
    best candidate, whoever's it is.

    Parameters
    ----------
    members
        Names of strategies with their default options, separated by commas; `all`: every other one that is built in.
    """

    def __init__(self, *, members: str = ALL) -> None:
        names = named(members)
        self._members = {name: search.make(name) for name in names}
        self._names = names
        self.options = {"members": ",".join(names)}  # `all` may be others in another version
        self._shares = Shares(dict.fromkeys(names, 1.0), timed=False)
        self._best = math.inf

    def ask(self, rng: random.Random) -> Selection:
        """Draw a member by its share of the attempts, and let it choose."""
        name = self._shares.choose(self._names, rng)
        chosen = self._members[name].ask(rng)
        within = 0 if chosen.island is None else 1 + chosen.island
        return replace(chosen, island=_ROOM * (1 + self._names.index(name)) + within)

    def tell(self, candidate: Candidate) -> None:
        """Tell the member that chose the parent; all, if none did or if it is the best so far."""
        chooser, island = _whose(self._names, candidate.island)
        better = candidate.status is Status.OK and candidate.gap < self._best
        if better:
            self._best = candidate.gap
        credited = chooser if candidate.operator not in NOBODY else ""
        self._shares.tell(replace(candidate, proposer=credited))
        foreign = candidate if candidate.island is None else replace(candidate, island=None)
        for name, member in self._members.items():
            if name == chooser:
                member.tell(replace(candidate, island=island))
            elif better or not chooser:
                member.tell(foreign)


def named(members: str) -> tuple[str, ...]:
    """Return the names of the members of a portfolio.

    Raises
    ------
    UsageError
        There are fewer than two, one is given twice, or one is a portfolio.
    """
    if members.strip() == ALL:
        return tuple(name for name in search.built_in() if name != "portfolio")
    names = _parts(members)
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"a portfolio names {repeated!r} twice: name each strategy once")
    if "portfolio" in names:
        raise UsageError("a portfolio cannot be a member of a portfolio: name its strategies")
    if len(names) < 2:
        raise UsageError(f"a portfolio needs at least two strategies, such as islands,greedy, or {ALL}; got {members!r}")
    return names


def owner(options: Mapping[str, object], island: int | None) -> str:
    """Return the member whose island a number stands for; empty if it is none's.

    Parameters
    ----------
    options
        Of the portfolio, as the run recorded them.
    """
    members = str(options.get("members", ALL))
    return _whose(named(ALL) if members == ALL else _parts(members), island)[0]


def _parts(members: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in members.split(",") if name.strip())


def _whose(names: tuple[str, ...], island: int | None) -> tuple[str, int | None]:
    """Return the member that an island belongs to, and its number there."""
    index, within = divmod(island or 0, _ROOM)
    if not 0 < index <= len(names):
        return "", None
    return names[index - 1], within - 1 if within else None
