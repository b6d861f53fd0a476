"""A study's history as plain rows: what is shown, exported and plotted. Pure functions of `History`."""

from trimma.views.curves import TrialCurve, curves, metric_names
from trimma.views.elapsed import Elapsed
from trimma.views.eta import eta
from trimma.views.failures import FailureGroup, failures
from trimma.views.flatten import flat_config, flatten
from trimma.views.hyperparameters import Hyperparameter, hyperparameters, settings
from trimma.views.importance import Importance, importance
from trimma.views.leaderboard import Row, leaderboard
from trimma.views.parallel import Line, parallel
from trimma.views.progress import Step, progress
from trimma.views.savings import Savings, savings
from trimma.views.slices import Point, Slice, slices
from trimma.views.steps import steps_of
from trimma.views.summary import LOST, RUNNING, Summary, status, summary
from trimma.views.table import columns, table
from trimma.views.timeline import Attempt, Busy, Gap, Presence, attempts, busy, busy_over_time, gaps, stays

__all__ = [
    "LOST",
    "RUNNING",
    "Attempt",
    "Busy",
    "Elapsed",
    "FailureGroup",
    "Gap",
    "Hyperparameter",
    "Importance",
    "Line",
    "Point",
    "Presence",
    "Row",
    "Savings",
    "Slice",
    "Step",
    "Summary",
    "TrialCurve",
    "attempts",
    "busy",
    "busy_over_time",
    "columns",
    "curves",
    "eta",
    "failures",
    "flat_config",
    "flatten",
    "gaps",
    "hyperparameters",
    "importance",
    "leaderboard",
    "metric_names",
    "parallel",
    "progress",
    "savings",
    "settings",
    "slices",
    "status",
    "stays",
    "steps_of",
    "summary",
    "table",
]
