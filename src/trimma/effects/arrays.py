"""The types of the arrays here."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
"""Real numbers."""

Indices = NDArray[np.intp]
"""Places in another array, from 0."""

Flags = NDArray[np.bool_]
"""What is so, and what isn't."""
