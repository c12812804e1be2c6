"""Calls the evaluator of a foreign task and reads what it returns, as OpenEvolve and ShinkaEvolve do. Standard library only."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import math
import numbers
import os
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

_TOLD = 1_600
"""Characters of what the evaluator says that stand behind the program's prints, of which the end is kept."""
_METRICS = 40
"""Metrics that are kept."""


def evaluate(config: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate the program once.

    Returns
    -------
    dict
        `score` (None: it has none), `why` it has none, and `metrics` by name.
    """
    for folder in config["modules"]:
        if folder not in sys.path:
            sys.path.insert(0, folder)
    metrics, said, fault = (_by_command if config["command"] else _by_function)(config)
    found = {str(name)[:60]: float(value) for name, value in metrics.items() if _is_number(value) and math.isfinite(value)}
    kept = dict(list(found.items())[:_METRICS])
    words = {str(name): value for name, value in metrics.items() if isinstance(value, str | Mapping | list | tuple)}
    _tell(kept, {**words, **said})
    score = None if fault else _score(metrics, config["features"])
    if score is not None and math.isfinite(score):
        return {"score": score, "why": "", "metrics": kept}
    told = fault or next((str(value) for name, value in {**words, **said}.items() if "err" in name.lower()), "")
    why = f"the evaluator gave no score{f': {told}' if told else ''}" if score is None else f"the evaluator's score is {score}"
    return {"score": None, "why": why[:500], "metrics": kept}


def _by_function(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Call `evaluate`, or the stages of a cascade; return metrics, artifacts and no fault."""
    path = config["evaluator"]
    spec = importlib.util.spec_from_file_location("evaluation_module", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if config["thresholds"] is None or not hasattr(module, "evaluate_stage1"):
        return *_read(_called(module.evaluate, config["program"])), ""
    return *_cascade(module, config["program"], config["thresholds"]), ""


def _cascade(module: Any, program: str, thresholds: Sequence[float]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run one stage after the other as long as the score reaches the threshold; what a later stage says counts."""
    metrics, said = _read(_called(module.evaluate_stage1, program))
    for stage, threshold in zip((2, 3), thresholds, strict=False):
        function = getattr(module, f"evaluate_stage{stage}", None)
        if function is None or not _passes(metrics, threshold):
            break
        try:
            more, told = _read(_called(function, program))
        except Exception as error:
            said |= {f"stage{stage}_stderr": str(error), f"stage{stage}_traceback": traceback.format_exc()}
            metrics[f"stage{stage}_passed"] = 0.0
            break
        both = {**metrics, **more}
        metrics = {name: float(value) for name, value in both.items() if _is_number(value) and name != "error"}
        said |= told
    return metrics, said


def _called(function: Any, program: str) -> Any:
    found = function(program)
    return asyncio.run(found) if inspect.iscoroutine(found) else found


def _read(found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return metrics and artifacts of a dictionary, or of an object that has both."""
    if isinstance(found, Mapping):
        metrics = {str(name): value for name, value in found.items()}
        inner = metrics.pop("artifacts", None)
        return metrics, dict(inner) if isinstance(inner, Mapping) else {}
    if not isinstance(getattr(found, "metrics", None), Mapping):
        raise TypeError(f"the evaluator returned a {type(found).__name__}: neither a dictionary nor an EvaluationResult")
    return dict(found.metrics), dict(getattr(found, "artifacts", None) or {})


def _by_command(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Run the evaluator as a script; return metrics, what it says, and why the program is not correct, from its files."""
    results = config["results"]
    sys.argv = [config["evaluator"], "--program_path", config["program"], "--results_dir", results]
    try:
        runpy.run_path(config["evaluator"], run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise RuntimeError(f"the evaluator exited with {end.code}") from end
    metrics, correct = _json(results, "metrics.json"), _json(results, "correct.json")
    said: dict[str, Any] = {name: metrics.pop(name) for name in ("text_feedback", "public") if name in metrics}
    metrics.pop("private", None)
    fault = "" if correct.get("correct", True) else str(correct.get("error") or "the program is not correct")
    return metrics, said, fault


def _json(folder: str, name: str) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:  # noqa: PTH118, PTH123 (no pathlib beside a program)
            found = json.load(file)
    except (OSError, ValueError) as error:
        raise RuntimeError(f"the evaluator wrote no {name} that can be read ({type(error).__name__})") from error
    return found if isinstance(found, dict) else {}


# --------------------------------------------------------------------------- scores


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and type(value).__name__ not in ("bool", "bool_")


def _score(metrics: Mapping[str, Any], features: Sequence[str]) -> float | None:
    """Return `combined_score`, or else the mean of the numbers that describe no feature; None without any."""
    if _is_number(metrics.get("combined_score")):
        return float(metrics["combined_score"])
    numbers_ = {name: float(value) for name, value in metrics.items() if _is_number(value) and not math.isnan(value)}
    if set(numbers_) <= {"error"}:
        return None
    described = {name: value for name, value in numbers_.items() if name not in features}
    return _mean(described or numbers_)


def _passes(metrics: Mapping[str, Any], threshold: float) -> bool:
    if _is_number(metrics.get("combined_score")):
        return float(metrics["combined_score"]) >= threshold
    counted = {name: float(value) for name, value in metrics.items() if isinstance(value, numbers.Real) and name != "error"}
    return bool(counted) and _mean(counted) >= threshold


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values)


# --------------------------------------------------------------------------- what the model reads


def _tell(metrics: Mapping[str, float], said: Mapping[str, Any]) -> None:
    """Print metrics and artifacts behind what the program printed."""
    sys.stdout.flush()
    head = ", ".join(f"{name} {value:.6g}" for name, value in metrics.items())
    print(f"metrics: {_shortened(head, 500)}" if head else "no metrics")
    room = _TOLD // max(1, len(said))
    for name, value in said.items():
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else repr(value)
        print(f"{name}: {_shortened(text.strip(), max(120, room - len(name)))}")


def _shortened(text: str, most: int) -> str:
    """Leave out the middle of a text."""
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"
