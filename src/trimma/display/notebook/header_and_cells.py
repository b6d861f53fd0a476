"""What notebook tables share: the lines above a table, its cells, and a style for light and dark notebooks."""

from html import escape

from trimma.display.metric_words import aim
from trimma.display.numbers_and_durations import duration, percent
from trimma.display.short_text import shorten
from trimma.views import Summary

CELL = 40
# grey that is half transparent reads on white and on black; the text keeps the notebook's own colour
LINE = "border-bottom:1px solid rgba(128,128,128,.35)"
TABLE = "border-collapse:collapse;font-size:13px;margin:0;color:inherit"
HEAD = f"text-align:left;font-weight:600;padding:4px 12px 4px 0;background:transparent;{LINE}"
BODY = f"text-align:left;padding:3px 12px 3px 0;background:transparent;white-space:nowrap;{LINE}"
NUMBER = "text-align:right;font-variant-numeric:tabular-nums;"
QUIET = "opacity:.7"


def headline(state: Summary) -> str:
    """The study's name, its aim, and its status."""
    why = f": {state.reason}" if state.reason else ""
    return (
        f"<div style='font-size:14px'><b>{escape(state.name)}</b> "
        f"<span style='{QUIET}'>{escape(aim(state.metric))}, {escape(state.status + why)}</span></div>"
    )


def status_line(state: Summary, workers: list[str]) -> str:
    """How many trials are in which state, how busy the workers were, and how long the study took."""
    parts = [f"{amount:,} {name}" for name, amount in state.counts.items() if amount] or ["no trial"]
    if state.savings.saved:
        parts.append(f"{percent(state.savings.share)} of the steps saved by stopping early")
    if state.busy.share is not None and not workers:
        parts.append(f"workers {percent(state.busy.share)} busy")
    parts.append(duration(state.elapsed))
    lines = "".join(f"<div>{escape(line)}</div>" for line in (" · ".join(parts), " ".join(workers)) if line)
    return f"<div style='{QUIET};font-size:12px;margin:2px 0 8px'>{lines}</div>"


def cell(tag: str, text: str, *, right: bool = False, bold: bool = False, widest: int = CELL) -> str:
    """One cell of a table. A long text is cut, and shown in full when the mouse points at it."""
    style = (HEAD if tag == "th" else BODY) + (";" + NUMBER if right else "") + (";font-weight:700" if bold else "")
    short = shorten(text, widest)
    title = f" title='{escape(text, quote=True)}'" if short != text else ""
    return f"<{tag} style='{style}'{title}>{escape(short)}</{tag}>"
