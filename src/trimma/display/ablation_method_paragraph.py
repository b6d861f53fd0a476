"""The method of an ablation as a paragraph for a paper: what was done in this analysis, with the sources of it."""

from importlib.metadata import version

from trimma.ablation.findings import Findings
from trimma.display.ablation_design_words import plan_words
from trimma.display.ablation_findings_words import capitalized
from trimma.display.ablation_method_sources import SOURCES
from trimma.display.numbers_and_durations import count
from trimma.effects import PRETEST_LEVELS


def method_paragraph(found: Findings) -> str:
    """The method in sentences, and below them the sources of what was used, each on a line of its own."""
    text = " ".join(_sentences(found))
    sources = [source for word, source in SOURCES.items() if word in text]
    return "\n".join([text, "", *sources]) + "\n" if sources else text + "\n"


def _sentences(found: Findings) -> list[str]:
    asked, told, metric = found.asked, found.analysis, found.metric.name
    aim = "maximized" if found.metric.maximize else "minimized"
    how = "with" if found.put_in else "without"
    reference = "the bare baseline" if asked.reference else "the whole"
    paired = "shared its division of the data and differed in their own seeds, so that they are compared in pairs"
    difference = f"A difference is the {metric} {how} a component minus that of {reference}{found.plan.words}"
    sentences = [
        f"{capitalized(plan_words(found))} ({aim}: {metric}).",
        f"All trainings of a repeat {paired}.",
        f"{difference}, and was estimated thus: {told.method}.",
        *_kind_of_estimate(found),
    ]
    if any(effect.low is not None for effect in told.effects):
        every = count(len(told.effects), "difference")
        level = f"at {100 * told.confidence:g} %"
        sentences.append(f"Intervals and p values are adjusted for all {every} together, {level}.")
        sentences += [*_noise(found), *_population(found)]
    if asked.looks:
        looks = ", ".join(map(str, asked.looks))
        gone = "components that were settled, or that the last look wasn't expected to settle, got no more of them"
        sentences.append(f"Results were looked at after {looks} repeats, and {gone}.")
        sentences.append("After the share t of the looks the share t^3 of the error was spent (Lan and DeMets).")
    if told.smallest is not None:
        within = f"if both one-sided tests reject a difference of {told.smallest:g}"
        sentences.append(f"A component is equivalent {within} (Schuirmann).")
    return [*sentences, *_failures(found), *_letters(found), f"Analysed with Trimma {version('trimma')}."]


def _kind_of_estimate(found: Findings) -> list[str]:
    if found.plan.name == "shapley":
        return ["Shapley values were estimated from random orders of leaving components out (Castro et al.)."]
    if found.stepwise:
        return ["Each step takes the best next component, chosen from the same trainings (Fawcett and Hoos)."]
    return []


def _noise(found: Findings) -> list[str]:
    told, sentences = found.analysis, []
    if told.equal_variances is not None:
        arm, reference = PRETEST_LEVELS
        levels = f"from p = {arm:g} on (an arm that is part of all differences: {reference:g})"
        moves = "an arm's variance moves by degrees from the pooled one to its own (Phipson et al.)"
        sentences += [
            "Arms were taken to be equally noisy unless an F test of their residuals said otherwise.",
            f"That is, {levels}, and sooner where arms differ in general, {moves}.",
            f"The least of these p, corrected for the number of arms, was {told.equal_variances:.2g}.",
        ]
    if told.residual_sd:
        sentences.append(f"The residual standard deviation was {told.residual_sd:.3g}.")
    if told.step:
        floor = "no standard error was taken to be less than two steps of one training make"
        sentences.append(f"The metric moves in steps of {told.step:.3g}; {floor}.")
    return sentences


def _population(found: Findings) -> list[str]:
    repeat = found.asked.repeat
    if repeat is None:
        return ["Intervals speak of repeats like these; whether these share data wasn't said."]
    return [f"Intervals speak of {repeat.words}."]


def _failures(found: Findings) -> list[str]:
    told, sentences = found.analysis, []
    if found.asked.collapsed is not None:
        sentences.append(f"Trainings that came to worse than {found.asked.collapsed:g} counted as failed.")
    if any(effect.failure_p is not None for effect in told.effects):
        share = f"{100 * told.spent:.2g} of the {100 * (1 - told.confidence):.3g} % of error"
        test = "was tested by Fisher's exact test, corrected for all components (Tarone)"
        sentences += [
            "Failed trainings were left out of the differences.",
            f"Whether trainings fail more or less often for a component {test}, which took {share}.",
        ]
    if stopped := sum(effect.censored for effect in told.effects):
        sentences.append(f"{count(stopped, 'training')} stopped early and left out.")
    return sentences


def _letters(found: Findings) -> list[str]:
    if not any(effect.letters for effect in found.analysis.effects):
        return []
    if found.asked.looks:
        return ["Components that share no letter have intervals that don't meet (Piepho)."]
    return ["Components that share no letter differ by simultaneous comparisons of all pairs (Kramer; Piepho)."]
