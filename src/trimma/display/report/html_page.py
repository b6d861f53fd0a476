"""The report of an ablation as one HTML page that needs no network and no other file."""

from collections.abc import Callable
from html import escape

from trimma.ablation.findings import Findings
from trimma.display.ablation_findings_words import (
    VERDICT_MARKS,
    capitalized,
    change_sentence,
    decided_sentence,
    method_sentences,
    plan_sentences,
)
from trimma.display.ablation_method_paragraph import method_paragraph
from trimma.display.ablation_text_table import (
    NUMBER_COLUMNS,
    TextTable,
    component_text_table,
    letters_sentence,
    pair_text_table,
)
from trimma.display.best_and_worst_arms import best_and_worst_lines
from trimma.display.intervals_and_p_values import MINUS
from trimma.display.metric_words import metric_words
from trimma.display.numbers_and_durations import NOTHING
from trimma.display.plots import Picture, forest, interactions, path, repeats, shapley
from trimma.display.plots.with_plotly.figure import plotly_figure
from trimma.display.plots.with_plotly.plotly_module import graph_objects
from trimma.display.report.html_page_style import SCRIPT, STYLE

RIGHT = (*NUMBER_COLUMNS, "probability")
PICTURES = {"forest": forest, "path": path, "repeats": repeats, "shapley": shapley}
CONFIG = {"displayModeBar": False, "responsive": True}


def page(found: Findings, standing: str = "") -> str:
    """The whole report: conclusion, table, pictures, method, and interactions or the path where the design has them.

    Plotly's script is part of the page, once. The page follows the reader's choice of a light or a dark screen.
    ``standing`` is the study's status in a word. Raises `MissingExtra` without plotly.
    """
    graph_objects()
    from plotly.offline import get_plotlyjs

    title = f"{found.name}: what each component is worth" if found.name else "What each component is worth"
    head = (
        "<meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style><script>{get_plotlyjs()}</script>"
    )
    body = "\n".join([f"<h1>{escape(title)}</h1>", *_sections(found, standing)])
    return (
        f"<!doctype html>\n<html lang='en'><head>{head}</head>\n"
        f"<body><main>{body}</main>\n<script>{SCRIPT}</script></body></html>\n"
    )


def _sections(found: Findings, standing: str) -> list[str]:
    lines = [plan_sentences(found), f"{capitalized(metric_words(found.metric))}."]
    lines += [f"The study is {standing}."] if standing else []
    parts = [f"<p>{escape(' '.join(lines))}</p>"]
    if not found.cells:
        return [*parts, "<p>No training has ended yet, so nothing is known of the components.</p>"]
    parts.append(f"<p class='conclusion'>{escape(decided_sentence(found))}</p>")
    table = component_text_table(found, every=True)
    parts.append(_table(table, change_sentence(found) + letters_sentence(table)))
    if any(row.difference is not None for row in found.rows):
        parts += _pictures(found)
    if pairs := pair_text_table(found):
        parts += ["<h2>Interactions</h2>", _picture("interactions", interactions, found)]
        parts.append(_folded(f"All {len(pairs.rows)} pairs", _table(pairs)))
    if ends := best_and_worst_lines(found):
        parts += ["<h2>Highest, lowest, average</h2>", _list(ends)]
    return [*parts, "<h2>Method and notes</h2>", _list(_notes(found)), _for_a_paper(found)]


def _pictures(found: Findings) -> list[str]:
    """The pictures of the components, in the order in which the plan of analysis names them."""
    return [_picture(name, PICTURES[name], found) for name in found.plan.pictures if name in PICTURES]


def _for_a_paper(found: Findings) -> str:
    lines = [line for line in method_paragraph(found).splitlines() if line]
    return _folded("The method, for a paper", "".join(f"<p>{escape(line)}</p>" for line in lines))


def _notes(found: Findings) -> list[str]:
    asked = found.asked
    lines = method_sentences(found)
    if asked.whole:
        lines.append(f"The whole has the settings {asked.whole}.")
    if asked.retune:
        lines.append(f"Settings were searched anew for each training: {asked.retune}.")
    groups = [component for component in asked.components if len(component.members) > 1]
    lines += [f"{component.name} stands for {', '.join(component.members)}." for component in groups]
    return lines or ["Nothing to add."]


def _table(table: TextTable, caption: str = "") -> str:
    names = list(table.heads)
    heads = [f"<th{_side(name)}>{escape(table.heads[name])}</th>" for name in names]
    rows = []
    for row in table.rows:
        cells = [f"<td{_side(name)}>{_text(name, row.cells[name])}</td>" for name in names]
        cells[0] = f"<th scope='row'><span class='{row.conclusion.value}'>{VERDICT_MARKS[row.conclusion]}</span> "
        cells[0] += f"{escape(row.cells['component'])}</th>"
        decided = " class='decided'" if row.decided else ""
        rows.append(f"<tr{decided}>{''.join(cells)}</tr>")
    told = f"<p class='caption'>{escape(caption)}</p>" if caption else ""
    return (
        f"{told}<div class='wide'><table><thead><tr>{''.join(heads)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _side(name: str) -> str:
    return " class='number'" if name in RIGHT else ""


def _text(name: str, text: str) -> str:
    shown = text.replace("-", MINUS) if name in ("difference", "interval") and text != NOTHING else text
    return escape(shown)


def _picture(name: str, draw: Callable[[Findings], Picture], found: Findings) -> str:
    plot = plotly_figure(draw(found)).to_html(full_html=False, include_plotlyjs=False, div_id=name, config=CONFIG)
    return f"<div class='wide'><figure>{plot}</figure></div>"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
