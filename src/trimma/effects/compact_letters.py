"""Letters that say which effects are told apart: two that share no letter differ.

Source: Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons", Journal of Computational
and Graphical Statistics 2004 (insert and absorb).
"""

import math
from string import ascii_lowercase

from trimma.effects.arrays import Numbers

_ROUNDING = 1e-12


def compact_letters(worth: Numbers, apart: Numbers) -> list[str]:
    """The letters of each effect, "a" for what helps most; all empty where no two are told apart.

    ``worth``, of shape (effects,) and in units of the metric, is greater for what helps more, and NaN where nothing is
    known, which gets no letters. Two effects differ where their worths are further from one another than their entry in
    ``apart``, of shape (effects, effects) and in units of the metric.
    """
    known = sorted((index for index in range(len(worth)) if math.isfinite(worth[index])), key=lambda at: -worth[at])
    rounding = _ROUNDING * max((abs(float(worth[index])) for index in known), default=0.0)
    pairs = [
        (one, other)
        for place, one in enumerate(known)
        for other in known[place + 1 :]
        if worth[one] - worth[other] > apart[one, other] + rounding
    ]
    if not pairs:
        return [""] * len(worth)
    groups = [frozenset(known)]
    for one, other in pairs:
        split = [
            part
            for group in groups
            for part in ([group - {one}, group - {other}] if one in group and other in group else [group])
        ]
        groups = [part for part in dict.fromkeys(split) if not any(part < wider for wider in split)]
    place = {index: rank for rank, index in enumerate(known)}
    groups.sort(key=lambda group: sorted(place[index] for index in group))
    return ["".join(_letter(at) for at, group in enumerate(groups) if index in group) for index in range(len(worth))]


def _letter(place: int) -> str:
    """A to z, then a2 to z2, and so on."""
    turn, letter = divmod(place, len(ascii_lowercase))
    return ascii_lowercase[letter] + (str(turn + 1) if turn else "")
