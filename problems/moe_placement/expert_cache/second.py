"""What matters besides time: how much is moved over the link, which costs energy and slows down whoever shares it."""

from workbench.protocols import SecondObjective

SECOND = SecondObjective("loads_per_token", "experts loaded for a token")
