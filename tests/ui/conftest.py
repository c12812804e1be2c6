"""Runs folders in every state that a page can meet, and a page opened on one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.big_store import fill, problem
from tests.plain_store import plain
from tests.ui.chromium import ARGUMENTS, CHROMIUM, PATIENCE, faults_of
from workbench.problem import catalog
from workbench.store import Store

pytest.importorskip("streamlit")
from streamlit import config
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parent.parent.parent / "ui" / "app.py"
NASTY = "<script>alert(1)</script>"
"""What must come out as text wherever a person, a model or a problem can put it."""


@pytest.fixture(autouse=True, scope="session")
def as_configured() -> None:
    """What ui/.streamlit/config.toml says, and AppTest does not read."""
    config.set_option("runner.magicEnabled", False)


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> catalog.LoadedProblem:
    """The toy problem with 12 instances a split; markup in its name, question, citations and a family."""
    return problem(tmp_path_factory.mktemp("wide") / "tests" / "wide", 12, title=NASTY)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, wide: catalog.LoadedProblem) -> Path:
    """Runs `done`, `plain` (no LLM), `failed`, `abandoned` and `barren` (seeds alone, still running)."""
    runs = tmp_path_factory.mktemp("runs")
    fill(runs, wide, 80, run="done", title=NASTY)
    fill(runs, wide, 20, run="plain", models=False)
    fill(runs, wide, 12, run="failed", state="failed", message=f"the endpoint is down: {NASTY}")
    fill(runs, wide, 12, run="abandoned", state="abandoned")
    fill(runs, wide, 0, run="barren", state="running", models=False)
    with Store(runs) as store:
        plain(store)
    with Store(runs) as store, store._transaction() as db:  # markup in every program, prompt and answer
        db.execute("UPDATE candidates SET source = source || ?", (f"# {NASTY}\n",))
        db.execute("UPDATE calls SET user = user || ?, response = response || ?", (NASTY, NASTY))
    return runs


@pytest.fixture
def live(tmp_path: Path, wide: catalog.LoadedProblem) -> Path:
    """A folder whose only run, `live`, belongs to this process."""
    fill(tmp_path, wide, 40, run="live", state="running")
    with Store(tmp_path) as store:
        store.heartbeat("live", active_seconds=2.0)
    return tmp_path


Open = Callable[..., AppTest]


@pytest.fixture
def open_page() -> Iterator[Open]:
    """Open a page of the app on a runs folder, with what the URL says; the recorded run that ships is there on demand."""

    def opened(runs: Path, page: str, *, gallery: bool = False, **query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.session_state["gallery_folder"] = str(runs / "no-gallery")
        app.session_state["runs_folder"] = str(runs)
        if gallery and page == "runs":
            del app.session_state["gallery_folder"]
        if page != "runs":
            # The router has to run once before it knows its pages; on an empty folder that is quick.
            app.session_state["runs_folder"] = str(runs / "nothing-here")
            app.run()
            app.session_state["runs_folder"] = str(runs)
            if gallery:
                del app.session_state["gallery_folder"]
            app.switch_page(f"views/{page}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all flows."""
    sync_api = pytest.importorskip("playwright.sync_api")
    assert Path(CHROMIUM).exists(), f"no Chromium at {CHROMIUM}; name one with EVOLVE_TEST_CHROMIUM"
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split(), headless=True)
        yield made
        made.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that must raise no error and ask nobody but this machine."""
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    faults = faults_of(made)
    yield made
    assert not faults
    made.close()
