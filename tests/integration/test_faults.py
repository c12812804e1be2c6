"""A model server that misbehaves: every charge is in the books, no key is written, the budget holds."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.faulty_model import BROKEN_TLS, FAULTS, KEY, books, evolve, serve
from workbench.store import FILE, Store
from workbench.store.packing import unpack

UNIT = 1000 * 0.15e-6 + 100 * 0.6e-6  # litellm's price of the model for the server's usage


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    runs = tmp_path_factory.mktemp("faults") / "runs"
    return runs, books(runs, 200, "--max-usd", str(60 * UNIT))


def test_every_request_and_every_charge_is_in_the_books_and_the_budget_holds(run: tuple[Path, dict]) -> None:
    _, found = run
    assert found["exit"] == 0 and found["status"] == "done" and "budget" in found["said"]
    assert set(found["answers"]) == {"good", *FAULTS}, "the server misbehaved in every way"
    assert found["requests_made"] == found["requests_served"]
    assert found["charged_recorded"] == found["charged_served"]
    assert found["cost_recorded"] == pytest.approx(found["charged_served"] * UNIT)
    assert 45 * UNIT < found["cost_recorded"] <= 60.5 * UNIT


def texts(runs: Path) -> list[bytes]:
    """All compressed texts of a runs folder, as they were before."""
    with closing(sqlite3.connect(f"file:{runs / FILE}?mode=ro", uri=True)) as database:
        packed = dict(database.execute("SELECT id, data FROM texts").fetchall())

    def text(id: int) -> bytes:
        return unpack(packed[id], text)

    return [text(id) for id in packed]


def test_the_key_is_in_no_byte_that_is_written(run: tuple[Path, dict], tmp_path: Path) -> None:
    runs, found = run
    made = [tmp_path / "rule.py", tmp_path / "report.html"]
    said = [found["said"]]
    for command, path in zip(("export", "report"), made, strict=True):
        done = evolve(command, "latest", "--runs", str(runs), "--out", str(path), base="http://127.0.0.1:1/v1")
        assert done.returncode == 0, done.stderr
        said.append(done.stdout + done.stderr)
    written = [p for p in runs.rglob("*") if p.is_file()] + made
    content = [p.read_bytes() for p in written] + texts(runs)
    assert len(written) >= 3 and any(b"Bearer" in part or b"[redacted]" in part for part in content)
    for part in content:
        assert KEY.encode() not in part, part[:200]
    assert KEY not in "".join(said)


def test_prompts_and_replies_lie_in_the_runs_folder_unencrypted(run: tuple[Path, dict]) -> None:
    runs, _ = run
    with Store(runs, write=False) as store:
        row = store.runs()[0]
        call = next(call for call in store.calls(row.id) if call.call.text)
    for text in (call.call.prompt.user, call.call.text):
        line = max(text.splitlines(), key=len).encode()
        assert any(line in part for part in texts(runs))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's own, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
               "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(path.with_suffix(".crt"))]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def test_broken_tls_is_a_fault_like_any_other(tmp_path: Path, certificate: Path) -> None:
    found = books(tmp_path, 24, certificate=certificate)
    assert found["exit"] == 0 and found["attempts"] == 24 and found["answers"].get(BROKEN_TLS)
    assert found["charged_recorded"] == found["charged_served"]
    assert found["cost_recorded"] == pytest.approx(found["charged_served"] * UNIT)


def test_a_certificate_that_nobody_signed_is_one_clear_line(tmp_path: Path, certificate: Path) -> None:
    with serve(certificate=certificate) as (base, told):
        done = evolve("run", "tests/toy", "--model", "any", "--api-base", base, "--runs", str(tmp_path), base=base)
    assert done.returncode == 2 and done.stderr.strip().count("error:") == 1 and "Traceback" not in done.stderr
    assert "cannot be reached" in done.stderr and not told


def test_tls_to_a_server_without_it_is_one_clear_line(tmp_path: Path) -> None:
    with serve() as (base, _):
        done = evolve("run", "tests/toy", "--model", "any", "--api-base", base.replace("http:", "https:"), "--runs", str(tmp_path),
                      base=base)  # fmt: skip
    assert done.returncode == 2 and done.stderr.strip().count("error:") == 1
    assert "cannot be reached" in done.stderr and "Traceback" not in done.stderr
