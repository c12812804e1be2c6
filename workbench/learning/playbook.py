"""Playbook: lessons from attempts, each with what became of the attempts that saw it and of those that did not."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from workbench.errors import UsageError
from workbench.model import Candidate, Status

MOST = 12
"""Lessons that are kept."""
_LONGEST = 200
_SHOWN = 0.5
"""Probability that an attempt sees a lesson: the others are what it is compared with."""
_POOR = 3
"""Attempts that a lesson must have harmed more than it helped, seen against not seen, before it is dropped."""
_LINE = re.compile(r"^\s*(?:\+|=\s*(?P<merged>\d+(?:\s*,\s*\d+)*)\s*:)\s*(?P<text>\S.*?)\s*$")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Count:
    """Attempts that were clearly better than their parent, those that failed or were clearly worse, and all."""

    better: int = 0
    worse: int = 0
    of: int = 0

    def plus(self, result: int) -> Count:
        """Return the count with one more attempt: above 0 better, below 0 worse, 0 neither."""
        return Count(self.better + (result > 0), self.worse + (result < 0), self.of + 1)

    def __add__(self, other: Count) -> Count:
        return Count(self.better + other.better, self.worse + other.worse, self.of + other.of)

    @property
    def balance(self) -> float:
        """Better less worse, per attempt; shrunk towards 0 while there are few."""
        return (self.better - self.worse) / (self.of + 2)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson, and what became of attempts since it was written: with it in their prompt, and without."""

    number: int
    text: str
    seen: Count = field(default_factory=Count)
    unseen: Count = field(default_factory=Count)

    @property
    def worth(self) -> float:
        """How much better attempts that saw it did than the others."""
        return self.seen.balance - self.unseen.balance

    def __str__(self) -> str:
        def told(count: Count) -> str:
            return f"{count.better} better, {count.worse} worse"

        return f"{self.text} [seen by {self.seen.of}: {told(self.seen)}; not seen by {self.unseen.of}: {told(self.unseen)}]"


@dataclass(frozen=True, slots=True)
class Playbook:
    """Lessons, and the number of the next one."""

    lessons: tuple[Lesson, ...] = ()
    next: int = 1

    def draw(self, rng: random.Random) -> tuple[Lesson, ...]:
        """Draw the lessons that an attempt sees."""
        return tuple(lesson for lesson in self.lessons if rng.random() < _SHOWN)

    def told(self, result: int, shown: Collection[int], since: Collection[int]) -> Playbook:
        """Return the playbook after an attempt.

        Parameters
        ----------
        result
            Above 0: clearly better than its parent, below 0: failed or clearly worse.
        shown, since
            Numbers of the lessons that it saw, and of all that there were.
        """

        def counted(lesson: Lesson) -> Lesson:
            if lesson.number in shown:
                return replace(lesson, seen=lesson.seen.plus(result))
            return replace(lesson, unseen=lesson.unseen.plus(result)) if lesson.number in since else lesson

        return replace(self, lessons=tuple(map(counted, self.lessons)))

    def revised(self, answer: str) -> Playbook:
        """Return the playbook with the new and merged lessons of an answer, without what did more harm than good.

        A line `+ text` adds a lesson, `= 2, 5: text` puts one in the place of others, with the sum of their counts.
        """
        known = {lesson.number: lesson for lesson in self.lessons}
        number = self.next
        for found in filter(None, map(_LINE.match, answer.splitlines())):
            text = found["text"][:_LONGEST]
            old = [known.pop(k) for k in map(int, re.findall(r"\d+", found["merged"] or "")) if k in known]
            if (found["merged"] and not old) or any(text == lesson.text for lesson in known.values()):
                continue
            known[number] = Lesson(number, text, _sum(o.seen for o in old), _sum(o.unseen for o in old))
            number += 1
        kept = [lesson for lesson in known.values() if not _is_poor(lesson)]
        best = sorted(kept, key=lambda lesson: (-lesson.worth, -lesson.number))[:MOST]
        return Playbook(tuple(sorted(best, key=lambda lesson: lesson.number)), number)

    def text(self) -> str:
        """Return the text of its file: JSON."""
        return json.dumps({"format": _FORMAT, "next": self.next, "lessons": [asdict(x) for x in self.lessons]}, indent=1) + "\n"

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Restore from `text`.

        Raises
        ------
        UsageError
            It is no playbook.
        """
        try:
            raw = json.loads(text)
            if raw["format"] != _FORMAT:
                raise ValueError(f"format {raw['format']!r}")
            lessons = tuple(
                Lesson(int(x["number"]), str(x["text"])[:_LONGEST], _count(x["seen"]), _count(x["unseen"])) for x in raw["lessons"]
            )
            return cls(lessons, int(raw["next"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"--playbook {where} is not a playbook ({error}); name a new file to begin one") from error


def result_of(candidate: Candidate) -> int | None:
    """Return 1 for a clear improvement, -1 for a failure or a clear loss, 0 for neither; None if it says nothing of a prompt."""
    if candidate.operator in ("seed", "tune", "inject") or candidate.status is Status.LLM_ERROR:
        return None
    effect = candidate.effect
    if candidate.status is not Status.OK:
        return -1
    if effect is None or effect.within_noise:
        return 0
    return 1 if effect.mean < 0 else -1


def _is_poor(lesson: Lesson) -> bool:
    harm = lesson.seen.worse - lesson.seen.better
    return lesson.worth < 0 and harm >= _POOR and lesson.seen.of >= 2 * _POOR


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())


def _count(raw: Mapping[str, Any]) -> Count:
    return Count(int(raw["better"]), int(raw["worse"]), int(raw["of"]))
