"""Other agents on other fleets: maps and reductions, chats with tools, and debates, all drawn. Nothing is tuned on these."""

from __future__ import annotations

import random
from typing import Any

from workbench.model import Instance

from . import instances as made
from .fleets import machine

SOURCE = "drawn workflows of three other kinds (map and reduce, tool loops, debate), Poisson arrivals, two other fleets"

_FLEETS = (("H100", "A100", "A6000"), ("A100", "A100", "A100", "L40S", "L40S"))
_LOADS = (1.2, 1.7)
_COPIES = 8


def instances() -> list[Instance]:
    """Sixteen instances at each of two loads."""
    found = []
    for load in _LOADS:
        for f, kinds in enumerate(_FLEETS):
            for copy in range(_COPIES):
                id = f"transfer-{load}-{f}-{copy}"
                rng = made.rng_of(id)
                drawn = [rng.choice((_map_reduce, _tools, _debate))(rng) for _ in range(120)]
                replicas = [machine(kind) for kind in rng.sample(kinds, len(kinds))]
                now, times = 0.0, []
                for _ in drawn:
                    times.append(now)
                    now += rng.expovariate(1)
                arrivals = made.at_load(times, drawn, replicas, load)
                found.append(Instance(id, f"agents-{load}", _promised(replicas, arrivals, drawn, rng)))
    return found


def _promised(replicas: Any, arrivals: list[float], drawn: list[tuple[str, made.Stages]], rng: random.Random) -> dict[str, Any]:
    """Return the data, with promises that are multiples of what the application takes, as in the recordings."""
    usual = {"map_reduce": 25.0, "tools": 20.0, "debate": 50.0}
    rows = [[round(at, 3), app, rng.choice(made.TENANTS) * usual[app], s] for at, (app, s) in zip(arrivals, drawn, strict=True)]
    return {"replicas": [one.as_data() for one in replicas], "workflows": rows}


def _length(mean: float, rng: random.Random) -> int:
    return max(1, min(12_000, round(mean * rng.lognormvariate(-0.18, 0.6))))


def _map_reduce(rng: random.Random) -> tuple[str, made.Stages]:
    parts = [["read", _length(4000, rng), _length(120, rng)] for _ in range(rng.randint(2, 8))]
    return "map_reduce", [[["plan", _length(500, rng), _length(60, rng)]], parts, [["write", 150 * len(parts), _length(350, rng)]]]


def _tools(rng: random.Random) -> tuple[str, made.Stages]:
    prompt, stages = _length(1500, rng), []
    while len(stages) < 12 and (not stages or rng.random() < 0.8):
        answer = _length(60, rng)
        stages.append([["turn", prompt, answer]])
        prompt = min(12_000, prompt + answer + _length(800, rng))
    return "tools", stages


def _debate(rng: random.Random) -> tuple[str, made.Stages]:
    prompt, stages = _length(1200, rng), []
    for _ in range(rng.randint(1, 3)):
        stages.append([["argue", prompt, _length(300, rng)] for _ in range(3)])
        prompt += 900
    return "debate", [*stages, [["judge", prompt, _length(100, rng)]]]
