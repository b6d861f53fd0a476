"""The closing summary: what is said of a study when it is over."""

import io

from rich.console import RenderableType

from trimma.display.study_kind import is_ablation
from trimma.display.terminal.closing_search import search_closing
from trimma.display.terminal.safe_console import SafeConsole
from trimma.ports import History

TOP_ROWS = 5


def closing(
    history: History,
    kept: str | None = None,
    width: int = 80,
    *,
    top: int = TOP_ROWS,
    lost: bool = False,
    again: str = "",
) -> RenderableType:
    """How the study went: its best config and trials, what stopping early saved, its workers, and its failures.

    For an ablation, what its components are worth takes the place of the best trials.

    ``kept`` is the path or the name of the store; without it, the summary doesn't say how to look again. ``again`` is
    the call that loads the study, where it takes more than the name. ``width`` is in columns. ``top`` is how many
    trials are listed. ``lost`` is as in `trimma.views.status`.
    """
    again = again or f"trimma.load({history.spec.name!r})"
    if is_ablation(history):
        from trimma.display.terminal.closing_ablation import ablation_closing

        return ablation_closing(history, kept, width, lost=lost, again=again)
    return search_closing(history, kept, width, top=top, lost=lost, again=again)


def closing_text(
    history: History, kept: str | None = None, width: int = 80, *, top: int = TOP_ROWS, lost: bool = False
) -> str:
    """The same as plain text without control codes, in lines of at most ``width`` characters."""
    console = SafeConsole(file=io.StringIO(), width=width, color_system=None, force_terminal=False, force_jupyter=False)
    with console.capture() as capture:
        console.print(closing(history, kept, width, top=top, lost=lost))
    return capture.get()
