"""What every closing summary says: the headline, the trials by state, and what was saved or lost."""

from rich.console import RenderableType
from rich.text import Text

from trimma.display.nothing_to_judge import nothing_to_judge
from trimma.display.numbers_and_durations import count, duration, percent
from trimma.display.terminal.table_style import STATE_COLOURS
from trimma.display.worker_notices import worker_notices
from trimma.ports import History
from trimma.views import RUNNING, Summary


def outcome_headline(state: Summary) -> Text:
    """The study's name, its status, and how long it took."""
    when = f" {'for' if state.status == RUNNING else 'after'} {duration(state.elapsed)}"
    over = f" in {state.sessions} sessions" if state.sessions > 1 else ""
    why = f": {state.reason}" if state.reason else ""
    return Text.assemble((state.name, "bold"), f" {state.status}{when}{over}{why}")


def state_counts(state: Summary, *, busy: bool) -> Text:
    """How many trials are in which state. With ``busy``, how busy the workers were as well."""
    shown = [(amount, name) for name, amount in state.counts.items() if amount]
    parts = [Text(f"{amount:,} {name}", STATE_COLOURS.get(name, "dim")) for amount, name in shown] or [Text("no trial")]
    if busy and state.busy.share is not None:
        parts.append(Text(f"workers {percent(state.busy.share)} busy", "dim"))
    return Text("   ").join(parts)


def outcome_notes(history: History, state: Summary) -> list[RenderableType]:
    """What stopping early saved, what lost attempts cost, what is left to run, and which workers were renewed."""
    saved, lines = state.savings, []
    if unjudged := nothing_to_judge(history):
        lines.append(unjudged)
    if saved.saved:
        lines.append(
            f"Stopping early saved {saved.saved:,} of {saved.full:,} steps ({percent(saved.share)}): "
            f"{saved.run:,} were run."
        )
    if saved.lost:
        lines.append(f"{count(saved.lost, 'step')} of them in attempts that were lost.")
    live = state.trials - state.ended
    if live and state.status != RUNNING:
        them = "it" if live == 1 else "them"
        lines.append(f"{count(live, 'trial')} had not ended; resuming the study goes on with {them}.")
    lines += worker_notices(history)
    return [Text(), *map(Text, lines)] if lines else []
