"""What a study asks: the part of it that is fixed when it is created."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from trimma.stopping import Rule


class Metric(Struct, frozen=True, kw_only=True):
    """The number that decides, and its direction."""

    name: str
    maximize: bool

    def __str__(self) -> str:
        return f"{'maximize' if self.maximize else 'minimize'}={self.name!r}"


class Component(Struct, frozen=True, kw_only=True):
    """A part of the whole that can be left out: its name in the study, its kind, and what is left out with it."""

    name: str
    kind: str
    members: tuple[str, ...]


def overlaps(components: Iterable[Component]) -> list[tuple[str, tuple[str, ...]]]:
    """The members that are in more than one component of their kind, each with the names of those components."""
    found: dict[tuple[str, str], list[str]] = {}
    for component in components:
        for member in component.members:
            found.setdefault((component.kind, member), []).append(component.name)
    return [(member, tuple(names)) for (_, member), names in found.items() if len(names) > 1]


Arm = tuple[str, ...]
"""The names of the components that are left out together, in the study's order of components."""

BASELINE: Arm = ()
"""Nothing is left out: the whole."""

WITHOUT, REPEAT, AGAIN = "without", "repeat", "again"
"""The names in the place of an ablation's trial: what is left out, in which repeat, which of several trainings there
(0 is omitted)."""


class Place(NamedTuple):
    """Where a trial of an ablation belongs: an arm in a repeat, and which of its trainings there it is (from 0)."""

    arm: Arm
    repeat: int
    again: int = 0


def arm_of(place: Mapping[str, Any]) -> Arm:
    """What a trial of an ablation leaves out."""
    return tuple(place[WITHOUT])


def place_of(place: Mapping[str, Any]) -> Place:
    """Where a trial of an ablation belongs."""
    return Place(arm_of(place), place[REPEAT], place.get(AGAIN, 0))


def places(arms: Sequence[Arm], repeat: int) -> Iterator[Place]:
    """Those of the arms of a repeat; an arm that is named several times has as many."""
    if len(set(arms)) == len(arms):
        yield from (Place(arm, repeat) for arm in arms)
        return
    seen: Counter[Arm] = Counter()
    for arm in arms:
        yield Place(arm, repeat, seen[arm])
        seen[arm] += 1


class Ablation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an ablation study asks: what each of ``components`` is worth.

    ``whole`` shows the arguments of the objective where nothing is left out. ``design`` holds readable settings, and
    ``analysis`` names the way in which effects are estimated from its arms, of which ``reference`` is what the others
    are compared with. ``repeats`` are at most so many, fewer for what is settled at one of the ``looks`` before, where
    there are any. ``smallest`` is the smallest difference that matters to the user, in units of the metric. For each
    arm and repeat ``tries`` configs are tried, of which the best counts; ``retune`` shows how. ``trainings`` is how
    many trials there will be at most, and ``censoring`` whether they may be stopped early.
    """

    components: tuple[Component, ...]
    whole: str
    design: str
    analysis: str
    reference: Arm
    repeats: int
    trainings: int
    looks: tuple[int, ...] = ()
    confidence: float = 0.95
    smallest: float | None = None
    retune: str = ""
    tries: int = 1
    censoring: bool = False


class StudySpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question asked of an objective.

    The first of ``metrics`` is the one that decides.

    ``space`` is the space's description, ``searcher`` and ``scheduler`` are readable settings: enough to
    show and to compare, while the objects themselves travel in the study's program.
    """

    name: str
    metrics: tuple[Metric, ...]
    seed: int
    objective: str = ""
    space: list[dict[str, Any]] = []
    searcher: str = ""
    scheduler: str = ""
    trials: int | None = None
    until: Rule | None = None
    max_attempts: int = 3
    trial_timeout: float | None = None
    stop_grace: float = 10.0
    failures_to_give_up: int = 3
    ablation: Ablation | None = None

    @property
    def metric(self) -> Metric:
        """The metric that decides, and its direction."""
        return self.metrics[0]
