"""Shared by all tests: the toy problem, a runs folder, no keys of the developer's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.problem import catalog
from workbench.redact import is_secret_name

TOY = Path(__file__).parent / "toy"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may spend anybody's money."""
    import os

    for name in list(os.environ):
        if is_secret_name(name):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the developer's state directory; processes that tests start inherit this one."""
    place = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVOLVE_STATE", str(place))
        yield place


@pytest.fixture
def toy() -> catalog.LoadedProblem:
    """A problem whose evaluation takes milliseconds."""
    return catalog.load(TOY)
