"""The table of an ablation in LaTeX, for the packages booktabs and tabularx."""

from msgspec import structs

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_findings_words import (
    change_sentence,
    interaction_words,
    method_sentences,
    plan_sentences,
    population_sentence,
)
from trimma.display.ablation_text_table import component_text_table, letters_sentence
from trimma.display.report.latex_table import legend, tabular
from trimma.display.report.latex_text import escaped
from trimma.display.short_text import one_line
from trimma.display.top_and_bottom import not_shown_sentences, shown_rows


def latex(found: Findings, caption: str | None = None, label: str | None = None) -> str:
    r"""A ``table`` for ``\usepackage{booktabs,tabularx}`` that fits a column of 3.25 inches.

    Components stand in the order of their worth. ``caption`` is taken as LaTeX; the default caption says what the table
    shows, and what its letters mean. Verdicts are symbols, which a line below the table explains. The method stands
    below the table, too. Where the design estimates interactions, they are a second table.
    """
    rows = shown_rows(found)
    letters = bool(_letters(found))
    parts = ["\\begin{table}", "\\centering"]
    parts.append(f"\\caption{{{_own_caption(found) if caption is None else caption}}}")
    if label is not None:
        parts.append(f"\\label{{{label}}}")
    parts.append("\\par\\smallskip\\footnotesize\\setlength{\\tabcolsep}{3pt}")
    parts.append(tabular(rows, ("component", "change"), found.analysis.confidence, letters=letters))
    parts.append(_small(legend(rows, [row.words for row in rows])))
    if found.joint is not None:
        named = zip(found.pairs, found.pair_rows, strict=True)
        pairs = [structs.replace(row, component=f"{one} and {other}") for ((one, other), _), row in named]
        pairs.sort(key=lambda row: -abs(row.difference or 0.0))
        parts.append("\\par\\medskip")
        parts.append(tabular(pairs, ("pair", "interaction"), found.joint.confidence, letters=False))
        parts.append(_small(legend(pairs, [interaction_words(row.conclusion) for row in pairs])))
    population = [] if caption is None else [population_sentence(found)]
    if notes := [*population, *_remarks(rows), *not_shown_sentences(found), *method_sentences(found)]:
        parts.append(_small(escaped(" ".join(notes))))
    return "\n".join([*parts, "\\end{table}"]) + "\n"


def _small(text: str) -> str:
    return f"\\par\\smallskip\n{{\\raggedright {text}\\par}}"


def _remarks(rows: list[EffectRow]) -> list[str]:
    """What the words of verdicts say besides the verdict, as sentences: that all trainings failed, for example."""
    found = [(one_line(row.component), *row.words.partition(" (")[1:]) for row in rows]
    return [f"{name}: {rest.removesuffix(')')}." for name, _, rest in found if rest]


def _letters(found: Findings) -> str:
    return letters_sentence(component_text_table(found))


def _own_caption(found: Findings) -> str:
    return f"{escaped(change_sentence(found))} {escaped(plan_sentences(found))}{_letters(found)}"
