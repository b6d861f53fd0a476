"""Do an ablation's verdicts hold where the truth is known?

Simulated studies of the whole and 10 components that are left out one by one, with 5 repeats, judged by the functions
that judge real ones. A value is its arm's true value, what its repeat does to all arms, and noise. The standard
deviation of the last two together is 1; their correlation is the first one's share of the variance, 0.7 unless it is
said.

* **Objectives**: *additive*; *interacting* (random interactions between all pairs; main effects of a screening design
  and pairwise interactions are judged too); *heavy-tailed* (noise of Student's t with 3 degrees of freedom);
  *heteroscedastic* (the noise of the arms, the whole among them, ranges evenly over a factor of 4 in its logarithm, in
  an order that is drawn anew for each study); *one wild arm* (one of the components without an effect is ten or a
  hundred times as noisy as the others); *wild whole* (the whole is three times as noisy); *growing* (the noise of an
  arm grows with what it lacks). Half of the components have an effect of 1.
* **Coverage** is that of all intervals of a study at once. A study has a **false "matters"** when any component without
  an effect is said to help or to hurt.
* **Power**, where all ten components have an effect of 1, by a test that has two sides and keeps to 5 % over all of
  them: the share that is said to help, and the chance that any is. One component alone, with the noise known and
  nothing corrected for, would be found with probability .82 at a correlation of 0.7, and .35 at 0: with one baseline
  in each repeat no such test can find a greater share. The peer is paired t-tests that keep to the same 5 %; what those
  find that correct for nothing is given, too.
* **Four baselines**: the whole is trained four times in each repeat, ``LeaveOneOut(baselines=4)``. What these
  trainings have in common beyond what all arms of their repeat do is the *shared* part of their noise: 0 where only the
  seed tells them apart, 1 where training is deterministic. Under heavy tails intervals are wider than need be.
* **Race**: looks after 3, 6, 12 and 24 repeats, against 24 repeats of all arms, where half of the components have an
  effect; also against as many repeats of all arms as find the same share of effects.
* **Screening** (Plackett and Burman, folded over) against leaving out one at a time: trainings to the same variance of
  an effect, by the variance of estimates over many studies, and by plan.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise
from statistics import fmean
from typing import Any

from harness import Claim, Goal, Report, main, versions

COMPONENTS, REPEATS, RHO = 10, 5, 0.7
LOOKS = (3, 6, 12, 24)
NAMES = tuple(f"c{index}" for index in range(COMPONENTS))
ALONE = ((), *((name,) for name in NAMES))
SEVERAL = 4  # baselines in each repeat
PARTS: dict[str, Callable[..., Any]] = {}


def cells_of(table: Any, arms: Sequence[tuple[str, ...]] = ALONE) -> list[Any]:
    """A study's cells from a table of repeats by arms; columns beyond the arms, which stand first, are the first's."""
    from trimma.effects import Cell

    baselines = table.shape[1] - len(arms)
    return [
        Cell(arm=arm, repeat=repeat, value=value)
        for repeat, row in enumerate(table.tolist())
        for arm, value in zip((*[arms[0]] * baselines, *arms), row, strict=True)
    ]


def drawn(
    rng: Any,
    truth: Any,
    repeats: int = REPEATS,
    rho: float = RHO,
    kind: str = "additive",
    baselines: int = 1,
    shared: float = 0.0,
) -> Any:
    """A table of repeats by arms whose means are ``truth``; the first arm has as many columns as ``baselines``."""
    import numpy as np

    arms = len(truth)

    def draw(columns: int) -> Any:
        if kind == "heavy-tailed":
            return rng.standard_t(3, (repeats, columns)) / math.sqrt(3)
        return rng.standard_normal((repeats, columns))

    noise, scale = draw(arms), np.ones(arms)
    if kind == "heteroscedastic":
        scale = np.exp(np.linspace(-math.log(2), math.log(2), arms))
        scale = rng.permutation(scale / math.sqrt(np.mean(scale**2)))
    elif kind.startswith("wild arm"):
        scale[1 + 2 * rng.integers((arms - 1) // 2)] = float(kind.rsplit(maxsplit=1)[-1])
    elif kind == "wild whole":
        scale[0] = 3.0
    elif kind == "growing":
        scale = 1.0 + 2.0 * np.abs(truth - truth[0])
    repeat = rng.standard_normal((repeats, 1)) * math.sqrt(rho)
    if baselines > 1:
        whole = math.sqrt(shared) * noise[:, :1] + math.sqrt(1 - shared) * draw(baselines)
        noise = np.hstack([whole, noise[:, 1:]])
        truth, scale = (np.repeat(each, [baselines] + [1] * (arms - 1)) for each in (truth, scale))
    return truth + repeat + noise * scale * math.sqrt(1 - rho)


def worth(rng: Any, arms: Iterable[tuple[str, ...]], names: Sequence[str], *, interacting: bool = False) -> Any:
    """The true values of arms: every second component has an effect of 1, and pairs interact at random."""
    import numpy as np

    main_effect = {name: float(index % 2) for index, name in enumerate(names)}
    pair = dict.fromkeys(combinations(names, 2), 0.0)
    if interacting:
        pair = {both: 0.5 * rng.standard_normal() for both in pair}
    return np.array(
        [
            -sum(main_effect[name] for name in arm)
            + sum(value for (a, b), value in pair.items() if a in arm and b in arm)
            for arm in arms
        ]
    )


# what is counted in one study


def covered(analysis: Any, truth: Sequence[float]) -> bool:
    """Whether all intervals hold the truth."""
    return all(effect.low <= true <= effect.high for effect, true in zip(analysis.effects, truth, strict=True))


def found(analysis: Any) -> list[bool]:
    """Which effects are said to matter."""
    return [effect.conclusion.value in ("helps", "hurts") for effect in analysis.effects]


def single(
    kind: str, repeats: int = REPEATS, *, effects: bool = True, baselines: int = 1, shared: float = 0.0, **options: Any
) -> Callable[[Any], list[bool]]:
    """A study of leaving out one at a time: whether it is covered, and whether it is free of false findings."""

    def study(rng: Any) -> list[bool]:
        from trimma.effects import contrasts

        truth = worth(rng, ALONE, NAMES, interacting=kind == "interacting") * effects
        table = drawn(rng, truth, repeats, kind=kind, baselines=baselines, shared=shared)
        analysis = contrasts(cells_of(table), NAMES, maximize=True, **options)
        wrong = [said for said, true in zip(found(analysis), truth[1:], strict=True) if true == 0 and said]
        return [covered(analysis, truth[1:] - truth[0]), not wrong]

    return study


def screened(rng: Any) -> list[bool]:
    """A screening study of an interacting objective."""
    import numpy as np

    from trimma.effects import main_effects

    arms = screening(NAMES)
    truth = worth(rng, arms, NAMES, interacting=True)
    out = np.array([[name in arm for name in NAMES] for arm in arms])
    effects = [truth[column].mean() - truth[~column].mean() for column in out.T]
    return [covered(main_effects(cells_of(drawn(rng, truth, 2), arms), NAMES, maximize=True), effects)]


def paired_up(rng: Any) -> list[bool]:
    """A pairwise study of an interacting objective with 5 components."""
    from trimma.effects import interactions

    names = NAMES[:5]
    pairs = list(combinations(names, 2))
    arms = [(), *((name,) for name in names), *pairs]
    truth = dict(zip(arms, worth(rng, arms, names, interacting=True).tolist(), strict=True))
    effects = [truth[(a, b)] - truth[(a,)] - truth[(b,)] + truth[()] for a, b in pairs]
    table = drawn(rng, list(truth.values()))
    return [covered(interactions(cells_of(table, arms), pairs, maximize=True), effects)]


def power(rho: float, baselines: int = 1, **options: Any) -> Callable[[Any], list[float]]:
    """A study in which all components have an effect: the share found, and whether any is."""

    def study(rng: Any) -> list[float]:
        import numpy as np

        from trimma.effects import contrasts

        table = drawn(rng, np.array([0.0] + [-1.0] * COMPONENTS), rho=rho, baselines=baselines)
        analysis = contrasts(cells_of(table), NAMES, maximize=True, **options)
        return [fmean(found(analysis)), any(found(analysis))]

    return study


def beside_a_wild_arm(rng: Any) -> list[float]:
    """Whether a component is found that is worth ten deviations, beside one that is a hundred times as noisy."""
    import numpy as np

    from trimma.effects import contrasts

    table = drawn(rng, np.array([0.0, 0.0, -10.0] + [0.0] * (COMPONENTS - 2)), rho=0.0)
    table[:, 1] *= 100
    return [found(contrasts(cells_of(table), NAMES, maximize=True))[1]]


def t_tests(rho: float) -> Callable[[Any], list[float]]:
    """The same by a paired t-test for each component, without any correction for their number."""

    def study(rng: Any) -> list[float]:
        import numpy as np

        from trimma.effects import contrasts

        table = drawn(rng, np.array([0.0] + [-1.0] * COMPONENTS), rho=rho)
        alone = [
            contrasts(cells_of(table[:, [0, place]], ALONE[:2]), NAMES[:1], maximize=True)
            for place in range(1, COMPONENTS + 1)
        ]
        return [fmean(found(analysis)[0] for analysis in alone)]

    return study


def race(rho: float, *, effects: bool = True, baselines: int = 1) -> Callable[[Any], list[float]]:
    """A race: its trainings, the share of effects found, whether any finding is false; and what is found when fixed."""

    def study(rng: Any) -> list[float]:
        from trimma.effects import contrasts, race_contrasts, race_standing

        truth = worth(rng, ALONE, NAMES) * effects
        table = drawn(rng, truth, FIXED[-1], rho, baselines=baselines)
        racing, done, cells = set(NAMES), 0, []
        for look in LOOKS:
            # after the first look no more baselines than the square root of how many are racing, as in a real race
            most = max(1, math.isqrt(len(racing))) if done else baselines
            every = cells_of(table[:, max(0, baselines - most) :])
            cells += [cell for cell in every if done <= cell.repeat < look and (racing.issuperset(cell.arm))]
            racing, done = set(race_standing(cells, NAMES, look=look, looks=LOOKS, maximize=True).racing), look
            if not racing:
                break
        said = found(race_contrasts(cells, NAMES, looks=LOOKS, maximize=True))
        sizes = FIXED if effects else ()
        once = table[:, baselines - 1 :]
        fixed = [found(contrasts(cells_of(once[:size]), NAMES, maximize=True)) for size in sizes]
        right = [each for each, true in zip(said, truth[1:], strict=True) if true]
        wrong = any(each for each, true in zip(said, truth[1:], strict=True) if not true)
        shares = [fmean([e for e, true in zip(each, truth[1:], strict=True) if true] or [0]) for each in fixed]
        return [len(cells), fmean(right or [0]), wrong, *shares]

    return study


FIXED = (6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 36)


def screening(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The arms of the screening design."""
    from trimma.ablation.designs.factorial import Screening
    from trimma.ablation.question import Component

    parts = [Component(name=name, kind="Setting", members=(name,)) for name in names]
    return list(Screening().arms(parts, 0, (), None))  # type: ignore[arg-type]


