"""Records passed between packages: frozen dataclasses and enums, without behaviour."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from workbench.values import Effect as Effect
from workbench.values import Evaluator as Evaluator
from workbench.values import Interval as Interval
from workbench.values import Kind as Kind
from workbench.values import Record as Record
from workbench.values import Seconds as Seconds
from workbench.values import Split as Split
from workbench.values import Status as Status
from workbench.values import Surroundings as Surroundings
from workbench.values import Tier as Tier

# --------------------------------------------------------------------------- problems


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits for one program on one instance.

    Attributes
    ----------
    seconds
        The program's own time in seconds, summed over all calls for one instance; the simulator's time does not count. On a
        busy machine the wall-clock limit is extended until the program has had this much CPU time: to at most three times
        this value, plus the time it waited for a CPU.
    memory_mb
        Address space beyond that of the warm interpreter, in MiB.
    reply_bytes
        Bytes that the program may send back for one instance.
    verifier_seconds
        The verifier's own time for one instance in seconds, without the program's.
    """

    seconds: float = 2.0
    memory_mb: int = 512
    reply_bytes: int = 4 << 20
    verifier_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a problem. Its data is plain JSON and reaches the sandbox unchanged.

    Attributes
    ----------
    id
        Unique across all splits of the problem.
    family
        Instance class. Its instances share a scale; classes have equal weight in the gap, those named `smoke-...` have none.
    data
        JSON object (str keys; lists, numbers, strings, booleans, null). Never modified after creation.
    """

    id: str
    family: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Result of a verifier: the objective computed from raw decisions, and further metrics by name."""

    objective: float
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources that a program's process has used since its fork, as counted by the kernel.

    Attributes
    ----------
    cpu_seconds
        CPU time of all its threads.
    peak_bytes
        Peak resident set size, in bytes.
    resident_bytes
        Resident set size now, in bytes.
    """

    cpu_seconds: float
    peak_bytes: int
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference value of an instance, from which its gap is measured.

    Attributes
    ----------
    value
        Objective of the optimum or of the best-known solution, or a bound on the optimum.
    status
        `optimal` (proven), `bound` (proven, possibly not attained) or `best_known` (attained, not proven optimal).
    solver
        Solver or source of the value, with its version where relevant.
    seconds
        Solution time in seconds.
    """

    value: float
    status: Literal["optimal", "bound", "best_known"]
    solver: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """A published or well-known heuristic in `programs/<name>.py`, with its source."""

    name: str
    title: str
    citation: str


class Policy(Protocol):
    """A candidate as the verifier sees it: a remote callable that answers with plain JSON values.

    Every method raises `PolicyFailure` when the candidate's process fails; a verifier must not catch it.
    Answers consist of dict, list, str, int, finite float, bool and None only, and are otherwise unchecked.
    """

    def __call__(self, *args: Any) -> Any:
        """Call the entry function and return its answer."""

    def begin(self, *args: Any) -> None:
        """Construct a new object of the entry class, for a policy with state; the previous object is dropped."""

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the object constructed by `begin`."""


class Verifier(Protocol):
    """Checks decisions and computes the objective. Runs in the trusted process and trusts no answer of a candidate."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Run `policy` on `instance` and compute the objective from its raw decisions.

        Raises
        ------
        Infeasible
            A decision breaks a rule; the message becomes feedback.
        """


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem: its texts, instances, verifier and programs. A problem folder defines one in `problem.py`, named PROBLEM.

    Attributes
    ----------
    slug
        Problem ID `domain/name`: the folder's path below `problems/`.
    title, question
        A short name, and the problem in one sentence.
    entry
        Function or class that a program must define. The signature and docstring in the initial program are its contract.
    verifier
        Runs the policy on one instance and computes the objective from its decisions.
    instances
        Returns the instances of a split. Must be deterministic, with disjoint splits.
    solve
        Computes the reference of one instance (exact, bound or best known). Called by `evolve references`, never during a run.
    seeds
        Names of the initial programs in `programs/`, weakest first (at least two).
    baselines
        Heuristics to beat; each is a program in `programs/`.
    features
        Names in scope inside the evolving part, with their meaning. The AST mutation operators use them and prompts list them.
    unit
        Unit of the objective ("hours of tardiness", "$").
    bound
        The kind of reference in one line: "proven optimum for n <= 200, best known above".
    sense
        Whether the objective is minimised or maximised.
    limits
        Time, memory and reply size allowed for one program on one instance.
    modules
        Modules that a program may import in addition to the standard ones.
    stress_tolerance
        By stress class: how much worse than the best baseline, in gap, a certified program may be (default 0.05).
    tiers
        Harder parts of train and validation, easiest first; classes that none names are for runs that begin.
    disclosed
        What of `test` or `stress` was known when something was chosen, or instances share; a sentence that certificates show.
    statement, hints, programs
        Only for a problem defined in Python: the task in markdown, hints by level, and the sources of initial programs and
        baselines by name. A problem folder has `statement.md`, `hints.md` and `programs/` instead.
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
    tiers: tuple[Tier, ...] = ()
    disclosed: str = ""
    statement: str = ""
    hints: tuple[str, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)


# --------------------------------------------------------------------------- programs and results


@dataclass(frozen=True, slots=True)
class Program:
    """Python source and the name of its entry point. Initial programs, baselines and candidates are all programs."""

    source: str
    entry: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a program decided on one instance: their number, a hash of all, and the first ones as JSON, up to a limit."""

    count: int
    digest: bytes
    kept: tuple[str, ...]


