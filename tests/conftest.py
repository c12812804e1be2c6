"""Shared by all tests: the toy problem, a runs folder, no keys of the developer's."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from workbench.problem import catalog
from workbench.state.database import FILE as STATE
from workbench.system.redact import is_secret_name

TOY = Path(__file__).parent / "toy"

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # no test hangs on how busy the machine is


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


@pytest.fixture(autouse=True)
def no_access_yet(state: Path) -> None:
    """Every test has the whole budget of accesses to a test set."""
    if (state / STATE).exists():
        with contextlib.closing(sqlite3.connect(state / STATE, isolation_level=None, timeout=30)) as database:
            for table in ("instances", "accesses"):
                with contextlib.suppress(sqlite3.OperationalError):  # of an earlier layout
                    database.execute(f"DELETE FROM {table}")


@pytest.fixture
def toy() -> catalog.LoadedProblem:
    """A problem whose evaluation takes milliseconds."""
    return catalog.load(TOY)
