"""The live view of an ablation: how far it is, what runs, and what is known of its components."""

from rich.console import Group, RenderableType
from rich.text import Text

from trimma.ablation.findings import Findings
from trimma.ablation.places import REPEAT, arm_of
from trimma.display.ablation_design_words import arm_text, open_ended
from trimma.display.ablation_findings_words import reference_words, tally
from trimma.display.numbers_and_durations import NOTHING, duration
from trimma.display.short_text import squeeze
from trimma.display.terminal.effects_table import effects_table
from trimma.display.terminal.findings_reader import FindingsReader
from trimma.display.terminal.progress_header import counts_line, progress_line, title_line
from trimma.display.terminal.table_style import STATE_COLOURS, plain_table
from trimma.display.worker_notices import latest_notice
from trimma.ports import History
from trimma.trial import State, Trial
from trimma.views import Summary, steps_of, summary

RUNNING_ROWS = 4
FIXED_ROWS = 10  # the lines of the frame that are neither running trials nor components
ARM = 30  # the greatest width of the text that says what is left out


def ablation_frame(
    history: History, now: float, engine: str, width: int, height: int, reader: FindingsReader
) -> RenderableType:
    """One picture of a running ablation, with as many components as ``height`` lines have room for.

    Components stand in the order in which they were asked for, so that rows keep their places. Where there is no room
    for all of them, those that are worth most are shown.
    """
    found = reader.read(history)
    parts = _head(history, summary(history, now), engine, found)
    if renewed := latest_notice(history):
        parts.append(Text(renewed, "yellow", no_wrap=True, overflow="ellipsis"))
    live = history.on_workers()
    room = max(5, height - FIXED_ROWS)
    running = min(len(live), max(RUNNING_ROWS, room - len(found.rows)))
    if live:
        parts += [Text(), *_running(live, now, min(running, room - 3))]
    rows = min(len(found.rows), max(3, room - min(running, room - 3)))
    if found.rows and found.cells:
        parts += [Text(), *_components(found, width, rows)]
    return Group(*parts)


def ablation_final(history: History, now: float, engine: str, width: int, reader: FindingsReader) -> RenderableType:
    """What stays when the ablation is over: its title, how it went, and its table of components."""
    found = reader.read(history)
    parts = _head(history, summary(history, now), engine, found)
    return Group(*parts, *([Text(), *_components(found, width, len(found.rows))] if found.rows and found.cells else []))


def _head(history: History, state: Summary, engine: str, found: Findings) -> list[RenderableType]:
    told = f"{reference_words(found)}   {tally(found)}"
    most = open_ended(found) and history.spec.trials is None
    line = Text(told, "dim", no_wrap=True, overflow="ellipsis")
    return [title_line(state, engine), progress_line(state, at_most=most), counts_line(state), line]


def _running(live: list[Trial], now: float, rows: int) -> list[RenderableType]:
    table = plain_table("trial", "worker", "repeat", "step", "time")
    table.add_column(Text("without"), no_wrap=True, overflow="ellipsis")
    for trial in live[:rows]:
        steps = f"{steps_of(trial)}/{trial.budget}" if trial.budget else str(steps_of(trial))
        lasting = duration(max(0.0, now - trial.spans[-1].start)) if trial.spans else NOTHING
        without = squeeze(arm_text(arm_of(trial.place)), ARM)
        row = (str(trial.id), " + ".join(trial.workers) or NOTHING, str(trial.place[REPEAT]), steps, lasting, without)
        table.add_row(*map(Text, row), style="" if trial.state is State.RUNNING else STATE_COLOURS["stopped"])
    more = len(live) - rows
    return [table, Text(f"+{more:,} more", "dim")] if more > 0 else [table]


def _components(found: Findings, width: int, rows: int) -> list[RenderableType]:
    shown = found.rows if rows >= len(found.rows) else found.ordered[:rows]
    table = effects_table(found, width, shown)
    more = len(found.rows) - len(shown)
    return [table, Text(f"+{more:,} more", "dim")] if more > 0 else [table]
