"""The table of an ablation in LaTeX, for the package booktabs."""

import re

from trimma.ablation.findings import Findings
from trimma.display.ablation_findings_words import (
    change_sentence,
    method_sentences,
    plan_sentences,
    population_sentence,
)
from trimma.display.ablation_text_table import (
    NUMBER_COLUMNS,
    TextRow,
    TextTable,
    component_text_table,
    letters_sentence,
    pair_text_table,
)
from trimma.display.numbers_and_durations import NOTHING
from trimma.display.top_and_bottom import not_shown_sentences

LEFT_OUT = ("probability",)
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
    r"""A ``table`` with a ``tabular`` for ``\usepackage{booktabs}``, with decided components in bold.

    Components stand in the order of their worth. ``caption`` is taken as LaTeX; the default caption says what the table
    shows, and what its letters mean. The method stands below the table. Where the design estimates interactions, they
    are a second ``tabular``.
    """
    parts = ["\\begin{table}", "\\centering"]
    parts.append(f"\\caption{{{_own_caption(found) if caption is None else caption}}}")
    if label is not None:
        parts.append(f"\\label{{{label}}}")
    parts.append(_tabular(component_text_table(found)))
    if pairs := pair_text_table(found):
        parts += ["\\par\\medskip", _tabular(pairs)]
    population = [] if caption is None else [population_sentence(found)]
    if notes := [*population, *not_shown_sentences(found), *method_sentences(found)]:
        parts += [f"\\par\\smallskip\n{{\\footnotesize {escaped(' '.join(notes))}\\par}}"]
    return "\n".join([*parts, "\\end{table}"]) + "\n"


def escaped(text: str) -> str:
    r"""The text with every character escaped that means something to LaTeX.

    >>> print(escaped("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return "".join(SIGNS.get(sign, sign) for sign in text)


def _own_caption(found: Findings) -> str:
    letters = letters_sentence(component_text_table(found))
    return f"{escaped(change_sentence(found))} {escaped(plan_sentences(found))} Bold: decided.{letters}"


def _tabular(table: TextTable) -> str:
    names = [name for name in table.heads if name not in LEFT_OUT]
    columns = "".join("r" if name in NUMBER_COLUMNS else "l" for name in names)
    heads = ["$p$" if name == "p" else escaped(table.heads[name]) for name in names]
    texts = [[_cell(name, row) for name in names] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    lines = [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", _row(heads, widths), "\\midrule"]
    lines += [_row(cells, widths) for cells in texts]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _row(cells: list[str], widths: list[int]) -> str:
    return " & ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip() + " \\\\"


def _cell(name: str, row: TextRow) -> str:
    text = row.cells[name]
    if text == NOTHING:
        return "--"
    if name in ("difference", "interval", "p"):
        return f"${_mathematical(text)}$"
    # a bracket or a star at a row's beginning would belong to the line end before it
    plain = re.sub(r"^(?=[\[*])", "{}", escaped(text))
    return f"\\textbf{{{plain}}}" if name == "component" and row.decided else plain


def _mathematical(text: str) -> str:
    return re.sub(
        r"([0-9.])e([+-])0*([0-9]+)", lambda power: f"{power[1]}\\cdot10^{{{power[2].strip('+')}{power[3]}}}", text
    )
