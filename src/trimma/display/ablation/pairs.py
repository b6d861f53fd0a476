"""Interactions in words."""

from trimma.display.differences import interaction_words, precision
from trimma.display.text import count
from trimma.effects import Conclusion
from trimma.views import Findings, effect_rows

MOST = 10


def pair_lines(found: Findings) -> list[str]:
    """How many pairs interact, and which, those that interact most first; nothing where the design doesn't tell."""
    if found.joint is None:
        return []
    digits = precision(effect_rows(found.asked, found.joint))
    known = [
        (pair, effect) for pair, effect in found.pairs if effect.conclusion in (Conclusion.HELPS, Conclusion.HURTS)
    ]
    known.sort(key=lambda each: -abs(each[1].difference or 0.0))
    if all(effect.difference is None for _, effect in found.pairs):
        return ["No pair can be compared yet."]
    lines = [f"{len(known)} of {count(len(found.pairs), 'pair')} are known to interact{':' if known else '.'}"]
    for (one, other), effect in known[:MOST]:
        size = f"{digits.signed(effect.difference)} {digits.interval(effect.low, effect.high)}"
        lines.append(f"  {one} and {other} {interaction_words(effect.conclusion)}: {size}")
    return lines + ([f"  and {len(known) - MOST} more"] if len(known) > MOST else [])
