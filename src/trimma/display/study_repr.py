"""A study in one line, as its ``repr``."""

from trimma.display.numbers_and_durations import number
from trimma.display.short_text import one_line
from trimma.display.study_kind import is_ablation
from trimma.errors import StoreError, StudyError
from trimma.ports import History
from trimma.trial import State
from trimma.views import status


def brief(history: History, *, lost: bool = False) -> str:
    """The study's name, its status, how many trials are in which state, and its best value.

    For an ablation the number of decided components takes the place of the best value.
    """
    amounts = ", ".join(f"{amount:,} {state}" for state, amount in history.counts.items() if amount) or "no trial"
    if is_ablation(history):
        return f"<AblationStudy {history.spec.name!r} {status(history, lost=lost)}: {amounts}; {_decided(history)}>"
    best = ""
    if history.best is not None:
        stopped = " (of a stopped trial)" if history.best.state is State.STOPPED else ""
        best = f"; best {one_line(history.spec.metric.name)} {number(history.best.value, 6)}{stopped}"
    return f"<Study {history.spec.name!r} {status(history, lost=lost)}: {amounts}{best}>"


def _decided(history: History) -> str:
    """How many components are decided: ``3 of 10 components decided``."""
    from trimma.ablation.findings import findings
    from trimma.display.ablation_findings_words import tally

    try:
        return tally(findings(history))
    except (StoreError, StudyError):
        # a repr never raises: its own methods say what is wrong
        return "its analysis can't be had here"
