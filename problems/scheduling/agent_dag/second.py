"""What happens to the workflows that take longest."""

from workbench.protocols import SecondObjective

SECOND = SecondObjective("latency_p95_s", "95th percentile of the time from arrival to end of a workflow, s")