@dataclass(frozen=True)
class InstanceResult:
    """Result on one instance. `gap` is finite: a failed instance gets the penalty. `seconds` is the program's CPU time; time on the
    host's clock where the system does not tell, and for a failure. `decisions` is None unless they were recorded."""

    id: str
    family: str
    status: Status
    gap: float
    objective: float | None = None
    reference: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    seconds: float = 0.0
    decisions: Decisions | None = None


@dataclass(frozen=True)
class Report:
    """Result of one program on one split.

    Attributes
    ----------
    status
        `ok` if every instance was answered legally, otherwise the status of the first failure.
    gap
        Mean over instance classes (smoke tests left out) of the mean gap within; 0 is the reference, lower is better.
    families
        Mean gap by instance class.
    message
        First failure, worded to help fix it; empty if ok.
    seconds, printed
        Wall-clock time of the evaluation; the end of what the program printed (2 kB, only on train and on request).
    """

    split: Split
    status: Status
    gap: float
    families: Mapping[str, float]
    results: tuple[InstanceResult, ...]
    message: str = ""
    seconds: float = 0.0
    printed: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One attempt of a run, as a strategy sees it. `number` counts attempts from 0; initial programs come first.

    Attributes
    ----------
    idea
        What was changed and why, in one line, according to the proposer or the user; may be empty.
    seconds
        The program's own time on a train instance, in seconds: the median and the longest; None unless `ok`.
    effect, printed, proposer
        What became better or worse than its parent (None if one of the two has no results); the end of its prints on train; the
        name of the proposer that made it (empty: none did, as with initial and tuned programs, or it is not known).
    """

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
    idea: str = ""
    seconds: Seconds | None = None
    effect: Effect | None = None
    printed: str = ""
    proposer: str = ""


# --------------------------------------------------------------------------- requests to a proposer


@dataclass(frozen=True, slots=True)
class Selection:
    """A strategy's choice: the parent to improve, other candidates to show with it, and the island that receives the result."""

    parent: Candidate
    inspirations: tuple[Candidate, ...] = ()
    island: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt sent back to the model once for repair: its reply, the reason for the failure, and what it printed."""

    number: int
    status: Status
    message: str
    text: str
    printed: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything a proposer may know about a problem; nothing about `test` or `stress`.

    Attributes
    ----------
    statement
        The task in markdown.
    hints
        By level: generic hints first, then targeted ones shown at a plateau.
    baselines, modules, sizes
        Name and mean train gap of each baseline, best first; modules to import; sizes of instances in a line, if anybody reads it.
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
    sizes: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """The idea and the outcome of an attempt, for the prompts of later attempts.

    The fields are those of `Candidate`. An attempt that is still being evaluated has no status.
    """

    number: int
    parent: int | None
    operator: str
    idea: str
    status: Status | None
    gap: float = math.inf
    message: str = ""
    seconds: Seconds | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One request to a proposer.

    Attributes
    ----------
    number
        Number of the attempt.
    selection
        Parent, inspirations and island.
    failure
        The failed attempt to repair, if any.
    guidance
        Messages from the user who steers the run.
    stagnation
        Attempts since the incumbent last improved. Proposers may make larger changes, and prompts add the second level of hints.
    tried
        Earlier attempts relevant to this request, by number; empty for a proposer that uses no model.
    kind
        What is asked for.
    known, lessons
        What else was noticed about the parent, in sentences without subject and full stop; and what earlier attempts taught.
    """

    number: int
    selection: Selection
    failure: Failure | None = None
    guidance: tuple[str, ...] = ()
    stagnation: int = 0
    tried: tuple[Trial, ...] = ()
    kind: Kind = Kind.IMPROVE
    known: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages sent to a model."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Call:
    """One model call, stored in full; `model` answered or was asked last. `cost_usd` None: unknown; `finish` `length`: cut."""

    model: str
    prompt: Prompt
    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    retries: int = 0
    error: str = ""
    finish: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A proposer's answer: a model's text to be parsed, or a program from the AST mutation operators.

    Attributes
    ----------
    operator
        Kind of change, for lineage and statistics: "rewrite", "edit", "repair", "constant", "crossover", ...
    text
        Text to parse; empty if `program` is set or the call failed.
    call
        The model call; None without a model. If `call.error` is set, the attempt's status is `llm_error`.
    parents
        Numbers of the candidates whose code was used, main parent first.
    idea
        What was changed and why, in one line; empty: what the text says.
    refusal
        Why the proposer itself found no program in the answer; empty: the text is parsed.
    """

    operator: str
    text: str = ""
    program: Program | None = None
    call: Call | None = None
    parents: tuple[int, ...] = ()
    idea: str = ""
    refusal: str = ""
