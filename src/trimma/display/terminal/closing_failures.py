"""The failures in a closing summary, by kind."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from trimma.display.numbers_and_durations import count
from trimma.display.short_text import one_line, shorten
from trimma.ports import History
from trimma.views import FailureGroup, failures

KINDS = 4
TAIL = 6  # lines of a traceback


def failure_lines(history: History) -> list[RenderableType]:
    """Which trials failed, by kind of failure, and the end of the first traceback."""
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
