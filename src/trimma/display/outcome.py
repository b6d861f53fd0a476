"""What is said of every study when it is over: how it went, what was lost, what failed."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from trimma.display.numbers_and_durations import count, duration, percent
from trimma.display.short_text import one_line, shorten
from trimma.display.top import COLOURS
from trimma.history import History
from trimma.views import RUNNING, FailureGroup, Summary, failures

KINDS = 4
TAIL = 6  # lines of a traceback


def headline(state: Summary) -> Text:
    """How it stands, and after what time."""
    when = f" {'for' if state.status == RUNNING else 'after'} {duration(state.elapsed)}"
    over = f" in {state.sessions} sessions" if state.sessions > 1 else ""
    why = f": {state.reason}" if state.reason else ""
    return Text.assemble((state.name, "bold"), f" {state.status}{when}{over}{why}")


def counts(state: Summary, *, busy: bool) -> Text:
    """How many trials are in which state; with ``busy``, how busy the workers were."""
    shown = [(amount, name) for name, amount in state.counts.items() if amount]
    parts = [Text(f"{amount:,} {name}", COLOURS.get(name, "dim")) for amount, name in shown] or [Text("no trial")]
    if busy and state.busy.share is not None:
        parts.append(Text(f"workers {percent(state.busy.share)} busy", "dim"))
    return Text("   ").join(parts)


def notes(state: Summary) -> list[RenderableType]:
    """What stopping early saved, what attempts that were lost cost, and what is left to run."""
    saved, lines = state.savings, []
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
    return [Text(), *map(Text, lines)] if lines else []


def failed(history: History) -> list[RenderableType]:
    """What failed, by kind, with the end of a traceback."""
    groups = failures(history)
    if not groups:
        return []
    parts: list[RenderableType] = [Text()]
    parts += [_group(group) for group in groups[:KINDS]]
    if len(groups) > KINDS:
        parts.append(Text(f"and {count(len(groups) - KINDS, 'other kind')} of failure"))
    if tail := groups[0].traceback.strip().splitlines()[-TAIL:]:
        parts.append(Text(f"The end of trial {groups[0].trials[0]}'s traceback:"))
        parts.append(Padding(Text("\n".join(tail), "dim"), (0, 0, 0, 2)))
    return parts


def _group(group: FailureGroup) -> Text:
    first = ", ".join(map(str, group.trials[:3])) + (", ..." if len(group.trials) > 3 else "")
    message = shorten(one_line(group.message), 160)
    what = f"{group.kind}: {message}" if message else group.kind
    noun = "trial" if len(group.trials) == 1 else "trials"
    return Text.assemble((f"{count(len(group.trials), 'trial')} failed", "red"), f" ({noun} {first}) with {what}")
