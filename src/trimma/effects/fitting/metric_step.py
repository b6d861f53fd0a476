"""The steps of a metric that can't take every value, as accuracy moves in steps of one row of the test data.

Of such a metric, differences are equal by chance, which is no sign that they are without noise.
"""

from functools import reduce

import numpy as np

from trimma.effects.arrays import Numbers

STEPS = 2.0
"""How many steps of one training are the least standard error.

What differs in few repeats only may not have been seen. Where none of n repeats differed, the rate of such repeats may
be 3 / n ("rule of three"), and more for several components. Two steps are enough for it by simulation, also where one
or two of the repeats differed.
"""

_FINEST = 1e-4  # of the range of the values: finer steps are taken for none
_BLUR = 5e-6  # of the greatest value: what rounding to single precision may do to a sum of differences
_CLEAR = 20.0


def metric_step(values: Numbers) -> float:
    """The greatest step of which all differences of ``values``, of shape (values,), are multiples; 0 if there is none.

    Both are in units of the metric.
    """
    levels = np.unique(values)
    if len(levels) < 2:
        return 0.0
    reach = float(levels[-1] - levels[0])
    blur = _BLUR * float(np.abs(levels[[0, -1]]).max())
    gaps = levels[1:] - levels[0]

    def common(one: float, other: float) -> float:
        """Euclid's algorithm, with the remainder that is nearest to zero."""
        while other > blur and one > _FINEST * reach:
            one, other = other, abs(one - other * round(one / other))
        return one

    step = reduce(common, gaps[gaps > blur].tolist(), reach)
    return step if step > max(_FINEST * reach, _CLEAR * blur) else 0.0
