"""Searches that have to wait go over the rows together.

In a large gallery one pass over the rows takes milliseconds, and a pass with several probes hardly
longer. As many passes run at a time as there are processors; who comes while all are busy is taken
along by the next one. Nobody waits for company: a free processor searches at once.
"""

import os
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class _Asked(Generic[Question, Answer]):
    """One question, and what became of it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answers: list[Answer] = []
        self.error: BaseException | None = None
        self.done = False


class SharedPasses(Generic[Question, Answer]):
    """Answers questions of many threads, several at a time where they would wait."""

    def __init__(
        self,
        together: Callable[[Sequence[Question]], Sequence[Answer]],
        at_once: int | None = None,
    ) -> None:
        """Answer by `together`, which gives one answer for each question, in their order.

        Args:
            together: one pass; several threads may call it at once.
            at_once: passes that run at a time; as many as there are processors if None.
        """
        self._together = together
        self._free = at_once or len(os.sched_getaffinity(0))
        self._waiting: list[_Asked[Question, Answer]] = []
        self._changed = threading.Condition()

    def ask(self, question: Question) -> Answer:
        """Return the answer of a pass that begins after this call; raises what the pass raises."""
        mine = _Asked[Question, Answer](question)
        taken: list[_Asked[Question, Answer]] = []
        with self._changed:
            self._waiting.append(mine)
            self._changed.wait_for(lambda: mine.done or (self._free > 0 and mine in self._waiting))
            if not mine.done:
                self._free -= 1
                taken, self._waiting = self._waiting, []
        if taken:
            self._answer(taken)
        if mine.error is not None:
            raise mine.error
        return mine.answers[0]

    def _answer(self, taken: Sequence[_Asked[Question, Answer]]) -> None:
        try:
            answers = self._together([each.question for each in taken])
            for each, answer in zip(taken, answers, strict=True):
                each.answers.append(answer)
        except BaseException as error:  # noqa: BLE001 - each that asked raises it
            for each in taken:
                each.error = error
        finally:
            with self._changed:
                self._free += 1
                for each in taken:
                    each.done = True
                self._changed.notify_all()
