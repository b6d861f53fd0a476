"""Designs: which arms of an ablation are run."""

from trimma.ablation.designs.factorial import Factorial, Screening
from trimma.ablation.designs.leave_one_out import LeaveOneGroupOut, LeaveOneOut
from trimma.ablation.designs.one_in import OneIn
from trimma.ablation.designs.pairwise import Pairwise
from trimma.ablation.designs.path import AblationPath
from trimma.ablation.designs.shapley import Shapley

__all__ = ["AblationPath", "Factorial", "LeaveOneGroupOut", "LeaveOneOut", "OneIn", "Pairwise", "Screening", "Shapley"]
