"""What `evolve new` creates passes its own tests, and the contracts find what is wrong with a plug-in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.new import new
from workbench.problem import catalog


def failures(folder: Path, *words: str) -> set[str]:
    """Names of the tests that fail when pytest runs in a folder, as a person would run it."""
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", *words]
    environment = {**os.environ, "PYTHONPATH": str(catalog.root()), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stdout[-2000:] + ran.stderr[-2000:]
    return set(re.findall(r"^FAILED \S+::(test_\w+)", ran.stdout, re.M))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("made")
    new("packing/my_sack", into=into)
    new(strategy="patient", into=into)
    new(proposer="jitter", into=into)
    return into


def test_what_is_created_passes(made: Path) -> None:
    before = catalog.reload(made / "my_sack").version
    assert failures(made) == set()
    assert failures(made / "my_sack") == set()
    assert catalog.reload(made / "my_sack").version == before, "running its tests changes no version"


@pytest.mark.parametrize(
    ("file", "was", "becomes", "found"),
    [
        ("my_sack/verifier.py", 'integer(item, f"item {i} of the list", 0, len(values) - 1)', "item or 0", "test_damaged_answers"),
        ("my_sack/verifier.py", 'capacity), "the', 'capacity) or [], "the', "test_garbage_is_refused"),
        ("my_sack/verifier.py", "in picked)))", "in picked)) + 1)", "test_every_program_is_ok_and_baselines_reach"),
        ("my_sack/instances.py", "random.Random(seed)", "random.Random(hash(str(seed)))", "test_instances_are_the_same_in_another"),
        ("my_sack/instances.py", "Split.TEST: 3_000", "Split.TEST: 1_000", "test_instances_are_json_with_unique_ids_and_disjoint"),
        ("my_sack/programs/seed.py", "# EVOLVE-BLOCK-END", "", "test_seeds_mark_what_evolves"),
        ("my_sack/statement.md", "pick", "choose", "test_texts_are_there"),
        ("patient.py", "rng.sample(others", "random.sample(others", "test_the_global_generators_are_left_alone"),
        ("patient.py", "[: self.keep]", "", "test_memory_is_bounded"),
        ("patient.py", "candidate.status is Status.OK and ", "", "test_failed_candidates_are_never_chosen"),
        ("patient.py", "key=lambda c: (c.gap,", "key=lambda c: (hash(str(c.number)),", "test_another_process"),
        ("patient.py", "others = [c for c in self.best if c is not parent]", "others = self.best", "test_inspirations_differ"),
        ("jitter.py", "rng.choice(numbers)", "random.choice(numbers)", "test_the_same_generator_gives_the_same_answer"),
        ("jitter.py", "parents=(parent.number,)", "", "test_a_reply_is_a_program_or_a_text"),
        ("jitter.py", "repairs = False", "repairs = None", "test_it_says_what_it_is"),
    ],
)
def test_what_is_wrong_is_found(made: Path, file: str, was: str, becomes: str, found: str) -> None:
    path = made / file
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes))
    test = made / "my_sack" / "test_my_sack.py" if file.startswith("my_sack/") else made / f"test_{file}"
    try:
        failed = failures(test.parent, test.name, "-k", found)
    finally:
        path.write_text(text)
    assert len(failed) == 1, failed
