"""What flows between the rooms: frozen records without behaviour."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol


class Split(StrEnum):
    """Which instances: `train` drives the search, `validation` picks the champion, the others are sealed."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    STRESS = "stress"


class Status(StrEnum):
    """How an attempt ended. Only `ok` enters a population; the others are kept as data."""

    OK = "ok"
    INFEASIBLE = "infeasible"
    CRASH = "crash"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    PROTOCOL = "protocol"
    REJECTED = "rejected"
    LLM_ERROR = "llm_error"
    FRAGILE = "fragile"
    """Sound on train, but refused by the run's stress gate."""


# --------------------------------------------------------------------------- the question


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use while it answers one instance.

    Attributes
    ----------
    seconds
        The program's own time, summed over all calls for one instance (the simulator's time does not count). On a busy
        machine it may take longer on the clock until it has had this much CPU time: up to three times as long, and as long as
        it stood in line for a CPU.
    memory_mb
        Address space beyond the warm interpreter, MiB.
    reply_bytes
        Bytes the program may send back for one instance.
    """

    seconds: float = 2.0
    memory_mb: int = 512
    reply_bytes: int = 4 << 20


@dataclass(frozen=True, slots=True)
class Instance:
    """One case of a problem: JSON-clean data, so that it reaches the sandbox as it is.

    Attributes
    ----------
    id
        Unique over all splits of the problem.
    family
        Instances of one family share a scale; families weigh alike in the score.
    data
        JSON object (str keys; lists, numbers, strings, booleans, null). Never changed after it is made.
    """

    id: str
    family: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the verifier computed from raw decisions: the objective, and any further figures by name."""

    objective: float
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program's process has used since it was forked, as the kernel counts it.

    Attributes
    ----------
    cpu_seconds
        CPU time of all its threads.
    peak_bytes
        Most memory it has held at once (resident set).
    """

    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Reference:
    """What an instance is measured against.

    Attributes
    ----------
    value
        Objective of the optimum, of the best known solution, or a bound on it.
    status
        `optimal` (proven), `bound` (proven, perhaps not attained) or `best_known` (attained, not proven).
    solver
        Who found it, with its version where it matters.
    seconds
        How long it took.
    """

    value: float
    status: Literal["optimal", "bound", "best_known"]
    solver: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """A human (or published) heuristic in `programs/<name>.py`, with where it comes from."""

    name: str
    title: str
    citation: str


class Policy(Protocol):
    """A candidate as the verifier sees it: a far-away callable that answers in plain JSON values.

    Every method raises `PolicyFailure` when the candidate's process fails; a verifier lets that pass.
    Answers are built of dict, list, str, int, float (finite), bool and None alone, and are otherwise unchecked.
    """

    def __call__(self, *args: Any) -> Any:
        """Call the entry function."""

    def begin(self, *args: Any) -> None:
        """Construct the entry class anew, for a policy with memory; forgets the previous object."""

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the object that `begin` made."""


class Verifier(Protocol):
    """Is it legal, and how good? Stays in the trusted process and believes nothing it is told."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Drive `policy` over `instance` and compute the objective from its raw decisions.

        Raises
        ------
        Infeasible
            When a decision breaks a rule; the reason becomes feedback.
        """


@dataclass(frozen=True, slots=True)
class Problem:
    """A question, its data and its judge. A folder's `problem.py` holds one, named PROBLEM.

    Attributes
    ----------
    slug
        `family/name`, the folder's path below `problems/`.
    title, question
        A short name, and the question in one sentence.
    entry
        The function or class that a program must define; the seed's signature and docstring are its contract.
    verifier
        Drives the policy over one instance and computes the objective from its decisions.
    instances
        Maps a split to its instances; deterministic, splits disjoint.
    solve
        Makes the reference of one instance (exact model, bound or best known); run by `evolve references`, never in the loop.
    seeds
        Names of starting programs in `programs/`, weakest first (at least two).
    baselines
        Who is to be beaten; each is a program in `programs/`.
    features
        Names in scope inside the evolving part, with their meaning: the built-in operators draw on them and prompts list them.
    unit
        Unit of the objective ("hours of tardiness", "$").
    bound
        One line on the references: "proven optimum for n <= 200, best known above".
    sense
        Whether the objective is minimised or maximised.
    limits
        Time, memory and reply size for one program on one instance.
    modules
        What a program may import beyond the standard allowance.
    stress_tolerance
        For a stress family, how much worse (in gap) than the best baseline a certified program may be; default 0.05.
    statement, hints, programs
        For a problem made in Python: the task in markdown, hints by level, and the sources of seeds and baselines by name.
        A problem in a folder leaves these out: it has `statement.md`, `hints.md` and `programs/`.
    """

    slug: str
    title: str
    question: str
    entry: str
    verifier: Verifier
    instances: Callable[[Split], Sequence[Instance]]
    solve: Callable[[Instance], Reference]
    seeds: tuple[str, ...]
    baselines: tuple[Baseline, ...]
    features: Mapping[str, str]
    unit: str
    bound: str
    sense: Literal["min", "max"] = "min"
    limits: Limits = Limits()
    modules: tuple[str, ...] = ()
    stress_tolerance: Mapping[str, float] = field(default_factory=dict)
    statement: str = ""
    hints: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)


