"""The table of an ablation as text in rows and columns, from which Markdown, LaTeX and HTML are made."""

from typing import NamedTuple

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_findings_words import interaction_words
from trimma.display.intervals_and_p_values import confidence_text, p_text, precision
from trimma.display.numbers_and_durations import NOTHING, percent
from trimma.display.short_text import one_line
from trimma.display.top_and_bottom import shown_rows
from trimma.effects import Conclusion

NUMBER_COLUMNS = ("difference", "interval", "p", "repeats")


class TextRow(NamedTuple):
    """One row: its text for each column, whether its component is decided, and its verdict."""

    cells: dict[str, str]
    decided: bool
    conclusion: Conclusion


class TextTable(NamedTuple):
    """A table of text. ``heads`` maps each column's name to its heading."""

    heads: dict[str, str]
    rows: list[TextRow]

    def column(self, name: str) -> list[str]:
        """All texts of one column."""
        return [row.cells[name] for row in self.rows]


def component_text_table(found: Findings, *, every: bool = False) -> TextTable:
    """A table with one row for each component. What is worth most comes first; a path keeps its order.

    Of many components only those at both ends are in it, unless ``every`` is true.

    A column in which no row has a value is left out.
    """
    rows, digits = found.ordered if every else shown_rows(found), precision(found.rows)
    heads = {
        "component": "component",
        "difference": "difference",
        "interval": f"{confidence_text(found.analysis.confidence)} interval",
        "p": "p",
        "repeats": "repeats",
        "probability": "whole beats part",
        "verdict": "verdict",
        "letters": "letters",
    }
    texts = [
        TextRow(
            {
                "component": one_line(row.component),
                "difference": digits.signed(row.difference),
                "interval": digits.interval(row.low, row.high),
                "p": p_text(row.p),
                "repeats": _repeats(row),
                "probability": percent(row.probability),
                "verdict": row.words,
                "letters": row.letters or NOTHING,
            },
            decided=row.decided,
            conclusion=row.conclusion,
        )
        for row in rows
    ]
    silent = [
        name for name in ("interval", "p", "probability", "letters") if all(row.cells[name] == NOTHING for row in texts)
    ]
    if found.stepwise:
        silent.append("letters")
    return TextTable(
        {name: head for name, head in heads.items() if name not in silent},
        [row._replace(cells={name: text for name, text in row.cells.items() if name not in silent}) for row in texts],
    )


def letters_sentence(table: TextTable) -> str:
    """What the letters of a table mean, with a blank before it; empty where the table has none."""
    return " Components whose letters have none in common are known to differ." if "letters" in table.heads else ""


def pair_text_table(found: Findings) -> TextTable | None:
    """A table with one row for each pair of components. Pairs that interact most come first.

    It is None where the design doesn't estimate interactions.
    """
    if found.joint is None:
        return None
    rows = found.pair_rows
    digits = precision(rows)
    texts = [
        TextRow(
            {
                "component": f"{one_line(one)} and {one_line(other)}",
                "difference": digits.signed(effect.difference),
                "interval": digits.interval(effect.low, effect.high),
                "p": p_text(effect.p),
                "repeats": str(effect.repeats),
                "verdict": interaction_words(effect.conclusion),
            },
            decided=effect.conclusion is not Conclusion.UNDECIDED,
            conclusion=effect.conclusion,
        )
        for (one, other), effect in sorted(found.pairs, key=lambda each: -abs(each[1].difference or 0.0))
    ]
    interval = f"{confidence_text(found.joint.confidence)} interval"
    heads = ("pair", "interaction", interval, "p", "repeats", "what it means")
    return TextTable(
        dict(zip(("component", "difference", "interval", "p", "repeats", "verdict"), heads, strict=True)), texts
    )


def _repeats(row: EffectRow) -> str:
    parts = [str(row.repeats)]
    parts += [f"{row.failures} failed"] if row.failures else []
    parts += [f"{row.censored} stopped early"] if row.censored else []
    return ", ".join(parts)
