"""Which components of many are shown: those that are worth most and those that are worth least."""

from collections.abc import Sequence
from typing import TypeVar

from trimma.ablation.findings import EffectRow, Findings

MOST = 30
"""How many components are shown from each end, where there are more than twice as many."""

_Row = TypeVar("_Row")


def ends(rows: Sequence[_Row]) -> list[_Row]:
    """All rows, or the first and the last of many."""
    return list(rows) if len(rows) <= 2 * MOST else [*rows[:MOST], *rows[-MOST:]]


def shown_rows(found: Findings) -> list[EffectRow]:
    """The rows to show, in the order of their worth; for a path, in the order of its steps."""
    return ends(found.ordered)


def not_shown_words(found: Findings) -> str:
    """How many components aren't shown, in a few words; empty where all are.

    ``the 30 at each end of 1,673 components``
    """
    count = len(found.rows)
    return "" if count <= 2 * MOST else f"the {MOST} at each end of {count:,} components"


def not_shown_sentences(found: Findings) -> list[str]:
    """A sentence that says which components a table leaves out, and where they are; none where all are shown."""
    left = len(found.rows) - 2 * MOST
    if left <= 0:
        return []
    sentence = f"{left:,} components between the first {MOST} and the last {MOST} aren't shown: "
    return [sentence + "table() and the page of to_html() have all of them."]
