"""Pure functions of a study's `History` that return plain rows, which are shown, exported and plotted."""

from trimma.views.comparable import best_step, comparable
from trimma.views.curves import TrialCurve, curves, metric_names
from trimma.views.elapsed import Elapsed
from trimma.views.eta import eta
from trimma.views.failures import FailureGroup, failures
from trimma.views.flatten import flat_config, flat_place, joined
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
    "Attempt",
    "Busy",
    "Elapsed",
    "FailureGroup",
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
    "attempts",
    "best_step",
    "busy",
    "busy_over_time",
    "columns",
    "comparable",
    "curves",
    "eta",
    "failures",
    "flat_config",
    "flat_place",
    "gaps",
    "hyperparameters",
    "idle",
    "importance",
    "joined",
    "leaderboard",
    "metric_names",
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
