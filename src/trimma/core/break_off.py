"""Closes a study that an error has ended, such as one of its searcher."""

from collections.abc import Iterable, Sequence

from numpy.random import Generator

from trimma.core.draft import Draft, Turn
from trimma.core.intake import take
from trimma.events import Outcome
from trimma.facts import FromAgent
from trimma.ledger import Ledger
from trimma.ports import CONTINUE, History, News, Suggestion, Verdict
from trimma.trial import Trial


def break_off(ledger: Ledger, facts: Iterable[News], now: float, reason: str) -> Turn:
    """Take in what workers have told, without asking anybody what follows, and close the study as failed."""
    draft = Draft(ledger, now)
    for fact in facts:
        if isinstance(fact, FromAgent):
            take(draft, fact, _Nobody())
    draft.close(Outcome.FAILED, reason)
    return Turn(draft.events, draft.commands, 0)


class _Nobody:
    """A scheduler that has nothing to say."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return ()

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return CONTINUE
