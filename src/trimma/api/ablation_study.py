"""The handle of an ablation: its table, its report, its pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from trimma.ablation.findings import Findings, analysis, findings
from trimma.ablation.order import Blocks
from trimma.ablation.question import plain, question
from trimma.api.continuation import AsksMore
from trimma.api.recipe import Recipe
from trimma.api.study import Study
from trimma.effects import Analysis
from trimma.errors import UsageError
from trimma.spec import StudySpec

if TYPE_CHECKING:
    import pandas as pd


class AblationStudy(Study):
    """A stored ablation: what `Study` tells, and what its components are worth.

    Of its pictures, ``study.plot.forest()`` and ``study.plot.repeats()`` are for all ablations;
    ``study.plot.interactions()``, ``.path()`` and ``.shapley()`` are for the designs that tell them.
    """

    _call = "ablate(objective, components"

    @property
    def effects(self) -> Analysis:
        """What is known of each component by now, and how."""
        return analysis(self.history)

    @property
    def findings(self) -> Findings:
        """The same as rows, with what was asked and measured."""
        return findings(self.history)

    def table(self) -> "pd.DataFrame":
        """A data frame with one row a component, what is worth most first; `MissingExtra` without pandas.

        Differences and their simultaneous intervals are in units of the metric; p is adjusted for all components.
        """
        from trimma.display.report.data_frames import data_frame

        frame: pd.DataFrame = data_frame(self.findings)
        return frame

    def interactions(self) -> "pd.DataFrame":
        """A data frame with one row a pair, of a pairwise design: what leaving out both changes beyond the sum of each.

        ``meaning`` says in words whether they stand in for each other or need each other. `MissingExtra` without
        pandas; without pairs the frame is empty.
        """
        from trimma.display.report.data_frames import pair_frame

        frame: pd.DataFrame = pair_frame(self.findings)
        return frame

    def to_markdown(self) -> str:
        """The table in Markdown, with what it shows, the best and worst config, and how it was found."""
        from trimma.display.report.markdown import markdown

        return markdown(self.findings)

    def to_latex(self, caption: str | None = None, label: str | None = None) -> str:
        """The table in LaTeX, for the package booktabs; ``caption`` is LaTeX, by default it says what is shown."""
        from trimma.display.report.latex import latex

        return latex(self.findings, caption, label)

    def to_html(self, file: str | Path | None = None) -> str:
        """The report as one page that needs no network: table, pictures, method. Written to ``file``, where given.

        Raises `MissingExtra` without plotly.
        """
        from trimma.display.report.html_page import page

        text = page(self.findings, self.status)
        if file is not None:
            Path(file).write_text(text, encoding="utf-8")
        return text

    def _repeating(self, repeats: int) -> AsksMore:
        def more(spec: StudySpec, recipe: Recipe) -> StudySpec:
            asked, searcher = question(spec), cast(Blocks, recipe.searcher)
            if asked.looks or repeats < asked.repeats:
                had = "adaptive repeats" if asked.looks else f"{asked.repeats} repeats"
                raise UsageError(f"repeats={repeats}: study {spec.name!r} has {had}, which can't be taken back")
            wanted = replace(asked, repeats=repeats)
            return replace(spec, asked=plain(wanted), planned=searcher.planned(wanted))

        return more
