"""Ablations for tests: findings made by hand, and histories written event by event."""

import random
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from histories import Log
from trimma.ablation.findings import Findings, assembled
from trimma.ablation.question import KIND, Ablation, Component, plain
from trimma.ablation.repeat_kinds import Seed
from trimma.effects import Analysis, Cell, Conclusion, DecisionChances, Effect
from trimma.spec import Metric


def asked(names: Sequence[str], *, design: str = "LeaveOneOut()", analysis: str = "contrasts", **more: Any) -> Ablation:
    """An ablation of columns; a name with a plus in it is a group."""
    components = tuple(Component(name=name, kind="column", members=tuple(name.split("+"))) for name in names)
    repeats = more.pop("repeats", 5)
    settings = {"whole": "", "reference": (), "repeats": repeats, "repeat": Seed()} | more
    return Ablation(components=components, design=design, analysis=analysis, **settings)


def drawn(effects: Sequence[Effect], *, maximize: bool = True, **more: Any) -> Findings:
    """Findings with these effects, and cells of leave-one-out that fit them roughly."""
    parts = {key: more.pop(key) for key in ("design", "analysis", "repeats", "looks") if key in more}
    joint, cells, reference = more.pop("joint", None), more.pop("cells", None), more.pop("reference", ())
    trainings = more.pop("trainings", parts.get("repeats", 5) * (1 + len(effects)))
    found = Analysis(
        effects=list(effects),
        maximize=maximize,
        **{
            "confidence": 0.95,
            "baseline_mean": 0.8163,
            "baseline_sd": 0.0043,
            "residual_sd": 0.004,
            "freedom": 40,
            "method": "additive model of arm and repeat, pooled variance (40 degrees of freedom), "
            "simultaneous 95 % intervals (Dunnett)",
        }
        | more,
    )
    ablation = asked([effect.name for effect in effects], smallest=found.smallest, reference=reference, **parts)
    metric = Metric(name="accuracy" if maximize else "loss", maximize=maximize)
    made = cells_of(effects) if cells is None else cells
    return assembled(ablation, found, metric, made, "titanic", joint, trainings=trainings)


def cells_of(effects: Sequence[Effect], repeats: int = 5, noise: float = 0.004) -> list[Cell]:
    """Values whose differences are about those of the effects."""
    rng, cells = random.Random(1), []
    for repeat in range(repeats):
        whole = 0.8163 + rng.gauss(0, noise)
        cells.append(Cell(arm=(), repeat=repeat, value=whole))
        for effect in effects:
            value = None if effect.difference is None else whole + effect.difference + rng.gauss(0, noise)
            cells.append(Cell(arm=(effect.name,), repeat=repeat, value=value))
    return cells


def effect(name: str, difference: float | None, half: float | None = 0.006, **more: Any) -> Effect:
    """An effect of a maximized metric, with its verdict."""
    known = difference is not None and half is not None
    low, high = (difference - half, difference + half) if known else (None, None)
    conclusion = Conclusion.UNDECIDED
    if low is not None and high is not None:
        conclusion = Conclusion.HELPS if high < 0 else Conclusion.HURTS if low > 0 else conclusion
    p = None if not known else 0.0004 if conclusion is not Conclusion.UNDECIDED else 0.31
    settings = {"p": p, "repeats": 5, "probability": 0.9, "conclusion": conclusion} | more
    return Effect(name=name, difference=difference, low=low, high=high, **settings)


EFFECTS = [
    effect("age", -0.0123, letters="b"),
    effect("sex", -0.125, letters="a"),
    effect("fare", -0.0031, chances=DecisionChances(at_twice=0.12, at_four_times=0.34), letters="bc"),
    effect("deck+cabin", 0.0085, letters="d"),
    effect("ticket", 0.0002, 0.002, conclusion=Conclusion.EQUIVALENT, p=0.99, letters="cd"),
    effect("body", None, None, repeats=0, failures=5, conclusion=Conclusion.HELPS),
]


def titanic(**more: Any) -> Findings:
    """One of each verdict, and a component without which nothing works."""
    return drawn(EFFECTS, **({"smallest": 0.01} | more))


def many(count: int = 30) -> Findings:
    """Many components, some with long names, most undecided."""
    rng = random.Random(2)
    names = [
        f"feature_{place}" if place % 5 else f"a very long name of a component, the {place}th" for place in range(count)
    ]
    return drawn(
        [effect(name, rng.gauss(-0.002, 0.006), 0.005, letters="abc"[place % 3]) for place, name in enumerate(names)]
    )


