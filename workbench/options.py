"""What a run was asked to do: everything that `resume` and a second run with the same seed need."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from workbench.errors import UsageError


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of one run; stored with it as JSON. Keys are never among them.

    Attributes
    ----------
    proposer
        `litellm`, `builtin`, `replay:RUN` or `scripted` (tests); `auto` is resolved before a run begins.
    models
        `NAME` or `NAME=WEIGHT` each.
    api_base
        An OpenAI-compatible endpoint for models without a provider of their own.
    style
        How a model is asked: `full` (whole programs and edits), `block` (only the evolving part, for weak models), None: by name.
    proposer_options
        Keywords of the proposer's constructor that have no option of their own here.
    strategy, strategy_options
        Which search, with its constructor's keywords.
    seeds
        Names of the problem's programs or paths of files to start from; empty: the problem's own choice.
    seed
        Of all randomness.
    candidates
        Attempts to make, failed ones included; the starting programs are not counted.
    max_usd, max_tokens, max_seconds
        Further budgets; None: no limit.
    workers
        Evaluation processes.
    concurrency
        Model calls under way at once.
    timeout
        Seconds for one try of a model call.
    tune_trials
        Optuna trials for each new best program that declares TUNABLE; 0: no tuning.
    gate
        `stress`: a program that improves on its parent must also pass fresh instances of the stress families; empty: no gate.
    allow_unsafe, isolation
        Whether to run where the kernel cannot isolate, and a forced level (None: the best there is).
    """

    proposer: str = "auto"
    models: tuple[str, ...] = ()
    api_base: str | None = None
    style: str | None = None
    temperature: float | None = None
    proposer_options: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = "islands"
    strategy_options: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[str, ...] = ()
    seed: int = 0
    candidates: int = 200
    max_usd: float | None = None
    max_tokens: int | None = None
    max_seconds: float | None = None
    workers: int = 2
    concurrency: int = 4
    timeout: float = 180.0
    tune_trials: int = 24
    gate: str = ""
    allow_unsafe: bool = False
    isolation: str | None = None

    def __post_init__(self) -> None:
        for name, low in (("candidates", 1), ("workers", 1), ("concurrency", 1), ("tune_trials", 0)):
            if getattr(self, name) < low:
                raise UsageError(f"--{name.replace('_', '-')} must be at least {low}, not {getattr(self, name)}")
        if self.gate not in ("", "stress"):
            raise UsageError(f"--gate can be stress, not {self.gate!r}")
        if self.isolation == "none" and not self.allow_unsafe:
            raise UsageError("--isolation none runs programs with your own rights; say so with --allow-unsafe")
        if not self.timeout > 0:
            raise UsageError(f"--timeout must be above 0 seconds, not {self.timeout}")
        for name in ("max_usd", "max_tokens", "max_seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"--{name.replace('_', '-')} must be above 0, not {value}: a run without a budget does nothing")

    @property
    def uses_model(self) -> bool:
        """Whether attempts cost calls to a language model, as far as the proposer's name says."""
        return self.proposer in ("auto", "litellm", "scripted")

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def readable(cls, raw: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """What this version understands of options that another one may have stored, and the rest by name.

        The first is for lists and pages; where there is a rest, the run cannot be resumed.
        """
        names = {f.name for f in dataclasses.fields(cls)}
        known = {name: value for name, value in _as_fields(raw).items() if name in names}
        rest = {name: value for name, value in raw.items() if name not in names}
        try:
            return cls(**known), rest
        except (UsageError, TypeError):  # a value that means something elsewhere: all the others still stand
            options = cls()
            for field_ in dataclasses.fields(cls):
                if field_.name in known:
                    try:
                        options = dataclasses.replace(options, **{field_.name: known[field_.name]})
                    except (UsageError, TypeError):
                        rest[field_.name] = raw[field_.name]
            return options, rest


def _as_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
