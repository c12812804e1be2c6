"""Fairness: how long the requests wait that wait longest."""

from workbench.protocols import SecondObjective

SECOND = SecondObjective("ttft_p99_s", "99th percentile of the wait for the first token, s")
