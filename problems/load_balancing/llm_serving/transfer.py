"""Another service: requests for code completion, with long prompts and short answers. Nothing is tuned on these."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made

SOURCE = "requests to a code completion service of Azure (AzureLLMInferenceTrace_code, Patel et al., ISCA 2024)"


def instances() -> list[Instance]:
    """All windows of the trace that do not overlap, at each of three loads."""
    rows = made.recorded("code")
    return [
        made.replay(f"transfer-{rate}-{copy}", f"code-{rate}", rows[copy * made.WINDOW : (copy + 1) * made.WINDOW], rate)
        for rate in made.RATES
        for copy in range(len(rows) // made.WINDOW)
    ]
