"""How something is asked of a running study: checked against what is known of it, and handed to its store."""

from collections.abc import Mapping, Sequence

from trimma.api.advice import how_to_resume
from trimma.errors import StudyError, StudyNotFound
from trimma.ports import History, Inbox, Store
from trimma.requests import ContinueTrial, EndTrial, PauseTrial, Request
from trimma.trial import State, Trial
from trimma.views import RUNNING

_OfTrial = EndTrial | PauseTrial | ContinueTrial

_FITTING: Mapping[type[_OfTrial], tuple[str, Sequence[State]]] = {
    EndTrial: ("stopped", (State.QUEUED, State.RUNNING, State.PAUSING, State.PAUSED)),
    PauseTrial: ("paused", (State.RUNNING,)),
    ContinueTrial: ("continued", (State.PAUSED,)),
}
"""What becomes of a trial by a request, and in which states it can become of it."""


def ask(store: Store, history: History, status: str, *requests: Request) -> None:
    """Ask them of the process that runs the study, once they are found to fit. ``status`` is how the study stands.

    Raises `StudyError` where nothing runs, or a trial isn't there or isn't in a state for what is asked.
    """
    name = history.spec.name
    if name not in store.studies():
        raise StudyNotFound(f"study {name!r} was deleted: there is nothing that could be asked")
    if status != RUNNING:
        raise StudyError(
            f"study {name!r} is {status}, and only a running one can be asked; "
            f"to go on with it: {how_to_resume(name, store)}"
        )
    if not isinstance(store, Inbox):
        raise StudyError(
            f"{store!r} doesn't pass requests on (it has no trimma.ports.Inbox): stop study {name!r} where it runs"
        )
    for request in requests:
        if isinstance(request, _OfTrial):
            _refuse_unfit(history, request)
    for request in requests:
        store.ask(name, request)


def trial_of(history: History, number: int) -> Trial:
    """The trial of that number; `StudyError` where there is none."""
    if not 0 <= number < history.trial_count:
        held = f"trials 0 to {history.trial_count - 1}" if history.trial_count else "no trials yet"
        raise StudyError(f"there is no trial {number}: study {history.spec.name!r} has {held}")
    return history.trials[number]


def _refuse_unfit(history: History, request: _OfTrial) -> None:
    trial = trial_of(history, request.trial)
    becomes, states = _FITTING[type(request)]
    if trial.state not in states:
        raise StudyError(
            f"trial {trial.id} of study {history.spec.name!r} is {trial.state}: only one that is "
            f"{' or '.join(states)} can be {becomes}"
        )
