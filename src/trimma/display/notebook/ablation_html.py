"""An ablation in a notebook: how it stands and one small table, with their own style."""

from html import escape

from trimma.ablation.findings import Findings, findings
from trimma.display.ablation_findings_words import change_sentence, decided_sentence, method_sentences, plan_sentences
from trimma.display.ablation_text_table import NUMBER_COLUMNS, component_text_table
from trimma.display.best_and_worst_arms import best_and_worst_lines
from trimma.display.intervals_and_p_values import MINUS
from trimma.display.notebook.header_and_cells import QUIET, TABLE, cell, headline, status_line
from trimma.display.top_and_bottom import not_shown_sentences
from trimma.display.worker_utilisation import worker_lines
from trimma.ports import History
from trimma.views import summary

LEFT_OUT = ("probability", "letters")
WIDEST = 50


def ablation_html(history: History, *, lost: bool = False) -> str:
    """The ablation as an HTML fragment: how it stands, and what each component is worth."""
    state, found = summary(history, lost=lost), findings(history)
    parts = [headline(state), status_line(state, worker_lines(history)), *fragments(found)]
    return f"<div style='color:inherit;background:transparent;overflow-x:auto'>{''.join(parts)}</div>"


def fragments(found: Findings) -> list[str]:
    """HTML fragments that say what is known of the components."""
    if not found.cells:
        return [_quiet(plan_sentences(found)), _quiet("No training has ended yet.")]
    lines = [
        *not_shown_sentences(found),
        decided_sentence(found),
        *best_and_worst_lines(found),
        *method_sentences(found),
    ]
    return [_quiet(plan_sentences(found)), _quiet(change_sentence(found)), _table(found), *map(_quiet, lines)]


def _table(found: Findings) -> str:
    table = component_text_table(found)
    names = [name for name in table.heads if name not in LEFT_OUT]
    rows = ["".join(cell("th", table.heads[name], right=name in NUMBER_COLUMNS) for name in names)]
    for row in table.rows:
        texts = {name: row.cells[name] for name in names}
        for name in NUMBER_COLUMNS:
            if name in texts:
                texts[name] = texts[name].replace("-", MINUS) if texts[name] != "-" else "-"
        cells = [
            cell("td", text, right=name in NUMBER_COLUMNS, bold=row.decided and name == "component", widest=WIDEST)
            for name, text in texts.items()
        ]
        rows.append("".join(cells))
    lines = "".join(f"<tr style='background:transparent'>{row}</tr>" for row in rows)
    return f"<table style='{TABLE}'>{lines}</table>"


def _quiet(text: str) -> str:
    return f"<div style='{QUIET};font-size:12px;margin:4px 0'>{escape(text)}</div>"
