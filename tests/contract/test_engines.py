"""Every engine passes the contract for engines; so does one in a file of its own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from workbench import engines
from workbench.engines.book import Book
from workbench.errors import UsageError
from workbench.model import Candidate, Program, Status
from workbench.testing import EngineContract

OWN = Path(__file__).parent.parent / "walk.py"


class TestOpenEvolve(EngineContract):
    engine, options = "openevolve", {"diff": False}


@pytest.mark.skipif(importlib.util.find_spec("gepa") is None, reason="the extra gepa is not installed")
class TestGepa(EngineContract):
    engine = "gepa"


class TestOwn(EngineContract):
    engine = f"{OWN}:Walk"


@pytest.mark.parametrize(
    "name, options, words",
    [
        ("openevolv", {}, "did you mean 'openevolve'"),
        ("openevolve", {"config": "/nowhere.yaml"}, "no file /nowhere.yaml"),
        ("openevolve", {"island": 3}, "no option 'island'"),
        ("engine:workbench.model:Program", {}, "must be a class with the method run"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(name: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as told:
        engines.make(name, options)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("package, name", [("openevolve", "openevolve"), ("gepa", "gepa")])
def test_a_missing_package_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, package: str, name: str) -> None:
    import importlib.metadata as metadata

    def version(_: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(UsageError, match=f"engine {name} needs the package {package}: pip install '"):
        engines.make(name)


def test_a_repeated_program_has_the_outcome_of_the_first_even_if_that_comes_later() -> None:
    book, program = Book(lambda gap: -gap), Program("def f(x):\n    return x\n", "f")
    assert book.add(Candidate(2, Status.DUPLICATE, program, "engine", message="as candidate 1")) is None
    first = book.add(Candidate(1, Status.OK, program, "engine", gap=0.25, instances=(0.25,)))
    assert first and first.score == -0.25 and book.wait(2) == first == book.wait(1)
    failed = book.add(Candidate(3, Status.CRASH, None, "engine", message="IndexError"))
    assert failed and failed.score == -0.25 and not failed.valid, "a failure is never better than a valid program"
