"""Which arms have the highest and the lowest mean, without a claim that they are the best and the worst."""

from trimma.ablation.findings import ArmMean, Findings, extremes
from trimma.display.ablation_design_words import arm_text
from trimma.display.intervals_and_p_values import value_precision
from trimma.display.numbers_and_durations import count


def best_and_worst_lines(found: Findings) -> list[str]:
    """Lines for the best mean, the worst mean, and the average of all arms beside the reference.

    The last line says that the highest and the lowest of several means are so partly by chance. There are no lines
    before two arms have values.
    """
    ends = extremes(found.asked, found.cells, maximize=found.metric.maximize)
    if ends.best is None or ends.worst is None or ends.average is None or ends.arms < 2:
        return []
    digits = value_precision(ends.average, found.analysis.residual_sd or found.reference[1])
    metric = found.metric.name
    chosen = " where nothing failed" if ends.sound_only else ""

    def told(arm: ArmMean) -> str:
        failed = f", {arm.failures} failed" if arm.failures else ""
        without = f"without {arm_text(arm.arm)}" if arm.arm else "the whole"
        return f"{digits.plain(arm.mean)}, {without} ({count(arm.values, 'training')}{failed})"

    name = "the bare baseline" if found.asked.reference else "the whole"
    reference = f"; {name} {digits.plain(ends.reference.mean)}" if ends.reference is not None else ""
    where = f" (in the {count(ends.shared, 'repeat')} that all have)" if ends.shared is not None else ""
    high, low = ("Highest", "Lowest") if found.metric.maximize else ("Lowest", "Highest")
    return [
        f"{high} mean {metric}{chosen}: {told(ends.best)}",
        f"{low} mean {metric}: {told(ends.worst)}",
        f"Average {metric}: {digits.plain(ends.average)} over {count(ends.arms, 'config')}{reference}{where}",
        f"The highest and the lowest of {ends.arms} means are so partly by chance: intervals say what differs.",
    ]
