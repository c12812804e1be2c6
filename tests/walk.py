"""An engine of its own: a random walk over whole programs, as small as an engine can be."""

from __future__ import annotations

import random

from workbench.engines.protocol import Desk, NoAnswer, Start


class Walk:
    """Asks for a better program, and goes on from it if it is valid.

    Parameters
    ----------
    restart
        Probability of going back to an initial program.
    """

    label, concurrency = "random walk", 1

    def __init__(self, *, restart: float = 0.2) -> None:
        self.restart = restart

    def run(self, start: Start, desk: Desk) -> None:
        """Walk without end."""
        rng = random.Random(start.seed)
        here = start.programs[-1].source
        while True:
            if rng.random() < self.restart:
                here = start.programs[0].source
            try:
                text = desk.ask(start.task, f"Improve this program:\n\n{here}", here)
            except NoAnswer:
                continue
            parts = text.split("```")
            if len(parts) > 1 and desk.evaluate(found := parts[1].removeprefix("python").strip() + "\n").valid:
                here = found
