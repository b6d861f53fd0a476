"""What the commands print: formatted rows of the views."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from trimma.api.ablation_study import AblationStudy
from trimma.api.advice import command, how_to_load, program
from trimma.api.damaged_study import DamagedStudy
from trimma.api.study import Study
from trimma.display.numbers_and_durations import count, duration, number
from trimma.display.short_text import shorten
from trimma.display.terminal.closing_summary import TOP_ROWS, closing
from trimma.display.terminal.safe_console import SafeConsole
from trimma.display.terminal.trailing_blanks import WithoutTrailingBlanks
from trimma.errors import StoreError, StudyError, UnknownName
from trimma.space.flatten import flatten
from trimma.trial import Trial
from trimma.views import LOST, Summary, flat_place, summary

PICTURES = ("curves", "history", "importance", "parallel", "slices", "timeline")
MOST_ROWS, MOST_SIGNS = 500, 5_000
"""The most settings and metrics of a trial that are printed, and the most characters of each."""

ABLATION_PICTURES = ("forest", "interactions", "path", "repeats", "shapley")


def print_studies(studies: Sequence[Study]) -> None:
    """Print one line for each study."""
    console = SafeConsole()
    if not studies:
        console.print(f"no studies here yet; to make one: {command('demo')}")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("name", "status", "trials", "best", "metric", "time"):
        table.add_column(name, justify="right" if name in ("trials", "best", "time") else "left", header_style="dim")
    for study in studies:
        if isinstance(study, DamagedStudy):
            table.add_row(*map(Text, (study.name, study.status)))
            continue
        state = summary(study.history)
        of = f"/{state.limit}" if state.limit else ""
        best = _outcome(study, state)
        row = (study.name, study.status, f"{state.ended}{of}", best, str(state.metric), duration(state.elapsed))
        table.add_row(*map(Text, row))
    console.print(WithoutTrailingBlanks(table))
    for study in studies:
        if isinstance(study, DamagedStudy):
            console.print(Text(f"\n{study}"))


def _outcome(study: Study, state: Summary) -> str:
    """The best value of a search, or how many components of an ablation are decided."""
    if isinstance(study, AblationStudy):
        try:
            rows = study.findings.rows
        except (StoreError, StudyError):
            return "can't be told here"  # its plan of analysis is missing: trimma show says which
        return f"{sum(row.decided for row in rows)}/{len(rows)} decided"
    return number(state.best.value) if state.best else "-"


def print_study(study: Study, top: int = TOP_ROWS) -> None:
    """Print how a study stands or went, with its ``top`` trials, and how to look at it again."""
    console = SafeConsole()
    lost = study.status == LOST
    again = how_to_load(study.name, study.store, module="trimma")
    console.print(closing(study.history, _place(study), console.width, top=top, lost=lost, again=again))


def print_trial(study: Study, number_: int) -> None:
    """Print one trial: where it belongs, its config, its metrics, what became of it, and what it printed."""
    output = study.output(number_)
    trial = study.trials[number_]
    console = SafeConsole()
    console.print(Text(f"trial {trial.id} of {study.name}: {trial.state}{_why(trial)}", style="bold"))
    table = Table(box=None, pad_edge=False, show_header=False)
    place = {name: str(value) for name, value in flat_place(trial).items()}
    config = {name: repr(value) for name, value in flatten(trial.config).items()}
    settings = [*place.items(), *config.items()]
    for name, text in settings[:MOST_ROWS]:
        table.add_row(Text(name, style="dim"), Text(shorten(text, MOST_SIGNS)))
    metrics = sorted({*trial.curve.metrics, *trial.result})
    for name in metrics[:MOST_ROWS]:
        series = trial.curve.series(name).values
        last = trial.result.get(name, series[-1] if series else None)
        told = f" after {count(len(series), 'report')}" if series else ""
        table.add_row(Text(name, style="dim"), Text(f"{number(last)}{told}"))
    for span in trial.spans:
        length = duration(span.end - span.start) if span.end is not None else "still running"
        table.add_row(Text(f"attempt {span.attempt}", style="dim"), Text(f"{' + '.join(span.workers)}, {length}"))
    console.print(WithoutTrailingBlanks(table))
    for what, held in (("settings", settings), ("metrics", metrics)):
        if len(held) > MOST_ROWS:
            console.print(Text(f"and {len(held) - MOST_ROWS:,} more {what}; all are in: {program()} export"))
    if trial.failure is not None and trial.failure.traceback:
        console.print(Text(f"\n{trial.failure.traceback.rstrip()}"))
    if output:
        console.print(Text(f"\n{output.rstrip()}"))


def draw(study: Study, picture: str, file: str, width: float) -> None:
    """Write one of the study's pictures. An image is ``width`` inches wide."""
    known = (*PICTURES, *ABLATION_PICTURES)
    if picture not in known:
        raise UnknownName("picture", picture, known)
    getattr(study.plot, picture)(file=file, width=width)


def write_report(study: Study, file: str) -> None:
    """Write the report of an ablation in the format that the file's name ends with."""
    if not isinstance(study, AblationStudy):
        raise StudyError(
            f"study {study.name!r} is a search, of which there is no report: see {program()} plot and export"
        )
    forms = {".html": study.to_html, ".md": study.to_markdown, ".tex": study.to_latex, ".txt": study.method}
    path = Path(file)
    if path.suffix not in forms:
        raise UnknownName("form of report", path.suffix, forms)
    path.write_text(forms[path.suffix](), encoding="utf-8")


def _why(trial: Trial) -> str:
    if trial.failure is not None:
        return f", {trial.failure}"
    return f", {trial.reason}" if trial.reason else ""


def _place(study: Study) -> str:
    return str(getattr(study.store, "path", "memory"))
