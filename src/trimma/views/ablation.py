"""What an ablation says of its components."""

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

from msgspec.structs import replace

from trimma import effects
from trimma.effects import Analysis, Cell, Conclusion
from trimma.errors import StudyError
from trimma.history import History
from trimma.study import Ablation, overlaps
from trimma.views.cells import cells

ANALYSES = ("contrasts", "interactions", "main-effects", "one-in", "path", "shapley")
"""The ways in which effects are estimated from the arms of a design."""


def ablation(history: History) -> Ablation:
    """What the study asks; `StudyError` when it is no ablation."""
    asked = history.spec.ablation
    if asked is None:
        raise StudyError(f"study {history.spec.name!r} is a search, not an ablation: it was made by tune()")
    return asked


def analysis(history: History) -> Analysis:
    """The effects of the components as far as they are known by now, estimated in the way of the study's design."""
    asked, found = ablation(history), _in_order(history)
    names = [component.name for component in asked.components]
    settings = _settings(history)
    match asked.analysis:
        case "one-in":
            # here the reference is what lacks the component
            arms = {name: [other for other in names if other != name] for name in names}
            settings["maximize"] = not history.maximize
            settings["reference"], settings["arms"] = asked.reference, arms
            estimated = _turned(_contrasts(asked, found, names, settings))
        case "main-effects":
            estimated = effects.main_effects(found, names, **settings)
        case "path":
            # the last that was put in is the first to be left out
            order = path_order(found, names, maximize=history.maximize)[::-1]
            start = [name for name in names if name not in order]
            estimated = effects.path(found, order, start=start, **settings) if order else _nothing(history)
        case "shapley":
            estimated = effects.shapley(found, names, **settings)
        case _:
            estimated = _contrasts(asked, found, names, settings)
    return replace(estimated, notes=[*estimated.notes, *_notes(asked)])


def interactions(history: History) -> Analysis | None:
    """What leaving out both of a pair changes beyond the sum of both; None where no pair was left out."""
    asked, found = ablation(history), _in_order(history)
    if asked.analysis != "interactions":
        return None
    pairs = list(combinations([component.name for component in asked.components], 2))
    return effects.interactions(found, pairs, **_settings(history))


def _in_order(history: History) -> list[Cell]:
    """The cells in an order that doesn't depend on which ended first, so that neither do the figures."""
    return sorted(cells(history), key=lambda cell: (cell.repeat, cell.arm, cell.again))


def _settings(history: History) -> dict[str, Any]:
    asked = ablation(history)
    return {"maximize": history.maximize, "confidence": asked.confidence, "smallest": asked.smallest}


def _contrasts(asked: Ablation, found: Sequence[Cell], names: Sequence[str], settings: dict[str, Any]) -> Analysis:
    if asked.looks:
        return effects.race_contrasts(found, names, looks=asked.looks, **settings)
    return effects.contrasts(found, names, **settings)


def _turned(estimated: Analysis) -> Analysis:
    """What was estimated with the roles of whole and part exchanged, as it is meant.

    Failures don't turn by themselves: a component with which trainings fail hurts.
    """
    turned = [
        replace(
            effect,
            probability=None if effect.failures else effect.probability,
            conclusion=Conclusion.HURTS if effect.difference is None and effect.failures else effect.conclusion,
        )
        for effect in estimated.effects
    ]
    return replace(estimated, effects=turned, maximize=not estimated.maximize)


def _nothing(history: History) -> Analysis:
    confidence = ablation(history).confidence
    return Analysis(effects=[], maximize=history.maximize, confidence=confidence, notes=["No step is decided yet."])


def _notes(asked: Ablation) -> list[str]:
    notes = [
        f"{member!r} is in {' and '.join(map(repr, names))}: their differences overlap."
        # of two values of one setting each is a component of its own
        for member, names in overlaps([each for each in asked.components if each.kind != "setting"])
    ]
    if asked.censoring:
        notes.append(
            "A scheduler may have stopped trainings early. Those that it stopped aren't compared, which favours what "
            "looked good early on."
        )
    if asked.retune:
        notes.append(f"Each training is the best of {asked.tries} configs, tried for it alone.")
    return notes


def path_order(found: Sequence[Cell], names: Sequence[str], *, maximize: bool) -> list[str]:
    """In which order a path has put the components in so far."""
    values: dict[frozenset[str], list[float]] = {}
    for cell in found:
        values.setdefault(frozenset(cell.arm), []).append(math.nan if cell.value is None else cell.value)
    order: list[str] = []
    out = frozenset(names)
    while out:
        # an arm was chosen when all the next candidates go on from it
        ahead = [out - {name} for name in names if name in out]
        chosen = [arm for arm in ahead if arm in values and all(arm - {name} in values for name in arm)]
        if not chosen:
            break
        # the last two candidates lead to the same end: it is as in the design, the one with the best mean, run in full
        best = max(chosen, key=lambda arm: (len(values[arm]), fmean(values[arm]) * (1 if maximize else -1)))
        order += out - best
        out = best
    return order
