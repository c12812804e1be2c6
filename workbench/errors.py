"""Exceptions of this project.

    WorkbenchError                 shown to the user as one line: what, where, and the fix
    ├── UsageError                 wrong use: unknown problem, invalid option, zero budget (exit 2)
    │   ├── ProgramRefused         text given as a program that is none; a result for `evolve eval` (exit 1 there)
    │   ├── ProblemError           a problem that cannot be loaded or breaks its contract
    │   └── StoreError             an unusable runs folder or database
    ├── ProblemFault               a problem whose code fails or contradicts itself when it is used (exit 1)
    ├── RunFailed                  a run that ended early; recorded attempts are kept (exit 1)
    ├── SandboxError               a failure of the sandbox itself, not caused by a candidate
    └── ModelError                 a model that cannot be called: invalid key, unreachable, refused
    Infeasible                     a decision refused by the verifier; the message becomes feedback
    PolicyFailure                  a failure of the candidate's process: crash, time, memory, protocol
    Rejected                       text that is not an acceptable program, found before running it

The last three describe a candidate: `evaluate` and the loop turn them into a status, and they never end a run.
"""

from __future__ import annotations

from workbench.model import Status


class WorkbenchError(Exception):
    """Base class of all errors that are shown to the user as one line."""


class UsageError(WorkbenchError):
    """A command or function was called with invalid arguments."""


class ProgramRefused(UsageError):
    """A text or file given as a program is not an acceptable one."""


class ProblemError(UsageError):
    """A problem is missing, cannot be loaded, or violates its contract."""


class ProblemFault(WorkbenchError):
    """A problem's instances or verifier fail, take too long, or are not the same every time."""


class StoreError(UsageError):
    """The runs folder or its database cannot be used."""


class RunFailed(WorkbenchError):
    """A run ended early; `evolve resume` continues it."""


class SandboxError(WorkbenchError):
    """The sandbox cannot start, or lost its zygote, for a reason other than the candidate."""


class ModelError(WorkbenchError):
    """A model cannot be called. Raised before the run starts, so that an invalid key uses no budget."""


class Infeasible(Exception):
    """A decision breaks the problem's rules. The message names the rule and the offending value in one line."""


class PolicyFailure(Exception):
    """The candidate's process failed while answering a request.

    Parameters
    ----------
    status
        `crash`, `timeout`, `memory` or `protocol`.
    message
        One line that helps to fix the program, e.g. "IndexError: list index out of range (line 12)".
    printed
        The end of what the program had printed, if its process was ended for the failure.
    """

    def __init__(self, status: Status, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.printed = printed


class Rejected(Exception):
    """A text contains no acceptable program; the reason is fed back to the model once."""