def pairwise(count: int = 5) -> Findings:
    """All pairs of some components, two of which stand in for each other."""
    names = ["conv", "norm", "skip", "drop", "wide", "deep", "tied", "mask", "warm", "clip", "swa", "mix", "cut"][
        :count
    ]
    rng = random.Random(3)
    joint = []
    for one, other in combinations(names, 2):
        size = -0.04 if (one, other) == ("conv", "norm") else 0.03 if (one, other) == ("skip", "drop") else None
        value = size if size is not None else rng.gauss(0, 0.004)
        joint.append(effect(f"{one} x {other}", value, 0.012))
    analysis = Analysis(effects=joint, maximize=True, confidence=0.95)
    effects = [effect(name, rng.gauss(-0.01, 0.01)) for name in names]
    return drawn(effects, joint=analysis, design="Pairwise()", analysis="interactions")


def waterfall(done: int = 5, count: int = 5, *, maximize: bool = True) -> Findings:
    """A path of which ``done`` steps are known."""
    names = ["learning_rate", "width", "activation", "dropout", "batch_size", "depth", "momentum"][:count]
    gains = [0.08, 0.02, 0.008, 0.001, -0.002, 0.0005, 0.0]
    sign, out, value, cells = 1 if maximize else -1, list(names), 0.80, []
    rng = random.Random(4)
    cells += [Cell(arm=tuple(out), repeat=repeat, value=value + rng.gauss(0, 0.003)) for repeat in range(5)]
    for place in range(done):
        before = list(out)
        for name in before:
            arm = tuple(other for other in before if other != name)
            gain = gains[place] if name == names[place] else -0.01
            level = value + sign * gain
            cells += [Cell(arm=arm, repeat=repeat, value=level + rng.gauss(0, 0.003)) for repeat in range(5)]
        out.remove(names[place])
        value += sign * gains[place]
    if done < count:
        # the next step's candidates show that the last arm was chosen
        cells += [Cell(arm=tuple(other for other in out if other != name), repeat=0, value=value) for name in out]
    effects = [effect(name, -sign * gain, 0.004) for name, gain in zip(names[:done], gains, strict=False)]
    if not maximize:
        swap = {Conclusion.HELPS: Conclusion.HURTS, Conclusion.HURTS: Conclusion.HELPS}
        effects = [
            effect(each.name, each.difference, 0.004, conclusion=swap.get(each.conclusion, each.conclusion))
            for each in effects
        ]
    made = drawn(
        effects or [effect(names[0], None, None)],
        cells=cells,
        analysis="path",
        maximize=maximize,
        design="AblationPath(race=True)",
    )
    return assembled(
        asked(
            names,
            design="AblationPath(race=True)",
            analysis="path",
            reference=tuple(names),
        ),
        made.analysis,
        made.metric,
        cells,
        "winner",
        trainings=5 * (1 + count * (count + 1) // 2),
    )


class AblationLog(Log):
    """An ablation written by hand."""

    def __init__(self, names: Sequence[str] = ("age", "fare"), *, maximize: bool = True, **spec: Any) -> None:
        kept = {key: spec.pop(key) for key in ("trials", "until") if key in spec}
        trainings = spec.pop("trainings", None)
        question = asked(names, **spec)
        planned = question.repeats * (1 + len(names)) if trainings is None else trainings
        super().__init__(maximize=maximize, kind=KIND, asked=plain(question), planned=planned, **kept)

    def run(self, worker: str, without: Sequence[str] = (), repeat: int = 0, **more: Any) -> int:
        return self.start(worker, place={"without": list(without), "repeat": repeat}, **more)

    def cells(
        self,
        worker: str,
        values: Mapping[tuple[str, ...], Sequence[float | None]],
        seconds: float = 1.0,
        splits: Sequence[float] = (0.0,) * 99,
    ) -> None:
        """Each arm's values, repeat by repeat, plus what the repeat does to all arms (``splits``); None fails."""
        metric = self.history.spec.metric.name
        for repeat in range(max(map(len, values.values()))):
            for arm, series in values.items():
                if repeat >= len(series):
                    continue
                trial = self.run(worker, arm, repeat)
                self.at(self.now + seconds)
                value = series[repeat]
                self.fail(trial) if value is None else self.finish(trial, **{metric: value + splits[repeat]})


UNEVEN = (0.0, 2**0.5 / 10_000, -(3**0.5) / 10_000)
"""What repeats may do to all arms, so that values are no multiples of any step and differences without noise exact."""


def opened_ablation(*workers: str, **settings: Any) -> AblationLog:
    log = AblationLog(**settings)
    log.open()
    log.join(*workers)
    return log


def finished_ablation() -> AblationLog:
    """Three repeats of three components, one of which failed once."""
    log = opened_ablation("w-0", names=["age", "fare", "sex"], repeats=3)
    values = {("age",): [0.7, 0.72, 0.74], ("fare",): [0.8, 0.82, 0.84], ("sex",): [0.5, 0.52, None]}
    log.cells("w-0", {(): [0.8, 0.82, 0.84]} | values, splits=UNEVEN)
    log.close()
    return log
