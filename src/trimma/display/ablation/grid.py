"""The cells of an ablation's table as text, the same for Markdown, LaTeX and HTML."""

from typing import NamedTuple

from trimma.display.differences import confidence_text, interaction_words, p_text, precision
from trimma.display.text import NOTHING, one_line, percent
from trimma.effects import Conclusion
from trimma.views import EffectRow, Findings, effect_rows

NUMBERS = ("difference", "interval", "p", "repeats")


class Line(NamedTuple):
    """One row: its texts by column, whether it is decided, and its tier."""

    cells: dict[str, str]
    decided: bool
    tier: int
    conclusion: Conclusion


class Grid(NamedTuple):
    """Rows under heads; ``heads`` are by column."""

    heads: dict[str, str]
    lines: list[Line]

    @property
    def tiers(self) -> bool:
        """Whether rows are in more than one tier; the steps of a path are in none."""
        return len({line.tier for line in self.lines}) > 1

    def column(self, name: str) -> list[str]:
        """All texts of a column."""
        return [line.cells[name] for line in self.lines]


def component_grid(found: Findings) -> Grid:
    """A row for each component, by falling worth (a path in its order). A column that says nothing is left out."""
    rows, digits = found.ordered, precision(found.rows)
    heads = {
        "component": "component",
        "difference": "difference",
        "interval": f"{confidence_text(found.analysis.confidence)} interval",
        "p": "p",
        "repeats": "repeats",
        "probability": "whole beats part",
        "verdict": "verdict",
        "tier": "tier",
    }
    lines = [
        Line(
            {
                "component": one_line(row.component),
                "difference": digits.signed(row.difference),
                "interval": digits.interval(row.low, row.high),
                "p": p_text(row.p),
                "repeats": _repeats(row),
                "probability": percent(row.probability),
                "verdict": row.words,
                "tier": str(row.tier),
            },
            decided=row.decided,
            tier=1 if found.stepwise else row.tier,
            conclusion=row.conclusion,
        )
        for row in rows
    ]
    silent = [name for name in ("interval", "p", "probability") if all(line.cells[name] == NOTHING for line in lines)]
    if found.stepwise or len({row.tier for row in rows}) < 2:
        silent.append("tier")
    return Grid(
        {name: head for name, head in heads.items() if name not in silent},
        [
            line._replace(cells={name: text for name, text in line.cells.items() if name not in silent})
            for line in lines
        ],
    )


def pair_grid(found: Findings) -> Grid | None:
    """A row for each pair of components, those that interact most first; None where the design doesn't tell."""
    if found.joint is None:
        return None
    rows = effect_rows(found.asked, found.joint)
    digits = precision(rows)
    lines = [
        Line(
            {
                "component": f"{one_line(one)} and {one_line(other)}",
                "difference": digits.signed(effect.difference),
                "interval": digits.interval(effect.low, effect.high),
                "p": p_text(effect.p),
                "repeats": str(effect.repeats),
                "verdict": interaction_words(effect.conclusion),
            },
            decided=effect.conclusion is not Conclusion.UNDECIDED,
            tier=1,
            conclusion=effect.conclusion,
        )
        for (one, other), effect in sorted(found.pairs, key=lambda each: -abs(each[1].difference or 0.0))
    ]
    interval = f"{confidence_text(found.joint.confidence)} interval"
    heads = ("pair", "interaction", interval, "p", "repeats", "what it means")
    return Grid(
        dict(zip(("component", "difference", "interval", "p", "repeats", "verdict"), heads, strict=True)), lines
    )


def _repeats(row: EffectRow) -> str:
    parts = [str(row.repeats)]
    parts += [f"{row.failures} failed"] if row.failures else []
    parts += [f"{row.censored} stopped early"] if row.censored else []
    return ", ".join(parts)
