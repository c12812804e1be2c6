"""Discovery and loading of problems: below `problems/`, by path, and by entry point of an installed package."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import importlib
import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from workbench.errors import ProblemError, ProblemFault, StoreError, UsageError
from workbench.model import Brief, Evaluator, Instance, Problem, Program, Split, Tier
from workbench.problem import extras, foreign, gap, references, sizes
from workbench.problem.extras import GATE, Draw, package, where
from workbench.problem.files import UNSCORED, UNSOLVED, content_of
from workbench.problem.judges import evaluators_of
from workbench.problem.programs import find_program, program_names, read_program
from workbench.program.source import MODULES
from workbench.protocols import SecondObjective
from workbench.state import vouching
from workbench.values import is_unverified

ENTRY_POINTS = "evolve.problems"
"""Entry-point group for problems in other packages; each entry names the package that contains `problem.py`."""


_TIER = re.compile(r"[a-z0-9_]+")


def root() -> Path:
    """Return the folder that contains `problems/`, `evaluators/` and `ui/`: the checkout, or `_bundled` of an installed package."""
    here = Path(__file__).resolve().parent.parent
    return here.parent if (here.parent / "problems").is_dir() else here / "_bundled"


class LoadedProblem:
    """A loaded problem folder: the problem, its texts, programs, instances and references."""

    in_memory = False
    """Whether the problem was defined in Python and has no folder that another process could load."""
    evaluator: Evaluator | None = None
    """How programs of a foreign task are scored, which has no verifier; None for a problem."""

    def __init__(self, folder: Path, problem: Problem) -> None:
        self.folder, self.problem = folder, problem
        self.tier: Tier | None = None
        self._tiers: dict[str, LoadedProblem] = {}
        self._cache: dict[Split, tuple[Instance, ...]] = {}
        self._drawn: tuple[Draw, tuple[Instance, ...]] | None = None

    @property
    def slug(self) -> str:
        """Problem ID, `domain/name`."""
        return self.problem.slug

    @property
    def address(self) -> str:
        """What `load` loads it from in another process."""
        return f"{self.folder}@{self.tier.name}" if self.tier else str(self.folder)

    def at(self, name: str) -> LoadedProblem:
        """Return the same problem with the train and validation instances of a tier.

        Raises
        ------
        UsageError
            There is no such tier.
        """
        tier = next((t for t in self.problem.tiers if t.name == name), None)
        if tier is None:
            names = ", ".join(t.name for t in self.problem.tiers)
            raise UsageError(f"{self.slug} has no tier {name!r}; " + (f"it has: {names}" if names else "it has none"))
        if name not in self._tiers:
            limits = replace(self.problem.limits, seconds=tier.seconds or self.problem.limits.seconds)
            found = LoadedProblem(self.folder, replace(self.problem, slug=f"{plain(self.slug)}@{name}", limits=limits))
            found.tier = tier
            self._tiers[name] = found
        return self._tiers[name]

    @property
    def harder(self) -> LoadedProblem | None:
        """The problem at the next tier; None at the last one."""
        tiers = self.problem.tiers
        following = tiers[tiers.index(self.tier) + 1 :] if self.tier else tiers
        return self.at(following[0].name) if following else None

    @cached_property
    def statement(self) -> str:
        """The task in markdown, as shown in prompts and in the dashboard."""
        harder = f"\n\nThis is the tier `{self.tier.name}` of the problem, in training too: {self.tier.words}" if self.tier else ""
        return self._text("statement.md").rstrip() + harder

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """Hints by level, from the `##` sections of hints.md; empty if there is no such file."""
        path = self.folder / "hints.md"
        if not path.exists():
            return ()
        return tuple(part.partition("\n")[2].strip() for part in re.split(r"(?m)^## ", self._text(path.name))[1:])

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """Names of the programs in `programs/`."""
        return program_names(self.folder / "programs")

    def program(self, name: str) -> Program:
        """Return a program of the folder by name; a block file is combined with its frame.

        Raises
        ------
        ProblemError
            There is no such program, or a block does not match its frame.
        """
        path = find_program(self.folder / "programs", name)
        try:
            return Program(read_program(path), self.problem.entry)
        except OSError as error:
            raise ProblemError(f"{self.slug}: no program {name!r} ({path}); available: {', '.join(self.programs)}") from error

    def instances(self, split: Split) -> tuple[Instance, ...]:
        """Return the instances of a split; they are generated once and cached."""
        if split not in self._cache:
            self._cache[split] = self.generate(split)
        return self._cache[split]

    def generate(self, split: Split) -> tuple[Instance, ...]:
        """Generate the instances of a split: of its own tier for train, of easier ones too for validation.

        Raises
        ------
        ProblemFault
            As for `all_tiers`; or there are none where a search needs some.
        """
        found = tuple(i for i in self.all_tiers(split) if self._holds(split, i.family))
        if not found and split in (Split.TRAIN, Split.VALIDATION):
            raise ProblemFault(f"{self.slug}: instances({split}) gave no instances; a search needs some of train and of validation")
        return found

    def all_tiers(self, split: Split) -> tuple[Instance, ...]:
        """Generate the instances of a split, of every tier.

        Raises
        ------
        ProblemFault
            That fails, or gives something else than instances.
        """
        call = f"{self.slug}: instances({split})"
        try:
            found = tuple(self.problem.instances(split))
        except (Exception, SystemExit) as error:
            raise ProblemFault(f"{call} failed: {where(error, self.folder)}") from error
        if strange := [type(i).__name__ for i in found if not isinstance(i, Instance)]:
            raise ProblemFault(f"{call} gave a {strange[0]}; it must give Instance objects")
        return found

    def _holds(self, split: Split, family: str) -> bool:
        """Whether the instances of a class belong to a split at this tier."""
        ranks = {name: rank for rank, tier in enumerate(self.problem.tiers, 1) for name in tier.families}
        own = self.problem.tiers.index(self.tier) + 1 if self.tier else 0
        rank = ranks.get(family, 0)
        return rank == own if split is Split.TRAIN else rank <= own if split is Split.VALIDATION else True

    @cached_property
    def second(self) -> SecondObjective | None:
        """What matters besides the gap; None if the problem has no `second.py`."""
        return extras.second(self.folder)

    @cached_property
    def robustness(self) -> Mapping[str, str]:
        """Descriptions of the stress classes by name; empty if the problem has no `gate.py`."""
        module = extras.extra(self.folder, GATE)
        return {} if module is None else dict(module.FAMILIES)

    def gate(self, seed: int) -> tuple[dict[str, str], tuple[Instance, ...]]:
        """Return descriptions of the stress classes, and new instances of them that occur in no split.

        Raises
        ------
        ProblemError
            The problem has no `gate.py`, or it fails.
        """
        if extras.extra(self.folder, GATE) is None:
            raise ProblemError(
                f"{self.slug} has no {GATE}, which generates stress instances (CONTRIBUTING.md, 'Add a problem'): "
                "runs work without --gate"
            )
        return dict(self.robustness), self.drawn(Draw(GATE, seed))

    def drawn(self, draw: Draw) -> tuple[Instance, ...]:
        """Return instances outside the four splits; empty where the problem has no file that makes them.

        Raises
        ------
        ProblemError
            The file fails.
        """
        module = extras.extra(self.folder, draw.file)
        if module is None:
            return ()
        if self._drawn is None or self._drawn[0] != draw:
            try:
                match draw.file:
                    case extras.METAMORPHIC:
                        made = extras.transformed(module, self.instances(draw.split), draw.seed)
                    case extras.TRANSFER:
                        made = tuple(module.instances())
                    case extras.REPLICATES:
                        made = tuple(i for i in module.instances(draw.seed) if self._holds(Split.VALIDATION, i.family))
                        made += (module.largest(draw.seed),) if hasattr(module, "largest") else ()
                    case _:
                        made = tuple(module.instances(draw.seed))
            except Exception as error:
                raise ProblemError(f"{self.slug}: {draw.file} failed: {where(error, self.folder)}") from error
            self._drawn = draw, made
        return self._drawn[1]

    def largest(self, draw: Draw) -> Instance | None:
        """Return the largest instance of a draw of `replicates.py`; None where the problem promises no size."""
        module = extras.extra(self.folder, draw.file)
        return self.drawn(draw)[-1] if hasattr(module, "largest") else None

    def hashes(self, split: Split) -> frozenset[str]:
        """Return a hash of the data of each instance of a split; names and order do not matter."""
        return frozenset(content(instance.data) for instance in self.instances(split))

    @cached_property
    def references(self) -> references.References:
        """References and baseline objectives of all instances."""
        return references.read(self.folder, self.problem, self.instances)

    @cached_property
    def version(self) -> str:
        """Hash of everything that affects a score: problem code and data, references, evaluators, the definition of the gap."""
        return self._digest(UNSCORED, "" if gap.FORMAT == 1 else f"gap {gap.FORMAT}\0")

    @cached_property
    def code(self) -> str:
        """Hash of everything that affects a reference or a baseline's objective, including programs."""
        return self._digest(UNSOLVED)

    def _digest(self, left_out: frozenset[str], start: str = "") -> str:
        digest = hashlib.sha256(start.encode())
        left_out |= {f"test_{self.folder.name}.py"}
        files = [p for p in sorted(self.folder.rglob("*")) if p.is_file() and _decides(p.relative_to(self.folder), left_out)]
        for path in files:
            digest.update(f"{path.relative_to(self.folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
        for name, path in evaluators_of([p for p in files if p.suffix == ".py"], root()):
            digest.update(name.encode() + path.read_bytes())
        return digest.hexdigest()[:12]

    @cached_property
    def brief(self) -> Brief:
        """The part of the problem that proposers may know."""
        p = self.problem
        return Brief(
            p.slug, p.title, p.question, self.statement, p.entry, p.unit, p.sense, p.features, self.hints,
            self.references.ranking, tuple(sorted(MODULES.union(p.modules) - {"__future__"})), p.limits,
        )  # fmt: skip

    @cached_property
    def told(self) -> Brief:
        """The brief with the sizes of the instances, which takes a second or two to make."""
        return replace(self.brief, sizes=sizes.told({split.value: sizes.sizes_of(self.instances(split)) for split in Split}))

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"save it as UTF-8 ({error})"
            raise ProblemError(f"{self.slug}: {self.folder / name} cannot be read: {reason}") from error


class ForeignTask(LoadedProblem):
    """A task written for another project: an initial program, and an evaluator that runs together with each candidate.

    Its splits are one instance each: train the evaluation of a candidate, validation another one of the best.
    """

    def __init__(self, folder: Path, task: foreign.Task) -> None:
        super().__init__(folder, task.problem)
        self.evaluator, self._task = task.evaluator, task
        self.statement, self.hints, self.programs = task.problem.statement, (), tuple(task.problem.programs)

    def program(self, name: str) -> Program:
        """Return the initial program."""
        if name not in self.programs:
            raise ProblemError(f"{self.slug}: no program {name!r}; available: {', '.join(self.programs)}")
        return Program(self.problem.programs[name], self.problem.entry)

    @cached_property
    def references(self) -> references.References:
        """A reference of 0 for each instance, so that the gap is the score with its sign turned."""
        return references.References(self.folder, self.problem, self.instances, foreign.zero(self.instances))

    @cached_property
    def version(self) -> str:
        """Hash of the task's files."""
        return foreign.version(self.folder)

    @property
    def code(self) -> str:
        """As the version: there is nothing to solve."""
        return self.version

    @cached_property
    def told(self) -> Brief:
        """The brief: there are no sizes to tell."""
        return self.brief


def content(data: Mapping[str, Any]) -> str:
    """Return a hash of an instance's data; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(dict(data), sort_keys=True).encode()).hexdigest()[:32]


def _decides(path: Path, left_out: frozenset[str]) -> bool:
    """Whether a file may affect a score, by its path relative to the problem folder; caches and hidden files cannot."""
    *folders, name = path.parts
    return not (path.parts[0] in left_out or name.endswith(".pyc") or any(f.startswith(".") or f == "__pycache__" for f in folders))


def slugs() -> list[str]:
    """Return the IDs of all problems found by folder or entry point, sorted."""
    return sorted(_folders())


def load(name: str | Path) -> LoadedProblem:
    """Load a problem by ID, by the last part of an ID if that is unambiguous, or by path of its folder.

    Raises
    ------
    UsageError
        Unknown name; the message suggests similar IDs.
    ProblemError
        The folder exists but the problem cannot be loaded.
    """
    path, tier = _with_tier(str(name))
    loaded = _load(_resolve(path))
    return loaded.at(tier) if tier else loaded


def plain(slug: str) -> str:
    """Return the ID of a problem without its tier."""
    return slug.partition("@")[0]


def knows(slug: str) -> bool:
    """Whether a problem of this ID, with or without a tier, is found by folder or entry point."""
    return plain(slug) in slugs()


def _with_tier(name: str) -> tuple[str, str]:
    """Split a name or path from the tier at its end."""
    path, sign, tier = name.rpartition("@")
    return (path, tier) if sign and _TIER.fullmatch(tier) and not Path(name).exists() else (name, "")


def load_recorded(folder: str, slug: str) -> LoadedProblem:
    """Load the problem of a recorded run. What its record says is never reason enough to run code.

    The recorded folder is used only if this user has named it on this machine before, while it had the content that it has
    now; any other problem must be an installed one, found by its ID.

    Raises
    ------
    UsageError
        Neither; the message says how to name the problem.
    """
    path, tier = Path(folder), slug.partition("@")[2]
    if path.is_absolute() and _is_vouched(path):
        loaded = _load(path.resolve())
        if loaded.slug == plain(slug):
            return loaded.at(tier) if tier else loaded
    if plain(slug) in (installed := _folders()):
        loaded = _load(installed[plain(slug)].resolve())
        return loaded.at(tier) if tier else loaded
    if not path.is_absolute():
        raise UsageError(f"the problem {slug} of this run is not installed, and has no folder: pass it as problem=...")
    if not _is_there(path):
        raise UsageError(
            f"the problem {slug} of this run is not installed, and not in the folder {folder} any more; name where it is now: "
            "--problem FOLDER"
        )
    raise UsageError(
        f"the problem {slug} of this run is in the folder {folder}, which you have not used here as it is now, so nothing of it "
        f"was run; if you trust it, name it on the command line: --problem {shlex.quote(folder)}"
    )


def _is_there(folder: Path) -> bool:
    try:
        return (folder / "problem.py").is_file() or foreign.is_task(folder)
    except OSError:
        return False


def vouch(loaded: LoadedProblem) -> None:
    """Remember that the user named this problem's folder, so that a run of it finds its problem again.

    Where that cannot be written down, the folder has to be named again.
    """
    if loaded.in_memory or loaded.folder in {path.resolve() for path in _folders().values()} or _is_vouched(loaded.folder):
        return
    with contextlib.suppress(StoreError, OSError):
        vouching.vouch_for_folder(loaded.folder, content_of(loaded.folder))


def _is_vouched(folder: Path) -> bool:
    try:
        known = vouching.known_contents(folder)
        return bool(known) and content_of(folder) in known  # an unknown folder is not even read
    except (OSError, ValueError):
        return False


def reload(name: str | Path) -> LoadedProblem:
    """Reload a problem after its files, or the evaluators that it imports, have changed."""
    _load.cache_clear()
    stale = (f"{package(_resolve(_with_tier(str(name))[0]))}.", "evaluators.")
    for module in [m for m in sys.modules if m.startswith(stale)]:
        del sys.modules[module]  # otherwise the new version would use the old code
    return load(name)


def _folders() -> dict[str, Path]:
    found = {}
    for path in sorted((root() / "problems").glob("*/*/problem.py")):
        found[f"{path.parent.parent.name}/{path.parent.name}"] = path.parent
    for point in entry_points(group=ENTRY_POINTS):
        try:
            spec = importlib.util.find_spec(point.value)
        except (ImportError, ValueError):
            continue
        for place in (spec.submodule_search_locations or []) if spec else []:
            if (Path(place) / "problem.py").is_file():
                found.setdefault(point.name, Path(place))
    return found


def _resolve(name: str) -> Path:
    folders = _folders()
    if name in folders:
        return folders[name].resolve()
    path = Path(name).expanduser()
    if (path / "problem.py").is_file():
        return path.resolve()
    if path.name == "problem.py" and path.is_file():
        return path.parent.resolve()
    if foreign.is_task(path):
        return path.resolve()
    if name.startswith((".", "/", "~")) or path.is_dir():
        raise UsageError(f"no problem at {path}: the folder needs a problem.py with PROBLEM = Problem(...), or {foreign.FILES}")
    same = [slug for slug in folders if slug.partition("/")[2] == name]
    if len(same) == 1:
        return folders[same[0]].resolve()
    if same:
        raise UsageError(f"{name!r} is ambiguous; use one of: {', '.join(same)}")
    known = {**{s: s for s in folders}, **{s.partition("/")[2]: s for s in folders}}
    near = list(dict.fromkeys(known[m] for m in difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)))
    hint = f"did you mean {' or '.join(near)}?" if near else "list them with: evolve problems"
    raise UsageError(f"unknown problem {name!r}; {hint}")


@lru_cache(maxsize=64)
def _load(folder: Path) -> LoadedProblem:
    if not (folder / "problem.py").is_file() and foreign.is_task(folder):
        return ForeignTask(folder, foreign.read(folder))
    top = str(root())
    if top not in sys.path:  # an installed package contains evaluators/ in a subfolder: importable here without clashing elsewhere
        sys.path.append(top)
    name = package(folder)
    parent = ModuleType(name)
    parent.__path__ = [str(folder)]
    sys.modules[name] = parent
    try:
        module = importlib.import_module(f"{name}.problem")
    except (Exception, SystemExit) as error:
        raise ProblemError(f"{folder / 'problem.py'} cannot be loaded: {where(error, folder)}") from error
    problem = getattr(module, "PROBLEM", None)
    if not isinstance(problem, Problem):
        raise ProblemError(f"{folder / 'problem.py'} must define PROBLEM = Problem(...) (see CONTRIBUTING.md, 'Add a problem')")
    if not re.fullmatch(r"[a-z0-9_]+/[a-z0-9_]+", problem.slug):
        raise ProblemError(f"{folder / 'problem.py'}: the problem ID {problem.slug!r} must have the form domain/name")
    if is_unverified(problem.slug):
        raise ProblemError(f"{folder / 'problem.py'}: the domain of {problem.slug!r} is that of foreign tasks: choose another")
    return LoadedProblem(folder, problem)
