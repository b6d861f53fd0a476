"""Which arms came out best and worst, as in the summary of Maggy."""

from trimma.ablation.findings import ArmMean, Findings, extremes
from trimma.display.ablation_design_words import arm_text
from trimma.display.intervals_and_p_values import value_precision
from trimma.display.numbers_and_durations import count


def best_and_worst_lines(found: Findings) -> list[str]:
    """Lines for the best arm, the worst arm, and the average of all arms beside the reference.

    There are no lines before two arms have values.
    """
    ends = extremes(found.asked, found.cells, maximize=found.metric.maximize)
    if ends.best is None or ends.worst is None or ends.average is None or ends.arms < 2:
        return []
    digits = value_precision(ends.average, found.analysis.residual_sd or found.reference[1])
    metric = found.metric.name

    def told(arm: ArmMean) -> str:
        failed = f", {arm.failures} failed" if arm.failures else ""
        return f"{arm_text(arm.arm)}: mean {metric} {digits.plain(arm.mean)} ({count(arm.values, 'training')}{failed})"

    name = "the bare baseline" if found.asked.reference else "the whole"
    reference = f"; {name} {digits.plain(ends.reference.mean)}" if ends.reference is not None else ""
    where = f" (in the {count(ends.shared, 'repeat')} that all have)" if ends.shared is not None else ""
    return [
        f"BEST config excludes {told(ends.best)}",
        f"WORST config excludes {told(ends.worst)}",
        f"AVERAGE {metric} {digits.plain(ends.average)} over {count(ends.arms, 'config')}{reference}{where}",
    ]