def cheaper(rng: Any, count: int, studies: int) -> tuple[float, float]:
    """How many times fewer trainings screening needs, by the plan and by simulated studies."""
    import numpy as np

    from trimma.effects import contrasts, main_effects

    names = [f"c{index}" for index in range(count)]
    alone, arms = [(), *((name,) for name in names)], screening(names)
    truth, screened_truth = np.zeros(count + 1), worth(rng, arms, names, interacting=True)
    spread: list[list[list[float]]] = [[], []]
    for _ in range(studies):
        one = contrasts(cells_of(drawn(rng, truth, 2), alone), names, maximize=True)
        many = main_effects(cells_of(drawn(rng, screened_truth, 2), arms), names, maximize=True)
        for each, analysis in zip(spread, (one, many), strict=True):
            each.append([effect.difference for effect in analysis.effects])
    left, right = (float(np.var(each, axis=0, ddof=1).mean()) for each in spread)
    return (count + 1) * 2 / 4, left * len(alone) / (right * len(arms))


# over many studies


def over(studies: int, seed: int, *kinds: Callable[[Any], Sequence[float]]) -> list[Any]:
    """The mean of what each kind of study counts."""
    import numpy as np

    return [
        np.mean([kind(np.random.default_rng([seed, number])) for number in range(studies)], axis=0) for kind in kinds
    ]


