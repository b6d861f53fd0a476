"""Finds plans of analysis by name: Trimma's own, those of installed packages, and those in importable modules.

A package offers a plan named ``weighted`` with::

    [project.entry-points."trimma.analyses"]
    weighted = "my_package:WEIGHTED"
"""

from importlib import import_module
from typing import Any

from trimma.ablation.analyses.plan import AnalysisPlan, Values, less
from trimma.errors import StudyError, UnknownName, UsageError
from trimma.registry import find

__all__ = ["AnalysisPlan", "Values", "less", "plan_named", "plan_of"]


def plan_named(name: str) -> AnalysisPlan:
    """The plan by which a stored ablation is analysed. Raises `StudyError` if it can't be found here."""
    try:
        found = _found(name)
    except (ImportError, AttributeError, UnknownName) as error:
        raise StudyError(
            f"the ablation was made with the analysis {name!r}, which can't be had here ({error}): install the package "
            "that it is from, or start Python where its module can be imported"
        ) from error
    if not isinstance(found, AnalysisPlan):
        raise StudyError(f"the ablation was made with the analysis {name!r}, which is no AnalysisPlan here: {found!r}")
    return found


def plan_of(design: Any) -> AnalysisPlan:
    """The plan that a design holds or names. Raises `UsageError` if the plan can't be found again by its name."""
    given = design.analysis
    if not isinstance(given, str | AnalysisPlan):
        raise UsageError(f"{design!r}: its analysis is the name of one, or an AnalysisPlan, not {given!r}")
    name = given if isinstance(given, str) else given.name
    try:
        found = _found(name)
    except UnknownName:
        if isinstance(given, str):
            raise
        found = None
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{design!r}: its analysis {name!r} can't be imported ({error})") from error
    if not isinstance(found, AnalysisPlan) or (found != given and found.name != given):
        raise UsageError(
            f"{design!r}: its analysis can't be found again by its name {name!r}, which is kept with the study: name "
            'it "package.module:NAME" after the module in which it stands, or offer it as an entry point of the group '
            "trimma.analyses"
        )
    return found


def _found(name: str) -> Any:
    module, colon, attribute = name.partition(":")
    return getattr(import_module(module), attribute) if colon else find("analysis", name)
