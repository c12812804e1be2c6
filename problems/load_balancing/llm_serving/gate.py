"""Stress instances for the robustness filter, one of each class that can be generated; lengths are from the train part only."""

from __future__ import annotations

from typing import Any

from workbench.model import Instance, Split

from . import instances as made

FAMILIES = {
    "bursts": "requests come in bursts",
    "overload": "far more requests come than can be served in time",
    "light": "few requests come",
    "single-replica": "there is a single replica",
    "short-of-memory": "memory holds few requests, so that many are preempted",
    "hurried": "the promised times are short",
    "long-prompts": "some prompts are many times as long as the others",
    "long-answers": "prompts are short and answers long",
    "flood": "one client sends very many requests at once",
    "misled": "the guesses of lengths are systematically wrong",
    "no-guess": "all guesses are the same",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other sizes, rates and lengths."""
    machine = made.MACHINE.as_data()

    def drawn(family: str, n: int, rate: float, variation: float = 1.0, **other: Any) -> Instance:
        rng = made._rng(f"gate-{seed}-{family}")
        rate *= rng.uniform(0.9, 1.1)
        lengths = made.draw(n, made.part(Split.TRAIN), rng)
        if family == "long-prompts":
            lengths = [
                made.Lengths(10 * r.prompt if r.prompt < 1200 and rng.random() < 0.06 else r.prompt, r.output) for r in lengths
            ]
        if family == "long-answers":
            lengths = [made.Lengths(rng.randint(50, 250), rng.randint(400, 900)) for _ in lengths]
        data = made.workload(made.gamma_arrivals(n, rate, variation, rng), lengths, rng, **other)
        if family == "flood":
            first = n // 3
            at = data["requests"][first][0]
            flood = [[at, *row[1:4], made.CLIENTS] for row in data["requests"][first : first + 120]]
            data["requests"][first : first + 120] = flood
        if family == "misled":
            data = made.guessed(data, lambda output: max(1, 800 - output))
        if family == "no-guess":
            data = made.guessed(data, lambda output: 150)
        return Instance(f"gate-{seed}-{family}", family, data)

    return [
        drawn("bursts", 300, 10.0, variation=3.5),
        drawn("overload", 300, 24.0),
        drawn("light", 100, 1.5),
        drawn("single-replica", 150, 2.8, replicas=1),
        drawn("short-of-memory", 200, 7.0, machine={**machine, "capacity": 18_000}),
        drawn("hurried", 250, 9.0, ttft_s=0.35, tpot_s=0.05),
        drawn("long-prompts", 250, 7.0),
        drawn("long-answers", 200, 7.5),
        drawn("flood", 320, 9.0),
        drawn("misled", 300, 11.0),
        drawn("no-guess", 300, 11.0),
    ]
