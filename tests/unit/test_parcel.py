"""What is sent to a node of a cluster: a checkout with one problem, once, and into a folder of this user's alone."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench.evaluation import remote
from workbench.evaluation.parcel import pack
from workbench.problem import catalog

_FOUND = """
import json, sys, workbench
from workbench.problem import catalog
loaded = catalog.load(sys.argv[1])
print(json.dumps([workbench.__file__, loaded.slug, loaded.version, catalog.root().as_posix()]))
"""


@pytest.mark.parametrize("name", [str(TOY), "scheduling/total_tardiness"], ids=["own folder", "with evaluators"])
def test_a_node_finds_the_same_problem_in_a_parcel_that_it_gets_once_while_it_is_whole(tmp_path: Path, name: str) -> None:
    loaded = catalog.load(name)
    parcel = pack(loaded)
    fetched: list[int] = []

    def fetch() -> bytes:
        fetched.append(len(parcel.content))
        return parcel.content

    root, again = (remote.unpacked(tmp_path, parcel.digest, fetch) for _ in range(2))
    assert root == again and len(fetched) == 1
    (root / "workbench/model.py").unlink()
    assert remote.unpacked(tmp_path, parcel.digest, fetch) == root and len(fetched) == 2
    command = [sys.executable, "-c", _FOUND, str(root / parcel.source.address)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [str(root / "workbench/__init__.py"), loaded.slug, loaded.version, str(root)]


def test_a_parcel_is_named_by_its_content_and_holds_nothing_hidden(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")))
    (folder / ".env").write_text("KEY=canary-of-a-key")
    one, same = (pack(catalog.reload(folder)) for _ in range(2))
    root = remote.unpacked(tmp_path, one.digest, lambda: one.content)
    assert one.digest == same.digest and not list(root.rglob(".*"))
    (folder / "verifier.py").write_text((folder / "verifier.py").read_text() + "\n")
    assert pack(catalog.reload(folder)).digest != one.digest


def test_a_folder_that_somebody_else_can_write_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    made = remote._own_folder()
    assert stat.S_IMODE(made.stat().st_mode) == 0o700 and remote._own_folder() == made
    made.chmod(0o777)
    with pytest.raises(PermissionError, match="not a folder of this user's alone"):
        remote._own_folder()
