"""The configs of a few seeds, as they were when they were written down: a study that goes on must go on with them."""

from typing import Any

import numpy as np
import pytest

from trimma.ports import BindsSpace
from trimma.search import GridSearch, QuasiRandomSearch, RandomSearch
from trimma.space import Choice, Derived, Float, Grid, Int, Space
from trimma.space.flatten import flatten
from trimma.testing import run_study

width = Int(8, 512, log=True)
SPACE = Space(
    rate=Float(1e-5, 1.0, log=True),
    momentum=Float(-0.5, 0.99),
    drop=Float(0.0, 0.6, step=0.1),
    decay=Float(0.001, 0.02, step=0.001, log=True),
    layers=[width, {"bias": Choice(False, True), "again": width}],
    depth=Int(2, 20, step=3),
    kind=Choice("relu", None, 1, "1"),
    size=Choice("s", "m", "l", ordered=True),
    batch=Derived(lambda exponent: 2**exponent, Int(4, 8)),
    arm=Grid("a", "b"),
) + Space(trees=Int(10, 1000, log=True, step=10))

# by searcher and seed: all of each config in order, then what it hides
DRAWN = [
    (RandomSearch(), 0, [
        [0.015304122616866646, -0.09801779649183323, 0.0, 0.001, 233, True, 233, 14, 1, "m", 256, "a", 8],
        [0.2809920005935075, 0.33013569480727717, 0.5, 0.017, 10, False, 10, 17, "relu", "l", 128, "b", 7],
        [10],
        [0.29844458535755247, 0.782017510794657, 0.2, 0.002, 27, True, 27, 8, 1, "s", 16, "a", 4],
        [0.2602313879435637, -0.15939691902607367, 0.2, 0.003, 195, False, 195, 14, "1", "l", 128, "b", 7],
        [40],
    ]),
    (RandomSearch(), 7, [
        [0.013349879111971504, 0.8368485634446674, 0.5, 0.001, 27, True, 27, 2, "1", "l", 64, "a", 6],
        [0.07090955419876109, -0.3332284059666504, 0.1, 0.001, 47, True, 47, 20, None, "s", 64, "b", 6],
        [20],
        [0.7501839505292566, 0.8180051833069687, 0.1, 0.008, 42, True, 42, 20, None, "l", 256, "a", 8],
        [0.00010527921116389933, -0.07070981901971035, 0.3, 0.003, 33, False, 33, 2, 1, "m", 16, "b", 4],
        [10],
    ]),
    (QuasiRandomSearch("sobol"), 0, [
        [0.0011213674430111892, 0.936539125610143, 0.6, 0.006, 22, True, 22, 5, "1", "s", 128, "a", 7],
        [0.0003853439218018501, 0.3849226158112288, 0.4, 0.01, 347, True, 347, 5, None, "l", 16, "b", 4],
        [320],
        [0.1492775511680362, -0.3080244445893914, 0.0, 0.001, 251, False, 251, 17, "relu", "l", 32, "a", 5],
        [0.1347951487676121, -0.2719667750503868, 0.0, 0.002, 16, False, 16, 11, "1", "s", 256, "b", 8],
        [10],
    ]),
    (QuasiRandomSearch("sobol"), 7, [
        [0.0178703993553554, 0.8667921406589448, 0.0, 0.016, 152, False, 152, 17, "1", "l", 64, "a", 6],
        [2.0049205782411196e-05, 0.19198241699486973, 0.5, 0.011, 48, False, 48, 2, None, "m", 256, "b", 8],
        [40],
        [0.0001034106131056538, -0.4307702262606472, 0.4, 0.002, 44, True, 44, 8, "relu", "s", 64, "a", 6],
        [0.1888631093987634, 0.9647723962273449, 0.2, 0.001, 75, True, 75, 20, "1", "l", 32, "b", 5],
        [70],
    ]),
    (QuasiRandomSearch("halton"), 0, [
        [0.03436561959510578, 0.19892870880045532, 0.3, 0.015, 147, True, 147, 5, "1", "l", 32, "a", 5],
        [6.554925579259496e-05, 0.08627543855399916, 0.3, 0.001, 246, False, 246, 11, None, "s", 32, "b", 5],
        [20],
        [0.0001086736311234477, 0.695595375467122, 0.4, 0.005, 22, False, 22, 14, "relu", "l", 16, "a", 4],
        [0.02072849472335859, 0.582942105220666, 0.6, 0.004, 25, False, 25, 20, 1, "s", 256, "b", 8],
        [260],
    ]),
    (QuasiRandomSearch("halton"), 7, [
        [0.7407047975887211, 0.9176101419355105, 0.1, 0.001, 41, False, 41, 11, "1", "s", 32, "a", 5],
        [0.02133004213335, 0.8632247706609399, 0.3, 0.011, 295, False, 295, 17, None, "s", 32, "b", 5],
        [60],
        [0.002342314234194353, 0.420943475268844, 0.4, 0.001, 277, True, 277, 17, 1, "l", 256, "a", 8],
        [6.745151572874301e-05, 0.36655810399427347, 0.6, 0.018, 9, False, 9, 5, "1", "s", 64, "b", 6],
        [840],
    ]),
]  # fmt: skip

# by the number of the trial
POINTS = [
    (0, [[1e-05, -0.5, 0.0, 0.001, 8, False, 8, 2, "relu", "s", 16, "a", 4]]),
    (1, [[1e-05, -0.5, 0.0, 0.001, 8, False, 8, 2, "relu", "s", 64, "a", 6]]),
    (31415, [[1.0, 0.245, 0.0, 0.003, 62, True, 62, 20, 1, "m", 256, "a", 8]]),
    (50000, [[1e-05, 0.99, 0.3, 0.001, 512, True, 512, 2, "1", "m", 256, "b", 8]]),
    (78731, [[1.0, 0.99, 0.6, 0.02, 512, True, 512, 20, "1", "l", 256, "b", 8]]),
    (78732, [[10]]),
    (78733, [[70]]),
    (78734, [[1000]]),
    (78735, []),
]  # fmt: skip


def row(one: Any) -> list[Any]:
    return [*flatten(one.config).values(), *one.hidden.values()]


def alike(found: list[Any], rows: list[Any]) -> bool:
    """Equal with their types, but for the last bit of a float, which the C library of a platform may decide."""
    kinds = [[type(value) for value in one] for one in found] == [[type(value) for value in one] for one in rows]
    same = [value for one in found for value in one] == [
        pytest.approx(value, rel=1e-15, abs=0) if type(value) is float else value for one in rows for value in one
    ]
    return kinds and same


@pytest.mark.parametrize(("searcher", "seed", "rows"), DRAWN, ids=lambda value: repr(value)[:40])
def test_draws(searcher: BindsSpace, seed: int, rows: list[Any]) -> None:
    found = [row(trial) for trial in run_study(searcher, space=SPACE, trials=6, seed=seed).history.trials]
    assert alike(found, rows)


@pytest.mark.parametrize(("number", "rows"), POINTS)
def test_the_grid(number: int, rows: list[Any]) -> None:
    class At:
        trial_count = number

    searcher = GridSearch(points=3).bind(SPACE, 0, None)
    found = searcher.suggest(At(), 1, np.random.default_rng(0))  # type: ignore[arg-type]
    assert alike([row(suggestion) for suggestion in found], rows)
