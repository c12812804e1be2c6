"""Evaluation worker: a process with its own sandbox that evaluates programs until its pipe closes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from functools import partial
from multiprocessing.connection import Connection

from workbench.errors import ProblemFault, WorkbenchError
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.jobs import Fault, Job, Ready, instances_of
from workbench.evaluation.opening import open_for
from workbench.evaluation.places import Places
from workbench.evaluation.recording import recorded
from workbench.model import Report, Split, Status
from workbench.problem import catalog
from workbench.problem.extras import where
from workbench.problem.references import bare
from workbench.sandbox.session import KILLED
from workbench.system.process import die_with_parent


def serve(connection: Connection, folder: str, cpu: int | None, allow_unsafe: bool, isolation: str | None) -> None:
    """Load the problem, open the sandbox, send `Ready`, then answer each `Job` with a `Report` or a `Fault`."""
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):  # a decision takes 15 us when caller and sandbox share a CPU, 55 us otherwise
            os.sched_setaffinity(0, {cpu})
    try:
        loaded = catalog.load(folder)
        for split in (Split.TRAIN, Split.VALIDATION):
            loaded.references.scale(split)  # read everything that a run needs now, so that it matches the version
        version = loaded.version
        sandbox = open_for(loaded, allow_unsafe=allow_unsafe, isolation=isolation, cpu=cpu)
        opened = partial(open_for, loaded, isolation=sandbox.isolation, cpu=cpu)
        places = Places(sandbox, lambda around: opened(surroundings=around))
    except WorkbenchError as error:
        connection.send(Fault(str(error), fatal=True))
        return
    connection.send(Ready(sandbox.isolation, version))
    try:
        while True:
            job: Job = connection.recv()
            connection.send(answer(job, loaded, places))
    except (EOFError, ConnectionResetError, BrokenPipeError):
        pass  # the host has ended
    finally:
        places.close()
        sandbox.close()


def answer(job: Job, loaded: catalog.LoadedProblem, places: Places) -> Report | Fault:
    """Run one job and return its report, or the fault that prevented it."""
    instances = instances_of(job, loaded)
    scale = None if job.draw is None else bare(instances)
    score = partial(
        recorded if job.record else evaluate, loaded, job.program, job.split, places.sandbox(job.place),
        instances=instances, fresh=job.fresh, stop_on_failure=job.stop_on_failure, scale=scale, rival=job.rival,
        prints=job.split is Split.TRAIN and job.draw is None,
        stop_equal=job.stop_equal,
    )  # fmt: skip
    try:
        report = score()
        # Killed from outside: repeat once. A program that uses too much memory is killed again; a transient shortage has no effect.
        return score() if report.status is Status.MEMORY and KILLED in report.message else report
    except ProblemFault as error:  # must not end the run: it is reported with the attempt
        return Fault(str(error), fatal=False)
    except WorkbenchError as error:
        return Fault(str(error), fatal=True)
    except MemoryError:  # of the machine, or of the verifier with this answer: other workers repeat the job
        return Fault("the evaluation ran out of memory", fatal=True)
    except Exception as error:
        return Fault(f"{loaded.slug}: the evaluation failed: {where(error, loaded.folder)}", fatal=False)


if __name__ == "__main__":
    descriptor, parent, folder, pinned, unsafe, wanted = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(int(parent))
    serve(Connection(int(descriptor)), folder, int(pinned) if pinned else None, unsafe == "1", wanted or None)
