"""What is said of an ablation when it is over."""

from rich.console import Group, RenderableType
from rich.text import Text

from trimma.ablation.findings import Findings, findings
from trimma.display.ablation.extremes import extreme_lines
from trimma.display.ablation.pairs import pair_lines
from trimma.display.ablation.table import effects_table
from trimma.display.ablation.words import conclusion, heading, method_lines, plan
from trimma.display.differences import tally
from trimma.display.outcome import counts, failed, headline, notes
from trimma.display.trimmed import Trimmed
from trimma.display.workers import worker_lines
from trimma.ports import History
from trimma.views import summary


def ablation_closing(
    history: History, kept: str | None = None, width: int = 80, *, lost: bool = False
) -> RenderableType:
    """How it went: what each component is worth, the best and the worst arm, how it was found, what failed.

    The arguments are those of `trimma.display.summary.closing`.
    """
    state, found, workers = summary(history, lost=lost), findings(history), worker_lines(history)
    parts: list[RenderableType] = [headline(state), counts(state, busy=not workers)]
    parts += [Text(), *told(found, width), *notes(state)]
    parts += [Text(), *map(Text, workers)] if workers else []
    parts += failed(history)
    if kept:
        parts += [Text(), Text(f"Kept in {kept}. Look again with trimma.load({state.name!r}).")]
    return Trimmed(Group(*parts))


def told(found: Findings, width: int) -> list[RenderableType]:
    """What is known of the components, for ``width`` columns."""
    parts: list[RenderableType] = [Text(plan(found))]
    if not found.cells:
        return [*parts, Text(), Text("No training has ended yet, so nothing is known of the components.")]
    parts += [Text(), Text(heading(found), "dim"), effects_table(found, width), Text(), Text(conclusion(found))]
    for lines, style in ((pair_lines(found), ""), (extreme_lines(found), ""), (method_lines(found), "dim")):
        parts += [Text(), *(Text(line, style) for line in lines)] if lines else []
    return parts


def decided(history: History) -> str:
    """How many components are decided, in a few words."""
    return tally(findings(history))
