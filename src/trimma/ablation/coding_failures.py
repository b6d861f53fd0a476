"""Tells trainings that failed for how the objective is coded: it names a part that was left out.

Such a failure says nothing of what the part is worth. It is no value of the arm, and the study is given up.
"""

import re
from collections.abc import Sequence
from itertools import islice

from trimma.ablation.places import arm_of
from trimma.ablation.question import Ablation
from trimma.errors import UnknownName, UsageError
from trimma.ports import History
from trimma.trial import State, Trial

_OURS = frozenset({UnknownName.__name__, UsageError.__name__})


def is_coding_failure(trial: Trial, asked: Ablation) -> bool:
    """Whether the trial failed because the objective names what is left out, or because nothing can be left out so."""
    failure = trial.failure
    if failure is None or not (arm := arm_of(trial.place)):
        return False
    return failure.kind in _OURS or _named(failure.message, arm, asked) is not None


def coding_notes(history: History, asked: Ablation) -> list[str]:
    """A sentence for each arm that failed for its coding in this session."""
    if not history.counts[State.FAILED]:
        return []
    ended = (history.trials[number] for number in islice(history.ended, history.ended_before, None))
    arms = {arm_of(trial.place): None for trial in ended if is_coding_failure(trial, asked)}
    return [
        f"Without {', '.join(arm)} the objective doesn't run as it is coded, which says nothing of what is left out."
        for arm in arms
    ]


def reason_to_give_up(trial: Trial, asked: Ablation) -> str:
    """Why a study should be given up in which this trial has failed for its coding, in words for the user."""
    arm, failure = arm_of(trial.place), trial.failure
    if failure is None:
        raise ValueError(f"trial {trial.id} hasn't failed")
    message = " ".join(failure.message.split())
    said = f"without {' + '.join(map(repr, arm))} a training failed with {failure.kind}: {message[:200].rstrip('.')}"
    member = _named(failure.message, arm, asked)
    if member is None:
        return said
    return (
        f"{said}. The objective names {member!r}, which isn't there, so that the failure says nothing of what it is "
        "worth. Keep the column in the table with tm.Columns(..., how='mean') or how='permute', or have the objective "
        "take the columns that there are, as with make_column_selector of scikit-learn, or give the scikit-learn "
        "pipeline as model=, of which the column is then taken out, too"
    )


def _named(message: str, arm: Sequence[str], asked: Ablation) -> str | None:
    """The first member that is missing in the arm and is named by the message."""
    for component in asked.components:
        if component.gone and component.name in arm:
            for member in component.members:
                name = re.escape(member)
                if re.search(rf"(['\"`]){name}\1|^{name}(?!\w)|\b(?:columns?|fields?):? \[?{name}(?!\w)", message):
                    return member
    return None
