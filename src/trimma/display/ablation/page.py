"""An ablation as one page that needs nothing besides itself: no network, no other file."""

from collections.abc import Callable
from html import escape

from trimma.display.ablation.extremes import extreme_lines
from trimma.display.ablation.grid import NUMBERS, Grid, component_grid, pair_grid
from trimma.display.ablation.page_style import SCRIPT, STYLE
from trimma.display.ablation.words import capital, conclusion, heading, method_lines, plan
from trimma.display.differences import MINUS, metric_words
from trimma.display.plots import forest, interactions, path, repeats, shapley
from trimma.display.plots.shapley import SHAPLEY
from trimma.display.plots.theme import Figure, graph_objects
from trimma.display.text import NOTHING
from trimma.effects import Conclusion
from trimma.views import Findings

MARKS = {Conclusion.HELPS: "●", Conclusion.HURTS: "◆", Conclusion.EQUIVALENT: "■", Conclusion.UNDECIDED: "○"}
RIGHT = (*NUMBERS, "probability")
CONFIG = {"displayModeBar": False, "responsive": True}


def page(found: Findings, standing: str = "") -> str:
    """The whole report: conclusion, table, pictures, interactions and path where the design has them, method.

    Plotly's script is inside, once. The page follows the reader's choice of a light or a dark screen. ``standing``
    is how the study stands, in a word. Raises `MissingExtra` without plotly.
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
    lines = [plan(found), f"{capital(metric_words(found.metric))}."]
    lines += [f"The study is {standing}."] if standing else []
    parts = [f"<p>{escape(' '.join(lines))}</p>"]
    if not found.cells:
        return [*parts, "<p>No training has ended yet, so nothing is known of the components.</p>"]
    parts.append(f"<p class='conclusion'>{escape(conclusion(found))}</p>")
    grid = component_grid(found)
    tiers = " Bold lines part those that are known to differ." if grid.tiers else ""
    parts.append(_table(grid, heading(found) + tiers))
    if any(row.difference is not None for row in found.rows):
        parts += _pictures(found)
    if pairs := pair_grid(found):
        parts += ["<h2>Interactions</h2>", _picture("interactions", interactions, found)]
        parts.append(_folded(f"All {len(pairs.lines)} pairs", _table(pairs)))
    if ends := extreme_lines(found):
        parts += ["<h2>Best, worst, average</h2>", _list(ends)]
    return [*parts, "<h2>Method and notes</h2>", _list(_notes(found))]


def _pictures(found: Findings) -> list[str]:
    """Those of the components; the one that the design is for comes first."""
    pictures = [("forest", forest), ("repeats", repeats)]
    if found.stepwise:
        pictures.insert(0, ("path", path))
    if found.asked.analysis == SHAPLEY:
        pictures.insert(0, ("shapley", shapley))
    return [_picture(name, draw, found) for name, draw in pictures]


def _notes(found: Findings) -> list[str]:
    asked = found.asked
    lines = method_lines(found)
    if asked.whole:
        lines.append(f"The whole has the settings {asked.whole}.")
    if asked.retune:
        lines.append(f"Settings were searched anew for each training: {asked.retune}.")
    groups = [component for component in asked.components if len(component.members) > 1]
    lines += [f"{component.name} stands for {', '.join(component.members)}." for component in groups]
    return lines or ["Nothing to add."]


def _table(grid: Grid, caption: str = "") -> str:
    names = [name for name in grid.heads if name != "tier"]
    heads = [f"<th{_side(name)}>{escape(grid.heads[name])}</th>" for name in names]
    rows, tier = [], grid.lines[0].tier if grid.lines else 1
    for line in grid.lines:
        cells = [f"<td{_side(name)}>{_text(name, line.cells[name])}</td>" for name in names]
        cells[0] = f"<th scope='row'><span class='{line.conclusion.value}'>{MARKS[line.conclusion]}</span> "
        cells[0] += f"{escape(line.cells['component'])}</th>"
        kinds = ["decided"] * line.decided + ["apart"] * (line.tier != tier)
        tier = line.tier
        rows.append(f"<tr{_classes(kinds)}>{''.join(cells)}</tr>")
    told = f"<p class='caption'>{escape(caption)}</p>" if caption else ""
    return (
        f"{told}<div class='wide'><table><thead><tr>{''.join(heads)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _classes(kinds: list[str]) -> str:
    return f" class='{' '.join(kinds)}'" if kinds else ""


def _side(name: str) -> str:
    return " class='number'" if name in RIGHT else ""


def _text(name: str, text: str) -> str:
    shown = text.replace("-", MINUS) if name in ("difference", "interval") and text != NOTHING else text
    return escape(shown)


def _picture(name: str, draw: Callable[[Findings], Figure], found: Findings) -> str:
    plot = draw(found).to_html(full_html=False, include_plotlyjs=False, div_id=name, config=CONFIG)
    return f"<div class='wide'><figure>{plot}</figure></div>"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
