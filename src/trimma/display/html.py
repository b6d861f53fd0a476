"""A study in a notebook: one small table that brings its own style."""

from html import escape

from trimma.display.text import aim, count, duration, number, percent, setting, shorten, varying
from trimma.display.workers import worker_lines
from trimma.history import History
from trimma.views import Row, Summary, hyperparameters, leaderboard, steps_of, summary

ROWS = 10
CELL = 40
# grey that is half transparent reads on white and on black; the text keeps the notebook's own colour
LINE = "border-bottom:1px solid rgba(128,128,128,.35)"
TABLE = "border-collapse:collapse;font-size:13px;margin:0;color:inherit"
HEAD = f"text-align:left;font-weight:600;padding:4px 12px 4px 0;background:transparent;{LINE}"
BODY = f"text-align:left;padding:3px 12px 3px 0;background:transparent;white-space:nowrap;{LINE}"
NUMBER = "text-align:right;font-variant-numeric:tabular-nums;"
QUIET = "opacity:.7"


def study_html(history: History, rows: int = ROWS, *, lost: bool = False) -> str:
    """The study as an HTML fragment: how it stands and its ``rows`` best trials; ``lost`` as for `status`."""
    state = summary(history, lost=lost)
    best = [row for row in leaderboard(history, rows) if row.rank is not None]
    parts = [_headline(state), _line(state, worker_lines(history))]
    if best:
        parts.append(_table(history, best))
    else:
        parts.append(f"<p style='{QUIET};margin:4px 0'>No trial has ended with a finite value yet.</p>")
    more = sum(1 for number_ in history.ended if history.trials[number_].failure is None) - len(best)
    if best and more > 0:
        parts.append(f"<div style='{QUIET};font-size:12px;margin-top:4px'>and {count(more, 'more trial')}</div>")
    return f"<div style='color:inherit;background:transparent;overflow-x:auto'>{''.join(parts)}</div>"


def _headline(state: Summary) -> str:
    why = f": {state.reason}" if state.reason else ""
    return (
        f"<div style='font-size:14px'><b>{escape(state.name)}</b> "
        f"<span style='{QUIET}'>{escape(aim(state.metric))}, {escape(state.status + why)}</span></div>"
    )


def _line(state: Summary, workers: list[str]) -> str:
    parts = [f"{amount:,} {name}" for name, amount in state.counts.items() if amount] or ["no trial"]
    if state.savings.saved:
        parts.append(f"{percent(state.savings.share)} of the steps saved by stopping early")
    if state.busy.share is not None and not workers:
        parts.append(f"workers {percent(state.busy.share)} busy")
    parts.append(duration(state.elapsed))
    lines = "".join(f"<div>{escape(line)}</div>" for line in (" · ".join(parts), " ".join(workers)) if line)
    return f"<div style='{QUIET};font-size:12px;margin:2px 0 8px'>{lines}</div>"


def _table(history: History, rows: list[Row]) -> str:
    scales = hyperparameters(history)
    configs = [varying(history, history.trials[row.trial], scales) for row in rows]
    names = list(dict.fromkeys(name for config in configs for name in config))
    head = [_cell("th", name, right=True) for name in ("trial", history.spec.metric.name, "steps")]
    head += [_cell("th", "state"), *(_cell("th", name) for name in names)]
    lines = [f"<tr style='background:transparent'>{''.join(head)}</tr>"]
    for row, config in zip(rows, configs, strict=True):
        cells = [
            _cell("td", str(row.trial), right=True),
            _cell("td", number(row.value), right=True, bold=row.rank == 1),
        ]
        cells += [_cell("td", str(steps_of(history.trials[row.trial])), right=True), _cell("td", row.state.value)]
        cells += [_cell("td", setting(config[name]) if name in config else "") for name in names]
        lines.append(f"<tr style='background:transparent'>{''.join(cells)}</tr>")
    return f"<table style='{TABLE}'>{''.join(lines)}</table>"


def _cell(tag: str, text: str, *, right: bool = False, bold: bool = False) -> str:
    style = (HEAD if tag == "th" else BODY) + (";" + NUMBER if right else "") + (";font-weight:700" if bold else "")
    short = shorten(text, CELL)
    title = f" title='{escape(text, quote=True)}'" if short != text else ""
    return f"<{tag} style='{style}'{title}>{escape(short)}</{tag}>"
