"""How busy the workers were, and how many would have been enough, in words."""

from trimma.display.numbers_and_durations import percent
from trimma.ports import History
from trimma.views import Sizing, Utilisation, sizing, utilisation

MIN_TRIALS = 10  # a study of fewer trials says little about how many workers it needs
SPARED = 0.1  # fewer workers are worth a word if they had spared at least this share of the worker-seconds
FASTER = 0.25  # twice as many are worth a word if they had saved at least this share of the time


def worker_lines(history: History) -> list[str]:
    """How busy the workers were, and whether fewer or more workers would have been better.

    There are no lines for a single worker or for a study of few trials.
    """
    found = utilisation(history)
    if found.workers < 2 or len(history.ended) < MIN_TRIALS or not found.available:
        return []
    rest = waste_text(found)
    busy = f"{found.workers} workers, {percent(found.busy / found.available)} busy"
    return [f"{busy}: {rest}." if rest else f"{busy}.", *_otherwise(history)]


def waste_text(found: Utilisation) -> str:
    """What the workers' time was spent on other than trials that count, as shares of all of it.

    Shares below half a percent are left out.
    """
    parts = {
        "start-up": found.start_up,
        "dispatch": found.dispatch,
        "lost attempts": found.lost,
        "waiting for the last trials": found.tail,
    }
    return ", ".join(
        f"{name} {percent(seconds / found.available)}"
        for name, seconds in parts.items()
        if seconds >= 0.005 * found.available > 0
    )


def _otherwise(history: History) -> list[str]:
    """For a study that is over: whether fewer workers would have been enough.

    Where they would not, it is said whether more workers would have saved much time.
    """
    found = sizing(history) if history.closed is not None else None
    if found is None:
        return []
    if found.enough * found.enough_seconds <= (1 - SPARED) * found.workers * found.seconds:
        return [f"{found.enough} would have taken {_longer(found)} longer."]
    if found.doubled_seconds <= (1 - FASTER) * found.seconds:
        less = percent(1 - found.doubled_seconds / found.seconds)
        return [f"{2 * found.workers}, each as fast, would have taken {less} less time."]
    return []


def _longer(found: Sizing) -> str:
    share = found.enough_seconds / found.seconds - 1
    return "no" if share < 0.005 else percent(share)
