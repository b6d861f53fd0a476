"""What an ablation was asked to do, in words: its arms, its design, how many trainings it takes."""

import re

from trimma.ablation.arms import Arm
from trimma.ablation.findings import Findings
from trimma.ablation.question import Ablation
from trimma.display.numbers_and_durations import count
from trimma.display.short_text import one_line
from trimma.views import joined


def arm_text(arm: Arm) -> str:
    """The components that an arm leaves out, in words."""
    return joined(map(one_line, arm))


def design_words(asked: Ablation) -> str:
    """The name of the design and the settings that were given: ``leave-one-out``, ``factorial (resolution=4)``."""
    name, _, settings = asked.design.partition("(")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name.rpartition(".")[2]).lower().removeprefix("ablation-")
    told = [
        each for each in settings.removesuffix(")").split(", ") if each and not each.endswith(("=None", "baselines=1"))
    ]
    return f"{words} ({', '.join(each.removesuffix('=True') for each in told)})" if told else words


def plan_words(found: Findings) -> str:
    """The design, its numbers of components and repeats, and how many trainings it takes.

    Where results decide how many trainings there are, the text says ``at most``.
    """
    asked = found.asked
    repeats = f"{asked.looks[0]} to {asked.repeats} repeats" if asked.looks else count(asked.repeats, "repeat")
    tries = f", {asked.tries} configs each" if asked.tries > 1 else ""
    most = "at most " if open_ended(found) else ""
    components = count(len(asked.components), "component")
    trainings = count(found.trainings, "training")
    return f"{design_words(asked)} of {components}, {repeats}{tries}: {most}{trainings}"


def open_ended(found: Findings) -> bool:
    """Whether results decide how many trainings there are, so that only the most is known."""
    return bool(found.asked.looks) or found.plan.open_ended
