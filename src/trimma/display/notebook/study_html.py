"""A study in a notebook: how it stands and one small table, with their own style."""

from trimma.display.config_text import setting, varying
from trimma.display.notebook.header_and_cells import QUIET, TABLE, cell, headline, status_line
from trimma.display.numbers_and_durations import count, number
from trimma.display.study_kind import is_ablation
from trimma.display.worker_utilisation import worker_lines
from trimma.ports import History
from trimma.views import Row, hyperparameters, leaderboard, steps_of, summary

ROWS = 10


def study_html(history: History, rows: int = ROWS, *, lost: bool = False) -> str:
    """The study as an HTML fragment: how it stands, and its ``rows`` best trials.

    For an ablation, what each component is worth takes the place of the best trials. ``lost`` is as in
    `trimma.views.status`.
    """
    if is_ablation(history):
        from trimma.display.notebook.ablation_html import ablation_html

        return ablation_html(history, lost=lost)
    state = summary(history, lost=lost)
    best = leaderboard(history, rows, only_ended=True)
    parts = [headline(state), status_line(state, worker_lines(history))]
    if best:
        parts.append(_table(history, best))
    else:
        parts.append(f"<p style='{QUIET};margin:4px 0'>No trial has ended with a finite value yet.</p>")
    more = sum(1 for number_ in history.ended if history.trials[number_].failure is None) - len(best)
    if best and more > 0:
        parts.append(f"<div style='{QUIET};font-size:12px;margin-top:4px'>and {count(more, 'more trial')}</div>")
    return f"<div style='color:inherit;background:transparent;overflow-x:auto'>{''.join(parts)}</div>"


def _table(history: History, rows: list[Row]) -> str:
    scales = hyperparameters(history)
    configs = [varying(history, history.trials[row.trial], scales) for row in rows]
    names = list(dict.fromkeys(name for config in configs for name in config))
    head = [cell("th", name, right=True) for name in ("trial", history.spec.metric.name, "steps")]
    head += [cell("th", "state"), *(cell("th", name) for name in names)]
    lines = [f"<tr style='background:transparent'>{''.join(head)}</tr>"]
    for row, config in zip(rows, configs, strict=True):
        cells = [
            cell("td", str(row.trial), right=True),
            cell("td", number(row.value), right=True, bold=row.rank == 1),
        ]
        cells += [cell("td", str(steps_of(history.trials[row.trial])), right=True), cell("td", row.state.value)]
        cells += [cell("td", setting(config[name]) if name in config else "") for name in names]
        lines.append(f"<tr style='background:transparent'>{''.join(cells)}</tr>")
    return f"<table style='{TABLE}'>{''.join(lines)}</table>"
