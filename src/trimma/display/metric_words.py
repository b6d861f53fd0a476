"""The metric of a study and its direction, in words."""

from trimma.spec import Metric


def aim(metric: Metric) -> str:
    """The metric with its direction: ``minimize loss``."""
    return f"{'maximize' if metric.maximize else 'minimize'} {metric.name}"


def metric_words(metric: Metric) -> str:
    """The metric and which direction is better: ``accuracy, higher is better``."""
    return f"{metric.name}, {'higher' if metric.maximize else 'lower'} is better"
