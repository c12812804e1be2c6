"""Constants that models declare are tuned while the run goes on, and the next prompts say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.silent import run
from tests.integration.test_loop import scripted
from workbench.store import Store

DECLARES = """```python
ALPHA = {alpha}
IDLE = 1.0
TUNABLE = {{"ALPHA": (0.0, 2.0), "IDLE": (0.0, 2.0)}}


# EVOLVE-BLOCK-START
def f(x, a):
    return ALPHA * a * x * x + {slope} * x + 0.0 * IDLE
# EVOLVE-BLOCK-END
```"""


def test_incumbents_of_a_model_are_tuned_one_soon_after_the_other(tmp_path: Path, monkeypatch: Any) -> None:
    answers = [DECLARES.format(alpha=0.2, slope=slope) for slope in (0.0, 0.9)]
    worse = [f"```python\ndef f(x, a):\n    return {k}.0\n```" for k in range(2, 20)]
    scripted(monkeypatch, answers[0], *worse[:5], answers[1].replace("ALPHA = 0.2", "ALPHA = 0.97"), *worse[5:])
    made = run(tmp_path, proposer="scripted", candidates=20, seeds=("seed",), style="full", tune_trials=12)
    with Store(tmp_path, write=False) as store:
        tunings = [c for c in store.candidates(made.run) if c.operator == "tune"]
        prompts = [call.call.prompt.user for call in store.calls(made.run)]
    assert len(tunings) == 2
    assert tunings[0].idea.startswith("tuned constants: ALPHA = ") and "without effect: IDLE" in tunings[0].idea
    assert any(f"Its constants are tuned by now: `{tunings[0].idea}`." in text for text in prompts)
