"""An ablation's table in LaTeX, for the package booktabs."""

import re

from trimma.ablation.findings import Findings
from trimma.display.ablation.grid import NUMBERS, Grid, Line, component_grid, pair_grid
from trimma.display.ablation.words import heading, method_lines, plan
from trimma.display.text import NOTHING

LEFT_OUT = ("probability", "tier")  # tiers show as gaps
SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def latex(found: Findings, caption: str | None = None, label: str | None = None) -> str:
    r"""A ``table`` with a ``tabular`` for ``\\usepackage{booktabs}``: components by worth, decided ones in bold.

    A gap stands between tiers: only across gaps are components known to differ. ``caption`` is taken as LaTeX; by
    default it says what the table shows. Below it stands how it was found. Interactions, where the design tells
    them, are a second ``tabular``.
    """
    parts = ["\\begin{table}", "\\centering"]
    parts.append(f"\\caption{{{_own_caption(found) if caption is None else caption}}}")
    if label is not None:
        parts.append(f"\\label{{{label}}}")
    parts.append(_tabular(component_grid(found)))
    if pairs := pair_grid(found):
        parts += ["\\par\\medskip", _tabular(pairs)]
    if notes := method_lines(found):
        parts += [f"\\par\\smallskip\n{{\\footnotesize {escaped(' '.join(notes))}\\par}}"]
    return "\n".join([*parts, "\\end{table}"]) + "\n"


def escaped(text: str) -> str:
    r"""Text whose signs mean nothing to LaTeX.

    >>> print(escaped("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return "".join(SIGNS.get(sign, sign) for sign in text)


def _own_caption(found: Findings) -> str:
    tiers = " Gaps part those that are known to differ." if component_grid(found).tiers else ""
    return f"{escaped(heading(found))} {escaped(plan(found))} Bold: decided.{tiers}"


def _tabular(grid: Grid) -> str:
    names = [name for name in grid.heads if name not in LEFT_OUT]
    columns = "".join("r" if name in NUMBERS else "l" for name in names)
    heads = ["$p$" if name == "p" else escaped(grid.heads[name]) for name in names]
    texts = [[_cell(name, line) for name in names] for line in grid.lines]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    lines = [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", _row(heads, widths), "\\midrule"]
    tier = grid.lines[0].tier if grid.lines else 1
    for line, cells in zip(grid.lines, texts, strict=True):
        if line.tier != tier:
            lines.append("\\addlinespace")
        tier = line.tier
        lines.append(_row(cells, widths))
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _row(cells: list[str], widths: list[int]) -> str:
    return " & ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip() + " \\\\"


def _cell(name: str, line: Line) -> str:
    text = line.cells[name]
    if text == NOTHING:
        return "--"
    if name in ("difference", "interval", "p"):
        return f"${_mathematical(text)}$"
    # a bracket or a star at a row's beginning would belong to the line end before it
    plain = re.sub(r"^(?=[\[*])", "{}", escaped(text))
    return f"\\textbf{{{plain}}}" if name == "component" and line.decided else plain


def _mathematical(text: str) -> str:
    return re.sub(
        r"([0-9.])e([+-])0*([0-9]+)", lambda power: f"{power[1]}\\cdot10^{{{power[2].strip('+')}{power[3]}}}", text
    )
