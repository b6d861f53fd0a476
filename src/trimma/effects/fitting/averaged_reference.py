"""The reference, trained several times in a repeat, as one value: the mean of these trainings.

The mean varies less than a single training. How much less depends on where the noise comes from. The part that comes
from the training (its seed) averages out; the part that belongs to this arm in this repeat (how a data split suits it)
doesn't, however many trainings there are. So the variance of the mean is estimated from how it differs between repeats,
not from how trainings differ within a repeat.
"""

import numpy as np
from msgspec.structs import replace

from trimma.effects.observations import Observations


def with_reference_averaged(observations: Observations) -> Observations:
    """The observations with the first arm's values in each repeat replaced by their mean.

    They are returned as they are where the first arm has no more than one value in any repeat, and where another arm
    has several in one, too.
    """
    own = observations.arm == 0
    size = np.bincount(observations.repeat[own], minlength=len(observations.repeats))
    others = observations.arm[~own] * len(size) + observations.repeat[~own]
    if not (size > 1).any() or len(np.unique(others)) < len(others):
        return observations
    total = np.bincount(observations.repeat[own], observations.value[own], minlength=len(size))
    there = np.flatnonzero(size)
    return replace(
        observations,
        arm=np.concatenate([np.zeros(len(there), dtype=np.intp), observations.arm[~own]]),
        repeat=np.concatenate([there, observations.repeat[~own]]),
        value=np.concatenate([total[there] / size[there], observations.value[~own]]),
    )