def same_power(wanted: float, shares: Sequence[float]) -> float:
    """The fewest repeats of all arms that find the share ``wanted``."""
    pairs = list(zip(FIXED, shares, strict=True))
    for (less, low), (more, high) in pairwise(pairs):
        if high >= wanted:
            return less + (more - less) * max(0.0, wanted - low) / (high - low) if high > low else float(less)
    return float(FIXED[-1])


def measure(quick: bool) -> Report:
    """Simulate studies and judge them."""
    import numpy as np

    studies, fewer = (1000, 250) if quick else (10_000, 2000)
    claims: list[Claim] = []

    def claim(what: str, unit: str, value: float, goal: Goal | None = None) -> None:
        claims.append(Claim(what=what, unit=unit, ours=[float(value)], goal=goal))

    few, enough = Goal(bound=5, at="below"), Goal(bound=94, at="least")
    for kind in ("additive", "interacting", "heavy-tailed", "heteroscedastic"):
        ((cover, clean),) = over(studies, 1, single(kind))
        claim(f"coverage of all 95 % intervals at once, {kind}", "%", 100 * cover, enough)
        if kind != "interacting":
            claim(f'studies with a false "matters", half of the components matter, {kind}', "%", 100 - 100 * clean, few)
            ((_, clean),) = over(studies, 2, single(kind, effects=False))
            claim(f'studies with a false "matters", nothing matters, {kind}', "%", 100 - 100 * clean, few)
    for what, kind in (
        ("main effects of a screening design, interacting, 2 repeats", screened),
        ("pairwise interactions of 5 components", paired_up),
        ("heteroscedastic, 10 repeats", single("heteroscedastic", 10)),
        ("heteroscedastic, variances of their own asked for", single("heteroscedastic", variances="own")),
    ):
        ((cover, *_),) = over(studies // 2, 3, kind)
        claim(f"coverage of all 95 % intervals at once, {what}", "%", 100 * cover, enough)
    for kind in ("wild arm 3", "wild arm 10", "wild whole", "growing"):
        for repeats in (2, 3, 5, 10):
            ((cover, clean),) = over(studies // 4, 11, single(kind, repeats))
            about = f"{kind} times as noisy" if "arm" in kind else kind
            claim(f"coverage of all 95 % intervals at once, {about}, {repeats} repeats", "%", 100 * cover, enough)
            claim(f'studies with a false "matters", {about}, {repeats} repeats', "%", 100 - 100 * clean, few)
    ((share,),) = over(fewer, 12, beside_a_wild_arm)
    what = "power: one component of ten deviations, beside one that is a hundred times as noisy, 5 repeats"
    claim(what, "of 1", share, Goal(bound=0.99, at="least"))
    for what, options in (
        ("additive", {}),
        ("additive, half of their noise shared", {"shared": 0.5}),
        ("additive, all of their noise shared", {"shared": 1.0}),
        ("heavy-tailed", {"kind": "heavy-tailed"}),
        ("heteroscedastic", {"kind": "heteroscedastic"}),
    ):
        settings: dict[str, Any] = {"kind": "additive", "baselines": SEVERAL} | options
        ((cover, clean),) = over(studies // 2, 8, single(**settings))
        claim(f"coverage of all 95 % intervals at once, 4 baselines, {what}", "%", 100 * cover, enough)
        ((_, clean),) = over(studies // 2, 9, single(effects=False, **settings))
        claim(f'studies with a false "matters", 4 baselines, nothing matters, {what}', "%", 100 - 100 * clean, few)
    for rho, least in ((0.7, 0.90), (0.0, 0.55)):
        once, several, peer, plain = over(
            studies // 5, 4, power(rho), power(rho, baselines=SEVERAL), power(rho, variances="own"), t_tests(rho)
        )
        about = f"correlation {rho}, 5 repeats"
        goal = Goal(bound=least, at="least")
        claim(f"power: any of 10 effects of one deviation found, 4 baselines, {about}", "of 1", several[1], goal)
        claim(f"power: any of them found, one baseline, {about}", "of 1", once[1])
        claim(f"power: any of them found by paired t-tests of the same error, {about}", "of 1", peer[1])
        claim(f"power: share of them found, 4 baselines, {about}", "of 1", several[0], goal)
        claim(f"power: share of them found, one baseline, {about}", "of 1", once[0], goal)
        claim(f"power: share of them found by paired t-tests of the same error, {about}", "of 1", peer[0])
        claim(f"power: share of them found by paired t-tests that correct for nothing, {about}", "of 1", plain[0])
    (none,) = over(fewer * 5 // 2, 7, race(RHO, effects=False))  # what a repeat does cancels, whatever the correlation
    claim('race: studies with a false "matters", nothing matters', "%", 100 * none[2], few)
    claim("race: fewer trainings than 24 repeats, nothing matters", "times", LOOKS[-1] * len(ALONE) / none[0])
    for rho, least in ((0.7, 1.6), (0.0, 1.2)):
        (half,) = over(fewer, int(5 + 10 * rho), race(rho))
        full, about = LOOKS[-1] * len(ALONE), f"correlation {rho}"
        claim(f"race: fewer trainings than 24 repeats, {about}", "times", full / half[0], Goal(bound=least, at="least"))
        claim(f"race: power, {about}", "of 1", half[1])
        claim(f"24 repeats: power, {about}", "of 1", half[3 + FIXED.index(LOOKS[-1])])
        repeats = same_power(half[1], half[3:])
        claim(f"race: fewer trainings than repeats of the same power, {about}", "times", repeats * len(ALONE) / half[0])
        claim(f'race: studies with a false "matters", half matter, {about}', "%", 100 * half[2], few)
        (more,) = over(fewer, int(5 + 10 * rho), race(rho, baselines=SEVERAL))
        claim(f"race from 4 baselines: power, {about}", "of 1", more[1])
        repeats = same_power(more[1], more[3:])
        what = f"race from 4 baselines: fewer trainings than repeats of the same power with one, {about}"
        claim(what, "times", repeats * len(ALONE) / more[0], Goal(bound=least, at="least"))
        claim(f'race from 4 baselines: studies with a false "matters", half matter, {about}', "%", 100 * more[2], few)
    for count in (10, 20):
        plan, seen = cheaper(np.random.default_rng(6), count, fewer)
        goal = Goal(bound=3, at="least")
        claim(f"screening: fewer trainings for the same variance, {count} components, simulated", "times", seen, goal)
        claim(f"screening: fewer trainings for the same variance, {count} components, by plan", "times", plan, goal)
    claims.append(
        Claim(
            what="one analysis of 11 arms and 5 repeats",
            unit="ms",
            ours=[duration(seed) for seed in range(5)],
            goal=Goal(bound=2, at="below"),
        )
    )
    settings = {"studies": studies, "races": fewer, "versions": versions("trimma", "numpy")}
    return Report(claims=claims, settings=settings)


def duration(seed: int) -> float:
    """Milliseconds of one analysis."""
    import numpy as np

    from trimma.effects import contrasts

    rng = np.random.default_rng(seed)
    tables = [cells_of(drawn(rng, np.zeros(len(ALONE)))) for _ in range(200)]
    begin = time.perf_counter()
    for cells in tables:
        contrasts(cells, NAMES, maximize=True)
    return (time.perf_counter() - begin) * 1000 / len(tables)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