# --------------------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True)
class Program:
    """Seed, baseline, candidate and export alike: Python source and the name that the verifier calls."""

    source: str
    entry: str


@dataclass(frozen=True, slots=True)
class InstanceResult:
    """One program on one instance. `gap` is always finite: a failure carries the penalty."""

    id: str
    family: str
    status: Status
    gap: float
    objective: float | None = None
    reference: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """One program on one split.

    Attributes
    ----------
    status
        `ok` when every instance was answered legally, else the first failure's status.
    gap
        Mean over families of the mean gap within the family; 0 is the reference, lower is better.
    families
        Mean gap by family.
    message
        The first failure, in words that help to mend it; empty when ok.
    seconds
        Wall time of the whole evaluation.
    """

    split: Split
    status: Status
    gap: float
    families: Mapping[str, float]
    results: tuple[InstanceResult, ...]
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One attempt of a run, as the search sees it. `number` counts attempts from 0, seeds first."""

    number: int
    status: Status
    program: Program | None
    operator: str
    parents: tuple[int, ...] = ()
    island: int | None = None
    gap: float = math.inf
    families: Mapping[str, float] = field(default_factory=dict)
    instances: tuple[float, ...] = ()
    message: str = ""


# --------------------------------------------------------------------------- one beside another


class Interval(NamedTuple):
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float


class Record(NamedTuple):
    """On how many instances the first of two was better, equal or worse."""

    wins: int
    ties: int
    losses: int


# --------------------------------------------------------------------------- asking for the next one


@dataclass(frozen=True, slots=True)
class Selection:
    """What a strategy asks for: improve `parent`, with `inspirations` beside it, for `island`."""

    parent: Candidate
    inspirations: tuple[Candidate, ...] = ()
    island: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt that goes back to the model once: what it answered and why that would not do."""

    number: int
    status: Status
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a proposer may know of a problem: nothing of test or stress.

    Attributes
    ----------
    statement
        The task as people read it (markdown).
    hints
        Two levels: generic first, targeted at a plateau.
    baselines
        Name and mean train gap of each human baseline, best first.
    modules
        What a program may import.
    """

    slug: str
    title: str
    question: str
    statement: str
    entry: str
    unit: str
    sense: Literal["min", "max"]
    features: Mapping[str, str]
    hints: tuple[str, ...]
    baselines: tuple[tuple[str, float], ...]
    modules: tuple[str, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Task:
    """One request to a proposer.

    Attributes
    ----------
    number
        The attempt this will become.
    selection
        Parent and inspirations.
    failure
        Set when this attempt repairs a failed one.
    guidance
        Messages of the person who steers the run.
    stagnation
        Attempts since the incumbent last improved; proposers may grow bolder and prompts open the second level of hints.
    """

    number: int
    selection: Selection
    failure: Failure | None = None
    guidance: tuple[str, ...] = ()
    stagnation: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model, kept whole. `cost_usd` is None where the price is unknown."""

    model: str
    prompt: Prompt
    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    retries: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a proposer answers: a model's text still to be parsed, or (built-in operators) a program.

    Attributes
    ----------
    operator
        What was done, for lineage and statistics: "rewrite", "edit", "repair", "constant", "crossover", ...
    text
        Reply to parse; empty when `program` is set or the call failed.
    call
        The model call behind it; None without a model. `call.error` set means `llm_error`.
    parents
        Which candidates' code it used, the main parent first.
    """

    operator: str
    text: str = ""
    program: Program | None = None
    call: Call | None = None
    parents: tuple[int, ...] = ()
