"""Small tasks as users of other projects have them, for tests."""

from __future__ import annotations

from pathlib import Path

PROGRAM = '''"""Numbers."""
# EVOLVE-BLOCK-START
def value(x):
    return 1.0 * x + 2.0
# EVOLVE-BLOCK-END


def run():
    return [value(k) for k in range(5)]
'''
LOAD = """import importlib.util


def load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


"""
MEAN = (
    LOAD
    + """def evaluate(program_path):
    found = load(program_path).run()
    return {"combined_score": sum(found) / len(found)}
"""
)
"""An evaluator: the mean of the numbers; 4 for the initial program."""


def task(folder: Path, evaluator: str = MEAN, program: str = PROGRAM, *, config: str = "", names: str = "openevolve") -> Path:
    """Write a task to a folder, with the file names of a project, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    first, judge = ("initial.py", "evaluate.py") if names == "shinka" else ("initial_program.py", "evaluator.py")
    (folder / first).write_text(program)
    if names == "skydiscover":
        (folder / "evaluator").mkdir()
        judge = "evaluator/evaluator.py"
    (folder / judge).write_text(evaluator)
    if config:
        (folder / "config.yaml").write_text(config)
    return folder
