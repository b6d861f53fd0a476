"""Which arms came out best and worst: the summary known from Maggy."""

from trimma.ablation.findings import ArmMean, Findings, extremes
from trimma.display.differences import arm_text, value_precision
from trimma.display.text import count


def extreme_lines(found: Findings) -> list[str]:
    """The best and the worst config by their means, the average of all, and the reference; nothing without values."""
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
