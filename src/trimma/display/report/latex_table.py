"""A table of differences in LaTeX that fits a column of 3.25 inches."""

import math
from collections.abc import Sequence

from msgspec import structs

from trimma.ablation.findings import EffectRow
from trimma.display.intervals_and_p_values import confidence_text, p_text, precision
from trimma.display.numbers_and_durations import NOTHING
from trimma.display.report.latex_text import breakable, escaped, mathematical
from trimma.display.short_text import one_line, squeeze
from trimma.effects import Conclusion

SYMBOLS = {
    Conclusion.HELPS: r"$\bullet$",
    Conclusion.HURTS: r"$\diamond$",
    Conclusion.EQUIVALENT: r"$\approx$",
    Conclusion.UNDECIDED: r"$\circ$",
}
"""The symbol of each verdict."""

NAME = 60  # the greatest width of a component's name
WIDE = 20  # an interval of more signs than these is given in a unit that shortens it


def tabular(rows: Sequence[EffectRow], heads: tuple[str, str], confidence: float, *, letters: bool) -> str:
    r"""A ``tabularx`` as wide as the line, whose first column takes what the numbers leave and breaks long names.

    ``heads`` are those of the first two columns. The number of repeats is a column where it isn't the same in all rows.
    """
    exponent = _exponent(rows)
    shown = [_scaled(row, exponent) for row in rows]
    digits = precision(shown)
    unit = f" ($10^{{{exponent}}}$)" if exponent else ""
    columns = {
        escaped(heads[0]): [f"{SYMBOLS[row.conclusion]} {_name(row)}" for row in rows],
        heads[1] + unit: [_number(digits.signed(row.difference)) for row in shown],
        "letters": [f"$^{{\\mathrm{{{row.letters}}}}}$" if row.letters else "" for row in rows],
        f"{escaped(confidence_text(confidence))} interval": [
            _number(digits.interval(row.low, row.high)) for row in shown
        ],
        "$p$": [_number(p_text(row.p)) for row in rows],
        "$n$": [str(row.repeats) for row in rows],
    }
    if len({row.repeats for row in rows}) == 1:
        del columns["$n$"]
    if not letters or not any(columns["letters"]):
        del columns["letters"]
    for name in [name for name in columns if name.endswith("interval") or name == "$p$"]:
        if all(cell == _number(NOTHING) for cell in columns[name]):
            del columns[name]
    sides = "".join("@{}l" if name == "letters" else "r" for name in list(columns)[1:])
    table = [["" if name == "letters" else name for name in columns], *zip(*columns.values(), strict=True)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    head, *body = (_row(cells, widths) for cells in table)
    lines = [
        f"\\begin{{tabularx}}{{\\linewidth}}{{@{{}}>{{\\raggedright\\arraybackslash}}X{sides}@{{}}}}",
        "\\toprule",
        head,
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabularx}",
    ]
    return "\n".join(lines)


def legend(rows: Sequence[EffectRow], words: Sequence[str]) -> str:
    """A sentence that says what the symbols mean, for those that the rows have. ``words`` has each row's verdict."""
    meanings: dict[Conclusion, dict[str, None]] = {}
    for row, verdict in zip(rows, words, strict=True):
        meanings.setdefault(row.conclusion, {})[verdict.split(" (")[0]] = None
    parts = [
        f"{symbol} {escaped(' or '.join(meanings[conclusion]))}"
        for conclusion, symbol in SYMBOLS.items()
        if conclusion in meanings
    ]
    return ", ".join(parts) + "."


def _name(row: EffectRow) -> str:
    return breakable(squeeze(one_line(row.component), NAME))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " & ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip() + " \\\\"


def _number(text: str) -> str:
    return "--" if text == NOTHING else mathematical(text)


def _exponent(rows: Sequence[EffectRow]) -> int:
    """The power of ten in which differences are given: 0, unless their numbers would be long."""
    digits = precision(rows)
    texts = [digits.interval(row.low, row.high) for row in rows] + [digits.signed(row.difference) for row in rows]
    if max(map(len, texts), default=0) <= WIDE and not any("e" in text for text in texts):
        return 0
    sizes = [abs(value) for row in rows for value in (row.difference, row.low, row.high) if value]
    finite = [size for size in sizes if math.isfinite(size)]
    return math.floor(math.log10(max(finite))) if finite else 0


def _scaled(row: EffectRow, exponent: int) -> EffectRow:
    """The row with its differences in units of a power of ten."""
    if not exponent:
        return row
    unit = 10.0**exponent
    return structs.replace(
        row,
        difference=None if row.difference is None else row.difference / unit,
        low=None if row.low is None else row.low / unit,
        high=None if row.high is None else row.high / unit,
    )
