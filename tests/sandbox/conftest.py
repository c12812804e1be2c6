"""Sandboxes that the tests of one module share: at the best isolation of this machine, and at none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workbench.protocols import Sandbox
from workbench.sandbox import describe, open_sandbox, probe


@pytest.fixture(scope="module")
def full() -> Iterator[Sandbox]:
    """An isolated sandbox; the test is skipped where the kernel cannot have one."""
    if probe() != "full":
        pytest.skip(f"full isolation is not available on this machine: {describe()['missing']}")
    sandbox = open_sandbox(isolation="full")
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    """A sandbox without isolation; two processes wait, so that their start overlaps with the tests."""
    sandbox = open_sandbox(isolation="none", spares=2)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def without_numpy() -> Iterator[None]:
    """Zygotes that start in a third of the time, for modules whose programs do not need it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.sandbox.isolated.MODULES", frozenset({"math", "random"}))
        yield
