"""What is said of a study when it is over."""

import io

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trimma.display.text import count, duration, number, one_line, percent, shorten, varying
from trimma.display.top import COLOURS, top_table
from trimma.display.trimmed import Trimmed
from trimma.display.workers import worker_lines
from trimma.history import History
from trimma.views import RUNNING, FailureGroup, Summary, failures, hyperparameters, leaderboard, status, summary

TOP_ROWS = 5
CONFIG_ROWS = 12
KINDS = 4
TAIL = 6  # lines of a traceback
NO_BEST = "ended with a finite value, so there is no best config"


def closing(
    history: History, kept: str | None = None, width: int = 80, *, top: int = TOP_ROWS, lost: bool = False
) -> RenderableType:
    """How the study went: its best config, its ``top`` trials, what stopping early saved, its workers, what failed.

    ``kept`` is the path or name of the store; without one nothing is said of looking again. ``width`` is in columns,
    ``lost`` as for `trimma.views.status`.
    """
    state = summary(history, lost=lost)
    workers = worker_lines(history)
    parts: list[RenderableType] = [_headline(state), _counts(state, busy=not workers)]
    parts += _best(history, state)
    if state.best is not None and state.ended > 1:
        rows = [row.trial for row in leaderboard(history, top) if row.rank is not None]
        parts += [Text(), top_table(history, rows, hyperparameters(history), width, title="top")]
    parts += _notes(state)
    parts += [Text(), *map(Text, workers)] if workers else []
    parts += _failures(history)
    if kept:
        parts += [Text(), Text(f"Kept in {kept}. Look again with trimma.load({state.name!r}).")]
    return Trimmed(Group(*parts))


def closing_text(
    history: History, kept: str | None = None, width: int = 80, *, top: int = TOP_ROWS, lost: bool = False
) -> str:
    """The same as plain text, without control codes, in lines of at most ``width`` signs."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, force_jupyter=False)
    with console.capture() as capture:
        console.print(closing(history, kept, width, top=top, lost=lost))
    return capture.get()


def brief(history: History, *, lost: bool = False) -> str:
    """The study in one line."""
    counts = ", ".join(f"{amount:,} {state}" for state, amount in history.counts.items() if amount) or "no trial"
    best = ""
    if history.best is not None:
        best = f"; best {one_line(history.spec.metric.name)} {number(history.best.value, 6)}"
    return f"<Study {history.spec.name!r} {status(history, lost=lost)}: {counts}{best}>"


def _headline(state: Summary) -> Text:
    when = f" {'for' if state.status == RUNNING else 'after'} {duration(state.elapsed)}"
    over = f" in {state.sessions} sessions" if state.sessions > 1 else ""
    why = f": {state.reason}" if state.reason else ""
    return Text.assemble((state.name, "bold"), f" {state.status}{when}{over}{why}")


def _counts(state: Summary, *, busy: bool) -> Text:
    shown = [(amount, name) for name, amount in state.counts.items() if amount]
    parts = [Text(f"{amount:,} {name}", COLOURS.get(name, "dim")) for amount, name in shown] or [Text("no trial")]
    if busy and state.busy.share is not None:
        parts.append(Text(f"workers {percent(state.busy.share)} busy", "dim"))
    return Text("   ").join(parts)


def _best(history: History, state: Summary) -> list[RenderableType]:
    if state.best is None:
        none = "has ended with a finite value yet" if state.status == RUNNING else NO_BEST
        return [Text(), Text(f"No trial {none}.")]
    line = Text.assemble(
        f"Best {state.metric.name} ",
        (number(state.best.value, 6), "bold green"),
        f", from trial {state.best.trial}" + (f" after {count(state.best.steps, 'step')}" if state.best.steps else ""),
    )
    config = varying(history, history.trials[state.best.trial])
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in list(config.items())[:CONFIG_ROWS]:
        table.add_row(Text(name, "dim"), Text(one_line(repr(value))))
    if len(config) > CONFIG_ROWS:
        table.add_row(Text(f"+{len(config) - CONFIG_ROWS} more", "dim"), "")
    return [Text(), line, Padding(table, (0, 0, 0, 2))]


def _notes(state: Summary) -> list[RenderableType]:
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


def _failures(history: History) -> list[RenderableType]:
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
