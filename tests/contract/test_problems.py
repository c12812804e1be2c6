"""Every problem below problems/ passes the contract for problems, and keeps to the rules of this house."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from workbench.certification import FEWEST_INSTANCES
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import FRESH, METAMORPHIC, TRANSFER, extra
from workbench.problem.sizes import sizes_of
from workbench.testing import ProblemContract
from workbench.testing.problems import NEVER


class TestProblems(ProblemContract):
    """The contract, and what is asked of problems that come with the package beyond it."""

    never: ClassVar[list[Any]] = [*NEVER, []]

    @pytest.fixture(params=catalog.slugs())
    def loaded(self, request: pytest.FixtureRequest) -> LoadedProblem:
        return catalog.load(request.param)

    def test_the_folder_is_named_and_filled_like_the_others(self, loaded: LoadedProblem) -> None:
        problem = loaded.problem
        assert f"{loaded.folder.parent.name}/{loaded.folder.name}" == problem.slug
        assert set(loaded.programs) == {*problem.seeds, *(b.name for b in problem.baselines)}
        assert all(any(c.isdigit() for c in b.citation) for b in problem.baselines), "a citation has a year"
        assert problem.question.endswith("?")
        assert len(loaded.hints) == 2, "hints.md has two sections: generic, and at a plateau"
        assert (loaded.folder / "README.md").stat().st_size > 500

    def test_a_certificate_is_possible(self, loaded: LoadedProblem) -> None:
        assert sizes_of(loaded.instances(Split.TEST)).scored >= FEWEST_INSTANCES

    def test_programs_can_be_tried_on_fresh_instances_of_the_stress_classes(self, loaded: LoadedProblem) -> None:
        words, fresh = loaded.gate(0)
        assert len({i.family for i in fresh}) >= 5
        assert all(not line.endswith(".") for line in words.values())

    def test_the_readme_argues_for_each_stress_tolerance(self, loaded: LoadedProblem) -> None:
        told = (loaded.folder / "README.md").read_text()
        families = {i.family for i in loaded.instances(Split.STRESS)}
        for family, tolerance in loaded.problem.stress_tolerance.items():
            assert family in families and f"\n| {family} | {tolerance:.2f} | " in told, f"| {family} | {tolerance:.2f} | why |"

    @pytest.mark.parametrize("name", [FRESH, TRANSFER, METAMORPHIC])
    def test_the_readme_tells_of_evidence_beyond_the_test_set(self, loaded: LoadedProblem, name: str) -> None:
        line = next((line for line in (loaded.folder / "README.md").read_text().splitlines() if f"`{name}`" in line), "")
        assert line, f"a line on `{name}`: what is in it, or why there is none"
        assert extra(loaded.folder, name) or "none" in line, f"{name} is missing, and its line does not say why there is none"


_SMALL = catalog.load("scheduling/total_tardiness")


class TestMadeInPython(ProblemContract):
    """A problem without a folder passes as well."""

    problem = replace(
        _SMALL.problem,
        slug="made/in_python",
        tiers=(),
        instances=lambda split: _SMALL.problem.instances(split)[20:24],
        statement=_SMALL.statement,
        programs={name: _SMALL.program(name).source for name in _SMALL.programs},
    )
