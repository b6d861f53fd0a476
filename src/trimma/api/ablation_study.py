"""The handle of an ablation: its table, its report and its pictures."""

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
from trimma.safe_text import safe
from trimma.spec import StudySpec

if TYPE_CHECKING:
    import pandas as pd


class AblationStudy(Study):
    """A stored ablation. It is a `Study` that also tells what its components are worth.

    All ablations have the pictures ``study.plot.forest()`` and ``study.plot.repeats()``. The pictures
    ``study.plot.interactions()``, ``.path()`` and ``.shapley()`` are for the designs that show these things.
    """

    _call = "ablate(objective, components"

    @property
    def effects(self) -> Analysis:
        """What is known by now of the effect of each component, and how it was estimated."""
        return analysis(self.history)

    @property
    def findings(self) -> Findings:
        """The effects as rows, with what was asked and what was measured."""
        return findings(self.history)

    def table(self) -> "pd.DataFrame":
        """A data frame with one row for each component. The component that is worth most comes first.

        Differences and their simultaneous intervals are in units of the metric. The p-values are adjusted for the
        number of components. Raises `MissingExtra` without pandas.
        """
        from trimma.display.report.data_frames import data_frame

        frame: pd.DataFrame = data_frame(self.findings)
        return frame

    def interactions(self) -> "pd.DataFrame":
        """A data frame with one row for each pair of components of a pairwise design.

        It shows by how much the effect of leaving out both differs from the sum of their effects. ``meaning`` says in
        words whether they stand in for each other or need each other. For other designs the data frame is empty. Raises
        `MissingExtra` without pandas.
        """
        from trimma.display.report.data_frames import pair_frame

        frame: pd.DataFrame = pair_frame(self.findings)
        return frame

    def to_markdown(self) -> str:
        """The table in Markdown, with what it shows, the best and the worst config, and the method."""
        from trimma.display.report.markdown import markdown

        return safe(markdown(self.findings))

    def to_latex(self, caption: str | None = None, label: str | None = None) -> str:
        """The table in LaTeX, which needs the packages booktabs and tabularx, and fits a column of 3.25 inches.

        ``caption`` is LaTeX code, and by default says what the table shows. ``label`` is the table's label (default:
        none).
        """
        from trimma.display.report.latex import latex

        return safe(latex(self.findings, caption, label))

    def method(self, *, latex: bool = False) -> str:
        """The method of this analysis in sentences that a paper can use, and the sources of what was used.

        It says what was paired and repeated, how intervals were found and corrected, and of what they speak. With
        ``latex``, characters that mean something to LaTeX are escaped.
        """
        from trimma.display.ablation_method_paragraph import method_paragraph
        from trimma.display.report.latex_text import escaped

        text = method_paragraph(self.findings)
        return safe(escaped(text) if latex else text)

    def to_html(self, file: str | Path | None = None) -> str:
        """The report as one HTML page that needs no network, with the table, the pictures and the method.

        If ``file`` is given, the page is also written to it. Raises `MissingExtra` without plotly.
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
