"""The interactions of an ablation as lines of text."""

from trimma.ablation.findings import Findings
from trimma.display.ablation_findings_words import interaction_words
from trimma.display.intervals_and_p_values import precision
from trimma.display.numbers_and_durations import count
from trimma.effects import Conclusion

MOST = 10


def interaction_lines(found: Findings) -> list[str]:
    """How many pairs interact, and which ones. Pairs that interact most come first.

    There are no lines where the design doesn't estimate interactions.
    """
    if found.joint is None:
        return []
    digits = precision(found.pair_rows)
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
