"""A run is told to MLflow while it goes on, goes on there when it is resumed, and is never held up by a server that is down."""

from __future__ import annotations

import importlib.util
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY
from tests.integration.test_cli import evolve, refused  # noqa: F401
from workbench.loop import tracking
from workbench.model import Split
from workbench.store import Ledger, Reader

MISSING = "needs the extra: pip install -e '.[mlflow]'"
with_client = pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason=MISSING)
BUILT_IN = ("--proposer", "builtin", "--tune-trials", 0, "--workers", 1)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tracker whose files are in the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracking, "PATIENCE", 600.0)  # on a busy machine the client alone takes long to start
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
        monkeypatch.delenv(name, raising=False)
    return f"sqlite:///{tmp_path}/tracked.db"


def tracked(server: str) -> tuple[Any, Any]:
    """Client and the only run of the toy problem."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("tests/curve")
    (run,) = client.search_runs([experiment.experiment_id])
    return client, run


def text(client: Any, run: Any, name: str) -> str:
    return Path(client.download_artifacts(run.info.run_id, name)).read_text()


@with_client
def test_a_run_is_told_and_goes_on_there(evolve, server: str, tmp_path: Path) -> None:  # noqa: F811
    code, out, err = evolve("run", TOY, *BUILT_IN, "-n", 20, "--seed", 1, "--runs", tmp_path / "r", "--track", f"mlflow:{server}")
    assert code == 0 and "tracking:" not in out, (out, err)
    client, run = tracked(server)
    with Ledger(tmp_path / "r") as store:
        row = store.summary("latest")
        best = store.candidate(row.id, row.champion).program.source
    assert (run.info.status, run.data.tags["evolve.run"], run.info.run_name) == ("FINISHED", row.id, row.id)
    assert run.data.params.items() >= {"problem": "tests/curve", "proposer": "builtin", "candidates": "20", "seed": "1"}.items()
    assert not {"track", "headers", "api_base"} & run.data.params.keys()
    assert run.data.metrics == pytest.approx(
        {"best_gap": row.best_gap, "validation_gap": row.validation_gap, "attempts": 20, "valid": row.valid}
    )
    told = client.get_metric_history(run.info.run_id, "best_gap")
    assert [m.value for m in told] == sorted((m.value for m in told), reverse=True) and told[0].step == 0
    assert text(client, run, "champion.py") == best and row.id in text(client, run, "report.html")

    assert evolve("resume", "latest", "-n", 30, "--runs", tmp_path / "r")[0] == 0
    client, run = tracked(server)
    assert run.data.params["candidates"] == "20" and run.data.tags["resumed.candidates"] == "30"
    assert run.data.metrics["attempts"] == 30 and run.info.status == "FINISHED"

    assert evolve("certify", "latest", "--runs", tmp_path / "r", "--json")[0] == 0
    assert evolve("track", "latest", "--runs", tmp_path / "r", "--to", f"mlflow:{server}")[0] == 0
    client, run = tracked(server)
    certificate = json.loads(text(client, run, "certificate.json"))
    assert certificate["verdict"] == run.data.tags["evolve.verdict"]


@with_client
@pytest.mark.parametrize("silent", [False, True], ids=["down", "silent"])
def test_a_server_that_is_down_changes_nothing_and_is_told_later(
    evolve,  # noqa: F811
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    silent: bool,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if silent:
            listener.listen()  # takes connections, and never answers
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{listener.getsockname()[1]}")
        code, out, err = evolve("run", TOY, *BUILT_IN, "-n", 20, "--runs", tmp_path / "r", "--track", "mlflow", "--seed", 1)
    assert evolve("run", TOY, *BUILT_IN, "-n", 20, "--runs", tmp_path / "plain", "--seed", 1)[0] == 0
    told = [line for line in out.splitlines() if line.startswith("tracking: ")]
    with Reader(tmp_path / "r") as store, Reader(tmp_path / "plain") as plain:
        run, other = store.summary("latest"), plain.summary("latest")
        assert code == 0 and (run.status, run.champion, run.attempts) == ("done", other.champion, other.attempts), err
        gap = store.best(run.id, Split.TRAIN).gap
    assert len(told) in (1, 2), out
    assert "was not told of the whole run" in told[-1] and told[-1].endswith(f"evolve track {run.id} --to mlflow"), told
    assert all("the run goes on" in line for line in told[:-1])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    assert evolve("track", run.id, "--runs", tmp_path / "r")[0] == 0
    _, sent = tracked(server)
    assert sent.data.metrics["best_gap"] == pytest.approx(gap) and sent.info.status == "FINISHED"


def test_what_cannot_be_tracked_is_refused_before_anything_is_done(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("run", TOY, *BUILT_IN, "-n", 3, "--runs", tmp_path / "r", "--track")
    refused(evolve(*words, "wandb"), "mlflow:URI")
    refused(evolve(*words, "mlflow:http://me:secret@host"), "MLFLOW_TRACKING_URI")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    refused(evolve(*words, "mlflow"), "pip install 'evolve-workbench[mlflow]'")
    assert not (tmp_path / "r").exists()
