"""Options of a run: everything needed to resume it or to repeat it with the same seed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from workbench.errors import UsageError

_PLUS, _SHARE = re.compile(r"\s\+\s"), re.compile(r"(.*?)\s*\*\s*(\d*\.?\d+)\s*", re.DOTALL)
PROCESSES = "processes"
"""The executor that every machine has."""
_MODELS = ("auto", "agent", "agents", "litellm", "local", "scripted")


def mixture(proposer: str) -> tuple[tuple[str, float], ...]:
    """Return names and first shares of several proposers, given as `NAME*SHARE + NAME*SHARE`; empty for a single one."""
    if len(parts := _PLUS.split(proposer)) < 2:
        return ()
    found = [(match[1], float(match[2])) if (match := _SHARE.fullmatch(part)) else (part, 1.0) for part in parts]
    return tuple((name.strip(), share) for name, share in found)


def refuse_unknown_tracker(track: str) -> None:
    """Refuse what is no `mlflow` or `mlflow:URI`, or has a password, for options are stored.

    Raises
    ------
    UsageError
        With what to give instead.
    """
    name, _, uri = track.partition(":")
    if name != "mlflow":
        raise UsageError(f"--track must be mlflow or mlflow:URI, got {track!r}")
    if re.match(r"[^/]*//[^/@]*:[^/@]*@", uri):
        raise UsageError("--track would store the password in its address; give mlflow, and the address in MLFLOW_TRACKING_URI")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of one run, stored with it as JSON. API keys are never included.

    Attributes
    ----------
    proposer
        `litellm`, `builtin`, `agents`, `replay:RUN` or `scripted` (tests), or several with their first shares, see `mixture`;
        `auto` is resolved before the run starts.
    models
        Each `NAME` or `NAME=WEIGHT`.
    api_base
        URL of an OpenAI-compatible endpoint, for models without a provider.
    style
        Reply format requested from a model: `full` (whole programs or edits), `block` (only the evolving part, for weak models),
        or None (chosen by model name).
    answer_tokens
        Longest answer of a model in tokens, reasoning included; None: chosen by style.
    reasoning_effort
        `low`, `medium`, `high`, or what else a model knows; None: its default.
    fallbacks
        Models to ask while another is down, in this order: `PROVIDER/NAME`, `NAME@URL`, or `NAME` at `api_base`.
    headers, extra_body
        Headers (`NAME: VALUE`, with `$VARIABLE` for an environment variable) and fields of the body of every call.
    prices
        Each `IN/OUT` or `MODEL=IN/OUT`, in dollars for a million tokens.
    proposer_options
        Further keywords of the proposer's constructor.
    strategy, strategy_options
        Search strategy and the keywords of its constructor.
    seeds
        Initial programs, as names of the problem's programs or paths; empty: the problem's defaults.
    seed
        Random seed.
    candidates
        Number of attempts, including failed ones; initial programs are not counted.
    max_usd, max_tokens, max_seconds
        Further budget limits; None: no limit.
    workers
        Number of evaluation processes; 0, on a cluster: one for each CPU that is free.
    executor, executor_options
        Where evaluations run (`processes` of this machine, a `ray` cluster, `inline` in this process, `package.module:Class`), and
        further keywords of its constructor.
    concurrency
        Maximum number of concurrent model calls.
    timeout
        Timeout of one try of a model call, in seconds.
    tune_trials
        Optuna trials for each new best program that declares TUNABLE; 0: no tuning.
    gate
        `stress`: a program that improves on its parent must also pass freshly generated stress instances (robustness filter);
        `advice`: incumbents of models are evaluated on them, and prompts tell weaknesses; empty: neither.
    race
        Stop the evaluation of a program that is clearly worse than its parent on the first instances; without a model, also of one
        that is no different.
    patience
        End the run after this many attempts without improvement on train; None: never.
    prefer
        `gap`, `cpu` or the problem's second objective: by what the best candidate is chosen among those within noise of the best.
    evidence
        Whether prompts tell where a program's answer on a train instance differs from a better solution (`evidence.py`).
    playbook
        File of lessons that prompts of models show, and that the run adds to; None: no lessons.
    track
        Experiment tracker that is told of the run: `mlflow`, or `mlflow:URI`; None: nobody is.
    allow_unsafe, isolation
        Whether to run without kernel isolation, and a forced isolation level (None: the best available).
    """

    proposer: str = "auto"
    models: tuple[str, ...] = ()
    api_base: str | None = None
    style: str | None = None
    temperature: float | None = None
    answer_tokens: int | None = None
    reasoning_effort: str | None = None
    fallbacks: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    prices: tuple[str, ...] = ()
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
    executor: str = PROCESSES
    executor_options: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int = 4
    timeout: float = 180.0
    tune_trials: int = 24
    gate: str = ""
    race: bool = True
    patience: int | None = None
    prefer: str = "gap"
    evidence: bool = False
    playbook: str | None = None
    track: str | None = None
    allow_unsafe: bool = False
    isolation: str | None = None

    def __post_init__(self) -> None:
        fewest = 1 if self.executor in (PROCESSES, "inline") else 0
        for name, low in (("candidates", 1), ("workers", fewest), ("concurrency", 1), ("tune_trials", 0)):
            if getattr(self, name) < low:
                raise UsageError(f"--{name.replace('_', '-')} must be at least {low}, got {getattr(self, name)}")
        if self.answer_tokens is not None and self.answer_tokens < 16:
            raise UsageError(f"--answer-tokens must be at least 16, got {self.answer_tokens}")
        if self.gate not in ("", "stress", "advice"):
            raise UsageError(f"--gate must be stress or advice, got {self.gate!r}")
        if self.track is not None:
            refuse_unknown_tracker(self.track)
        if self.isolation == "none" and not self.allow_unsafe:
            raise UsageError("--isolation none runs programs with your own permissions; confirm with --allow-unsafe")
        if self.playbook and self.proposer == "builtin":
            raise UsageError("--playbook holds lessons for models: the built-in operators read none, so omit it")
        if self.evidence and self.proposer == "builtin":
            raise UsageError("--evidence is for the prompts of models: the built-in operators read none, so omit it")
        if not self.timeout > 0:
            raise UsageError(f"--timeout must be above 0 seconds, got {self.timeout}")
        for name in ("max_usd", "max_tokens", "max_seconds", "patience"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"--{name.replace('_', '-')} must be above 0, got {value}")

    @property
    def uses_model(self) -> bool:
        """Whether the proposer calls a language model, judged by its name."""
        names = [name for name, _ in mixture(self.proposer)] or [self.proposer]
        return any(name.partition(":")[0] in _MODELS for name in names)

    @property
    def evaluators(self) -> str:
        """What evaluates, in words: `2 workers`, or `8 workers on ray`."""
        where = "" if self.executor == PROCESSES else f" on {self.executor}"
        return f"{self.workers or ''} worker{'' if self.workers == 1 else 's'}".strip() + where

    @property
    def elsewhere(self) -> str:
        """What evaluates, after a comma; empty for processes of this machine."""
        return "" if self.executor == PROCESSES else f", {self.evaluators}"

    def to_json(self) -> dict[str, Any]:
        """Return the options as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def readable(cls, raw: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """Read options stored by any version: return those that this version knows, and the others by name.

        The known options are for lists and pages. A run with unknown options cannot be resumed.
        """
        names = {f.name for f in dataclasses.fields(cls)}
        known = {name: value for name, value in _as_fields(raw).items() if name in names}
        rest = {name: value for name, value in raw.items() if name not in names}
        try:
            return cls(**known), rest
        except (UsageError, TypeError):  # a value valid only in another version: keep all others
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
