"""What an ablation has found about its components, in words."""

from trimma.ablation.findings import Findings
from trimma.display.ablation_design_words import plan_words
from trimma.display.intervals_and_p_values import value_precision
from trimma.display.numbers_and_durations import count
from trimma.display.short_text import one_line
from trimma.effects import Conclusion

VERDICT_MARKS = {Conclusion.HELPS: "●", Conclusion.HURTS: "◆", Conclusion.EQUIVALENT: "■", Conclusion.UNDECIDED: "○"}
VERBS = {
    (Conclusion.HELPS, False): ("helps", "help"),
    (Conclusion.HELPS, True): ("is worse than the whole", "are worse than the whole"),
    (Conclusion.HURTS, False): ("hurts", "hurt"),
    (Conclusion.HURTS, True): ("is better than the whole", "are better than the whole"),
    (Conclusion.EQUIVALENT, False): ("makes no difference that matters", "make no difference that matters"),
    (Conclusion.EQUIVALENT, True): ("makes no difference that matters", "make no difference that matters"),
}
"""What a verdict says about one component, and about several.

The keys are the verdict, and whether the components are named after what takes their place.
"""


def change_words(found: Findings) -> str:
    """What a difference measures: ``change in accuracy when left out``."""
    when = "put in" if found.put_in else "left out"
    return f"change in {found.metric.name} when {when}{found.plan.words}"


def meaning_of_signs(found: Findings) -> tuple[str, str]:
    """What a negative and what a positive difference mean: ``('worse without', 'better without')``."""
    preposition = "with" if found.put_in else "without"
    worse, better = f"worse {preposition}", f"better {preposition}"
    return (worse, better) if found.metric.maximize else (better, worse)


def interaction_words(conclusion: Conclusion) -> str:
    """What the verdict on an interaction says about its two components."""
    return {
        Conclusion.HELPS: "stand in for each other",
        Conclusion.HURTS: "need each other",
        Conclusion.EQUIVALENT: "independent",
        Conclusion.UNDECIDED: "undecided",
    }[conclusion]


def tally(found: Findings) -> str:
    """How many components are decided: ``3 of 10 components decided``."""
    decided = sum(row.decided for row in found.rows)
    return f"{decided} of {count(len(found.asked.components), 'component')} decided"


def decided_words(found: Findings, most: int = 8) -> str:
    """How many components are decided, and which, with what is worth most first.

    For each verdict at most ``most`` components are named.

    ``3 of 10 components decided: sex, age help; deck hurts``
    """
    groups = []
    for (conclusion, replaces), (one, many) in VERBS.items():
        rows = [row for row in found.ordered if row.conclusion is conclusion and row.replaces == replaces]
        if names := [one_line(row.component) for row in rows]:
            shown = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
            groups.append(f"{shown} {one if len(names) == 1 else many}")
    return f"{tally(found)}: {'; '.join(groups)}" if groups else tally(found)


def reference_words(found: Findings) -> str:
    """What the other arms are compared with, and its mean: ``the whole: accuracy 0.816 (standard deviation 0.004)``."""
    name = "the bare baseline" if found.asked.reference else "the whole"
    return _mean_words(name, found.metric.name, found.reference)


def _mean_words(name: str, metric: str, measured: tuple[float | None, float | None]) -> str:
    mean, spread = measured
    if mean is None:
        return f"{name}: no value yet"
    digits = value_precision(mean, spread)
    text = f"{name}: {metric} {digits.plain(mean)}"
    return f"{text} (standard deviation {digits.plain(spread)})" if spread else text


def change_sentence(found: Findings) -> str:
    """A sentence that says what a difference measures and which sign is better."""
    left, right = meaning_of_signs(found)
    return f"{capitalized(change_words(found))} (below zero: {left}; above: {right})."


def plan_sentences(found: Findings) -> str:
    """Sentences: the design, what the other arms are compared with, the whole, and of what the intervals speak.

    The whole is only told where it is something else than what the arms are compared with.
    """
    sentences = [f"{capitalized(plan_words(found))}. {capitalized(reference_words(found))}."]
    if found.asked.reference and found.whole[0] is not None:
        sentences.append(f"{capitalized(_mean_words('the whole', found.metric.name, found.whole))}.")
    return " ".join([*sentences, population_sentence(found)])


def population_sentence(found: Findings) -> str:
    """Of what the intervals speak: of this data set, or of new data."""
    repeat = found.asked.repeat
    if repeat is None:
        return (
            "Intervals speak of repeats like these: what a repeat is isn't known. If they share data, say so "
            "(repeat=tm.RandomSplit(...) or tm.Fold(...)), or intervals are too narrow for new data."
        )
    guessed = " (guessed from the objective; say repeat= if it isn't so)" if found.asked.guessed else ""
    return f"Intervals speak of {repeat.words}{guessed}."


def decided_sentence(found: Findings) -> str:
    """A sentence that says how many components are decided, and which."""
    return f"{capitalized(decided_words(found))}."


def method_sentences(found: Findings) -> list[str]:
    """Sentences about the method, and about what a reader must keep in mind."""
    method = [f"{capitalized(found.analysis.method)}."] if found.analysis.method else []
    joint = [note for note in found.joint.notes if note not in found.analysis.notes] if found.joint is not None else []
    return [*method, *found.analysis.notes, *joint]


def capitalized(text: str) -> str:
    """The text with a capital at its beginning. The other letters stay as they are."""
    return text[:1].upper() + text[1:]
