"""The first lines of a running study: its title, its progress bar with the time left, its trials by state."""

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from trimma.display.metric_words import aim
from trimma.display.numbers_and_durations import count, duration, percent
from trimma.display.terminal.table_style import STATE_COLOURS
from trimma.events import Outcome
from trimma.trial import ON_WORKER, State
from trimma.views import RUNNING, Summary

FINISHED = Outcome.FINISHED.value


def title_line(state: Summary, engine: str) -> Table:
    """The study's name and aim on the left, the number of workers and the time so far on the right.

    Once the study is over, its status takes the place of the workers.
    """
    left = Text.assemble((state.name, "bold"), "  ", aim(state.metric))
    if engine:
        left.append(f"  {engine}", "dim")
    if state.status != RUNNING:
        right = state.status
    elif state.workers:
        right = f"{count(state.workers, 'worker')}  {duration(state.elapsed)}"
    else:
        right = "waiting for workers"
    return left_and_right(left, Text(right, "dim"))


def progress_line(state: Summary, *, at_most: bool = False) -> Table:
    """The progress bar, with the number of ended trials and the time that is left.

    With ``at_most`` the number of trials is a limit that the study may not reach.
    """
    share, label = _done(state, at_most=at_most)
    if state.status != RUNNING:
        label += f" in {duration(state.elapsed)}"
    elif state.eta is not None:
        label += f"  {'at most ' if at_most else ''}{duration(state.eta)} left"
    table = Table.grid(expand=True, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True)
    table.add_row(ProgressBar(total=1.0, completed=min(share, 1.0)), Text(label))
    return table


def _done(state: Summary, *, at_most: bool) -> tuple[float, str]:
    """How much of the study is done, from 0 to 1, and the same in words.

    It is measured by trials where their number is known, by time where there is a timeout, and is unknown otherwise.
    """
    if state.limit and at_most and state.status == FINISHED:
        return 1.0, count(state.ended, "trial")
    if state.limit:
        return state.ended / state.limit, f"{state.ended:,}{' of at most ' if at_most else '/'}{state.limit:,}"
    if state.timeout:
        of = f" of {duration(state.timeout)}" if state.status == RUNNING else ""
        return state.elapsed / state.timeout, count(state.ended, "trial") + of
    return float(state.status != RUNNING), count(state.ended, "trial")


def counts_line(state: Summary) -> Table:
    """How many trials are in which state, and how busy the workers are."""
    numbers = {
        "running": sum(state.counts[on_worker] for on_worker in ON_WORKER),
        "queued": state.counts[State.QUEUED],
        "paused": state.counts[State.PAUSED],
        "done": state.counts[State.DONE],
        "stopped": state.counts[State.STOPPED],
        "failed": state.counts[State.FAILED],
    }
    shown = {name: amount for name, amount in numbers.items() if amount or name == "done"}
    left = Text("   ").join(Text(f"{amount:,} {name}", STATE_COLOURS.get(name, "")) for name, amount in shown.items())
    right = Text() if state.busy.share is None else Text(f"workers {percent(state.busy.share)} busy", "dim")
    return left_and_right(left, right)


def left_and_right(left: Text, right: Text) -> Table:
    """Two texts at the two ends of one line. Where there is too little room, the left one is cut."""
    left.no_wrap = right.no_wrap = True
    left.overflow = "ellipsis"
    table = Table.grid(expand=True, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_row(left, right)
    return table
