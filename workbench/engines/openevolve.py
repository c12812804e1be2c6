"""OpenEvolve's own controller and prompts as an engine."""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import os
from pathlib import Path
from typing import Any

from workbench.engines.desk import here
from workbench.engines.protocol import Desk, Outcome, Start
from workbench.errors import UsageError
from workbench.program.source import MAX_SOURCE_BYTES
from workbench.system.process import die_with_parent

_NEEDS = (0, 4)
_WITHOUT_END = 10**9
_EVALUATOR = "from workbench.engines.openevolve import evaluate  # noqa: F401\n"


class OpenEvolve:
    """OpenEvolve: its controller, program database and prompts, with its own defaults.

    The statement is its system message. The first initial program starts island 0, each further one another island. Written for
    openevolve 0.4.1.

    Parameters
    ----------
    config
        A file of OpenEvolve's settings (YAML). Models, their parameters, the evaluator and the system message are the run's.
    diff
        Whether it asks for edits, as by default, or for whole programs.
    islands
        Number of islands; 0: as in the settings, by default 5.
    """

    concurrency = 0

    def __init__(self, *, config: str = "", diff: bool = True, islands: int = 0) -> None:
        version = _installed()
        if config and not Path(config).expanduser().is_file():
            raise UsageError(f"engine openevolve: there is no file {config}")
        if islands < 0:
            raise UsageError(f"engine openevolve: islands must be at least 0, got {islands}")
        self.label = f"OpenEvolve {version}"
        self._config, self._diff, self._islands = str(Path(config).expanduser().absolute()) if config else "", diff, islands

    def run(self, start: Start, desk: Desk) -> None:
        """Run OpenEvolve's controller."""
        seeds = start.programs[: start.seeds]
        folder = Path.cwd()
        (folder / "evaluator.py").write_text(_EVALUATOR)
        for number, seed in enumerate(seeds):
            (folder / f"initial_{number}.py").write_text(seed.source)
        controller = importlib.import_module("openevolve.controller").OpenEvolve(
            str(folder / "initial_0.py"), str(folder / "evaluator.py"), config=self._settings(start), output_dir=str(folder / "out")
        )
        _take_up(controller.database, start)
        asyncio.run(controller.run(iterations=_WITHOUT_END))

    def _settings(self, start: Start) -> Any:
        module = importlib.import_module("openevolve.config")
        config = module.Config.from_yaml(self._config) if self._config else module.Config()
        if not self._config or not self._diff:
            config.diff_based_evolution = self._diff
        config.max_iterations, config.checkpoint_interval, config.log_level = _WITHOUT_END, _WITHOUT_END, "ERROR"
        config.random_seed, config.language, config.early_stopping_patience = start.seed, "python", None
        config.max_code_length = max(config.max_code_length, MAX_SOURCE_BYTES)
        model = module.LLMModelConfig(
            name="run", weight=1.0, init_client=client, random_seed=start.seed, timeout=_WITHOUT_END, retries=0, retry_delay=0
        )
        config.llm.models, config.llm.evaluator_models = [model], [model]
        config.prompt.system_message = start.task
        config.evaluator.parallel_evaluations = start.concurrency
        config.evaluator.timeout, config.evaluator.max_retries = _WITHOUT_END, 0
        config.evaluator.cascade_evaluation = config.evaluator.use_llm_feedback = False
        config.database.db_path, config.database.log_prompts = None, False
        config.database.num_islands = max(self._islands or config.database.num_islands, start.seeds)
        config.database.island_initial_programs = [
            None if number == 0 else str(Path.cwd() / f"initial_{number}.py") for number in range(start.seeds)
        ]
        return config


class Asking:
    """OpenEvolve's interface of a model, which asks the run. Parents are seen where OpenEvolve makes its prompts."""

    parent = ""
    """The program that the next prompt of this process is about."""
    last_usage = None

    async def generate(self, prompt: str, **kwargs: Any) -> str:
        """Ask without a system message."""
        return here().ask("", prompt, Asking.parent)

    async def generate_with_context(self, system_message: str, messages: list[dict[str, str]], **kwargs: Any) -> str:
        """Ask with a system message; only one iteration runs in a process, so that nothing waits for this."""
        return here().ask(system_message, "\n\n".join(message["content"] for message in messages), Asking.parent)


def client(config: object) -> Asking:
    """Return the model of a worker of OpenEvolve, and let its prompts tell which program they are about."""
    if os.getpid() != os.getsid(0):  # a worker, which must not outlive its controller
        die_with_parent(os.getppid())
    sampler = importlib.import_module("openevolve.prompt.sampler").PromptSampler
    build = sampler.build_prompt
    if not hasattr(build, "told"):

        def build_prompt(self: Any, *args: Any, **kwargs: Any) -> Any:
            Asking.parent = kwargs["current_program"]
            return build(self, *args, **kwargs)

        build_prompt.told = True  # type: ignore[attr-defined]
        sampler.build_prompt = build_prompt
    return Asking()


def evaluate(program_path: str) -> Any:
    """Have a program evaluated; what OpenEvolve's evaluator calls."""
    outcome = here().evaluate(Path(program_path).read_text(encoding="utf-8"))
    result = importlib.import_module("openevolve.evaluation_result").EvaluationResult
    return result(metrics={"combined_score": outcome.score}, artifacts=_artifacts(outcome))


def _artifacts(outcome: Outcome) -> dict[str, str]:
    told = {"failure": outcome.message, "printed": outcome.printed}
    if outcome.valid and len(outcome.classes) > 1:
        told["gaps"] = ", ".join(f"{name} {100 * gap:.2f}%" for name, gap in outcome.classes.items())
    return {name: text for name, text in told.items() if text}


def _take_up(database: Any, start: Start) -> None:
    """Put the programs of a resumed run into the database, which then needs no initial program."""
    if len(start.programs) == start.seeds:
        return
    program = importlib.import_module("openevolve.database").Program
    islands, ids = len(database.islands), {known.outcome.number for known in start.programs}
    for place, known in enumerate(start.programs):
        number = known.outcome.number
        parent = str(known.parent) if known.parent in ids else None
        made = program(
            id=str(number), code=known.source, language="python", parent_id=parent, iteration_found=number,
            metrics={"combined_score": known.outcome.score},
        )  # fmt: skip
        database.add(made, iteration=number, target_island=place % islands)
    database.last_iteration = start.programs[-1].outcome.number


def _installed() -> str:
    try:
        version = importlib.metadata.version("openevolve")
    except importlib.metadata.PackageNotFoundError as error:
        raise UsageError("engine openevolve needs the package openevolve: pip install 'openevolve>=0.4.1,<0.5'") from error
    found = tuple(int(part) for part in version.split(".")[:2])
    if found < _NEEDS:
        raise UsageError(
            f"engine openevolve needs openevolve 0.4.1 or newer, found {version}: pip install 'openevolve>=0.4.1,<0.5'"
        )
    return version
