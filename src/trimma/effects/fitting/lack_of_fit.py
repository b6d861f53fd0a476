"""Whether the arms' means differ from what main effects alone would make of them: an F test of lack of fit."""

import numpy as np

from trimma.effects.arrays import Flags, Numbers
from trimma.effects.distributions.f_distribution import f_survival
from trimma.effects.fitting.additive_model import AdditiveFit

_NEGLIGIBLE = 1e-9


def lack_of_fit(fit: AdditiveFit, design: Numbers, present: Flags) -> float | None:
    """The p of the test that the arms' means are sums of main effects; None where there is nothing to test it with.

    ``design``, of shape (arms, 1 + effects), has a column of ones and then a column for each component, 1 where the arm
    leaves it out. ``present``, of shape (arms,), tells the arms that have a mean.
    """
    if not fit.variance or present.sum() < 2:
        return None
    used = design[present]
    rows = np.zeros((len(used), len(design)))
    rows[:, present] = np.eye(len(used)) - used @ np.linalg.pinv(used)
    left = rows @ np.where(present, fit.mean, 0.0)
    covariance = fit.covariance(rows)
    rank = int(np.linalg.matrix_rank(covariance, tol=_NEGLIGIBLE, hermitian=True))
    if rank == 0:
        return None
    ratio = float(left @ np.linalg.pinv(covariance, rcond=_NEGLIGIBLE, hermitian=True) @ left) / rank / fit.variance
    return f_survival(ratio, rank, fit.freedom)
