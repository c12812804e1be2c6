"""Every error that this project raises on purpose.

    WorkbenchError                 one clear line for the person: what, where, the mend
    ├── UsageError                 wrong use: unknown slug, bad option, zero budget (exit 2)
    │   ├── ProblemError           a problem folder that cannot be loaded or breaks its contract
    │   └── StoreError             the runs folder or its database cannot be used
    ├── RunFailed              a run that had begun ended early; what was acknowledged is kept (exit 1)
    ├── SandboxError               the sandbox itself cannot work (never the candidate's doing)
    └── ModelError                 a model could not be called: wrong key, unreachable, refused
    Infeasible                     a verifier's refusal of a decision; its reason becomes feedback
    PolicyFailure                  the candidate's process failed: crash, time, memory, protocol
    Rejected                       text that is no acceptable program, before anything ran

The last three are data about a candidate: `evaluate` and the loop turn them into a status, they never end a run.
"""

from __future__ import annotations

from workbench.model import Status


class WorkbenchError(Exception):
    """Base of all errors that are shown to a person as one line."""


class UsageError(WorkbenchError):
    """Wrong use of a command or a function."""


class ProblemError(UsageError):
    """A problem folder is missing, broken or violates its contract."""


class StoreError(UsageError):
    """The runs folder or its database cannot be used."""


class RunFailed(WorkbenchError):
    """A run that had begun could not go on; `evolve resume` takes it up again."""


class SandboxError(WorkbenchError):
    """The sandbox cannot start or lost its zygote for a reason that is not the candidate's."""


class ModelError(WorkbenchError):
    """A model cannot be called at all; raised at start, so that no budget is spent on a wrong key."""


class Infeasible(Exception):
    """A decision breaks the problem's rules. Say which rule, with the offending value, in one line."""


class PolicyFailure(Exception):
    """The candidate's process failed while it was asked for a decision.

    Parameters
    ----------
    status
        `crash`, `timeout`, `memory` or `protocol`.
    message
        One line that helps to mend the program, e.g. "IndexError: list index out of range (line 12)".
    """

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Rejected(Exception):
    """Text from which no acceptable program could be made; the reason is fed back once."""
