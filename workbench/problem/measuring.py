"""One call of a verifier; whatever it does wrong is a fault of the problem, told in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping

from workbench.errors import Infeasible, PolicyFailure, ProblemFault, WorkbenchError
from workbench.model import Instance, Measurement
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import where
from workbench.protocols import Session
from workbench.system.deadline import Late, deadline


def measure(loaded: LoadedProblem, instance: Instance, session: Session) -> Measurement:
    """Run the problem's verifier on one instance.

    Raises
    ------
    Infeasible, PolicyFailure
        The program is at fault.
    ProblemFault
        The verifier fails, takes more than `limits.verifier_seconds` of its own, or returns something else than a measurement.
    """
    limit = loaded.problem.limits.verifier_seconds
    try:
        with deadline(limit, lambda: session.seconds):
            found: object = loaded.problem.verifier.run(instance, session)
    except (Infeasible, PolicyFailure, WorkbenchError, MemoryError, KeyboardInterrupt):
        raise
    except Late:
        raise _fault(loaded, instance, f"did not finish within {limit:g} s (verifier_seconds of the problem's Limits)") from None
    except SystemExit as error:
        raise _fault(loaded, instance, f"called sys.exit({error.code!r:.40})") from error
    except BaseException as error:
        raise _fault(loaded, instance, f"failed: {where(error, loaded.folder)}") from error
    if not isinstance(found, Measurement):
        raise _fault(loaded, instance, f"returned {_kind(found)}; it must return a Measurement")
    if not isinstance(found.metrics, Mapping):
        raise _fault(loaded, instance, f"returned metrics that are {_kind(found.metrics)}; they must be a dict of numbers")
    try:
        finite = math.isfinite(found.objective)
    except TypeError:
        raise _fault(loaded, instance, f"returned an objective that is {_kind(found.objective)}; it must be a number") from None
    if not finite:
        raise Infeasible(f"the objective must be finite, got {found.objective}")
    return found


def _fault(loaded: LoadedProblem, instance: Instance, what: str) -> ProblemFault:
    return ProblemFault(f"{loaded.slug}: on instance {instance.id} the verifier {what}")


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
