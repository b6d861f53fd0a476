"""What components are worth: differences, simultaneous intervals and conclusions from the cells of an ablation.

Pure functions from values to values; `Cell` goes in, `Analysis` comes out.
"""

from trimma.effects.analysis import Analysis, Conclusion, Effect
from trimma.effects.cells import Cell
from trimma.effects.contrasts import contrasts
from trimma.effects.factorial import main_effects
from trimma.effects.interactions import interactions
from trimma.effects.paths import path
from trimma.effects.racing import LOOKS, Standing, decided, raced
from trimma.effects.shapley_values import shapley

__all__ = [
    "LOOKS",
    "Analysis",
    "Cell",
    "Conclusion",
    "Effect",
    "Standing",
    "contrasts",
    "decided",
    "interactions",
    "main_effects",
    "path",
    "raced",
    "shapley",
]
