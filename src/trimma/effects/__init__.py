"""What components are worth: differences, simultaneous intervals and conclusions from the cells of an ablation.

Pure functions from values to values; `Cell` goes in, `Analysis` comes out.
"""

from trimma.effects.ablation_path import path
from trimma.effects.analysis import Analysis, Conclusion, DecisionChances, Effect
from trimma.effects.arm_levels import arm_levels
from trimma.effects.contrasts import contrasts
from trimma.effects.fitting.arm_variances import PRETEST_LEVELS
from trimma.effects.interactions import interactions
from trimma.effects.main_effects import main_effects
from trimma.effects.observations import Cell
from trimma.effects.racing.race_contrasts import race_contrasts
from trimma.effects.racing.race_looks import LOOKS
from trimma.effects.racing.race_standing import RaceStanding, race_standing
from trimma.effects.shapley_values import shapley

__all__ = [
    "LOOKS",
    "PRETEST_LEVELS",
    "Analysis",
    "Cell",
    "Conclusion",
    "DecisionChances",
    "Effect",
    "RaceStanding",
    "arm_levels",
    "contrasts",
    "interactions",
    "main_effects",
    "path",
    "race_contrasts",
    "race_standing",
    "shapley",
]
