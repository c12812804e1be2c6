"""Pages of a stranger's runs folder: its records are shown, and its code is not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.test_trust import change, evil, mark  # noqa: F401 (fixtures)
from tests.ui.conftest import Open
from tests.ui.test_pages import words
from workbench.store import Store


@pytest.mark.parametrize("recorded", ["slug", "path"])
def test_no_page_runs_what_a_record_names(evil: Path, mark: Path, tmp_path: Path, open_page: Open, recorded: str) -> None:  # noqa: F811
    runs, problem = tmp_path / "runs", "tests/evil" if recorded == "slug" else str(evil)
    change(runs, problem=problem)
    with Store(runs, write=False) as store:
        run = store.run("latest")
    pages: tuple[tuple[str, dict[str, str]], ...] = (
        ("runs", {}), ("run", {"run": run.id}), ("program", {"run": run.id, "n": str(run.champion)}), ("compare", {}),
        ("problems", {"problem": problem}), ("playground", {"problem": problem}),
        ("playground", {"problem": problem, "source": f"{run.id}:{run.champion}"}), ("settings", {}),
    )  # fmt: skip
    for page, query in pages:
        app = open_page(runs, page, **query)
        assert not app.exception and not mark.exists(), page
        if page in ("run", "program"):
            assert run.id in words(app)
        if page in ("problems", "playground"):
            assert "name it on the command line" in words(app)
