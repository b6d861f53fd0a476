"""The handle of an ablation: its table, its report, its pictures."""

from typing import TYPE_CHECKING

from trimma.api.study import Study
from trimma.effects import Analysis
from trimma.views import analysis

if TYPE_CHECKING:
    pass


class AblationStudy(Study):
    """A stored ablation: what `Study` tells, and what its components are worth."""

    @property
    def effects(self) -> Analysis:
        """What is known of each component by now, and how."""
        return analysis(self.history)
