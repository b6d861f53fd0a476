"""A study's history as plain rows: what is shown, exported and plotted. Pure functions of `History`."""

from trimma.views.ablation import ablation, analysis, interactions
from trimma.views.arms import ArmMean, Extremes, arm_means, extremes, paired
from trimma.views.cells import cells
from trimma.views.curves import TrialCurve, curves, metric_names
from trimma.views.effect_rows import EffectRow, Findings, assembled, effect_rows, findings
from trimma.views.elapsed import Elapsed
from trimma.views.eta import eta
from trimma.views.failures import FailureGroup, failures
from trimma.views.flatten import flat_config, flat_place, flatten, joined
from trimma.views.hyperparameters import hyperparameters, settings
from trimma.views.importance import Importance, importance
from trimma.views.leaderboard import Row, leaderboard
from trimma.views.parallel import TrialLine, parallel
from trimma.views.progress import Step, progress
from trimma.views.savings import Savings, savings
from trimma.views.sizing import Sizing, sizing
from trimma.views.slices import Point, Slice, slices
from trimma.views.steps import steps_of
from trimma.views.summary import LOST, RUNNING, Summary, status, summary
from trimma.views.table import columns, table
from trimma.views.timeline import Attempt, Busy, Gap, Presence, attempts, busy, busy_over_time, gaps, stays
from trimma.views.utilisation import Idle, Utilisation, idle, utilisation

__all__ = [
    "LOST",
    "RUNNING",
    "ArmMean",
    "Attempt",
    "Busy",
    "EffectRow",
    "Elapsed",
    "Extremes",
    "FailureGroup",
    "Findings",
    "Gap",
    "Idle",
    "Importance",
    "Point",
    "Presence",
    "Row",
    "Savings",
    "Sizing",
    "Slice",
    "Step",
    "Summary",
    "TrialCurve",
    "TrialLine",
    "Utilisation",
    "ablation",
    "analysis",
    "arm_means",
    "assembled",
    "attempts",
    "busy",
    "busy_over_time",
    "cells",
    "columns",
    "curves",
    "effect_rows",
    "eta",
    "extremes",
    "failures",
    "findings",
    "flat_config",
    "flat_place",
    "flatten",
    "gaps",
    "hyperparameters",
    "idle",
    "importance",
    "interactions",
    "joined",
    "leaderboard",
    "metric_names",
    "paired",
    "parallel",
    "progress",
    "savings",
    "settings",
    "sizing",
    "slices",
    "status",
    "stays",
    "steps_of",
    "summary",
    "table",
    "utilisation",
]
