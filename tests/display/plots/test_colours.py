"""Colours that people with colour blindness can tell apart, by simulation.

The matrices are those for complete dichromacy of Machado, Oliveira and Fernandes, "A Physiologically-based Model for
Simulation of Color Vision Deficiency", 2009.
"""

from itertools import combinations

import numpy as np
import pytest

from trimma.display.plots import parallel_coordinates
from trimma.display.plots.learning_curves import ORDER
from trimma.display.plots.shapley_bars import HATCHES as VERDICT_HATCHES
from trimma.display.plots.theme import BEST, COLOURS
from trimma.display.plots.verdict_looks import VERDICT_LOOKS
from trimma.display.plots.worker_timeline import HATCHES, IDLE, OUTCOMES

SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
LEAST = 12  # in CIELAB, where 2.3 can just be seen


def lab(colour, seen):
    shares = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    light = np.array(TO_XYZ) @ np.clip(np.array(seen) @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(light > 0.008856, np.cbrt(light), 7.787 * light + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def looks():
    """The colours of each picture, with what tells them apart besides: a hatch, dots, a symbol."""
    curves = {name: (COLOURS[name], "dotted" if name == "stopping" else "") for name in ORDER}
    timeline = {name: (COLOURS[name], HATCHES.get(name, "")) for name in OUTCOMES}
    return {
        "curves": curves | {"best": (BEST, "")},
        "timeline": timeline | {name: (colour, "") for name, colour in IDLE.items()},
        "forest": {verdict: tuple(look) for verdict, look in VERDICT_LOOKS.items()},
        "shapley": {verdict: (look.colour, VERDICT_HATCHES[verdict]) for verdict, look in VERDICT_LOOKS.items()},
        "parallel": {
            "failed": (parallel_coordinates.FAILED, ""),
            "others": (parallel_coordinates.REST, ""),
            "best tenth": (COLOURS["done"], ""),
            "best": (BEST, ""),
        },
    }


@pytest.mark.parametrize("people", list(SEEN_BY))
@pytest.mark.parametrize("picture", list(looks()))
def test_what_differs_by_colour_alone_is_seen_by_all(picture, people):
    for (one, (colour, shape)), (other, (other_colour, other_shape)) in combinations(looks()[picture].items(), 2):
        if shape == other_shape:
            apart = np.linalg.norm(lab(colour, SEEN_BY[people]) - lab(other_colour, SEEN_BY[people]))
            assert apart > LEAST, (one, other)
