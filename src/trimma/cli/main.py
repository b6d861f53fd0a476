"""The commands and their arguments. The functions of `trimma.api` do the work."""

import errno
import io
import sys
import warnings
from typing import Any

import click

import trimma
from trimma.errors import TrimmaError
from trimma.safe_text import safe

STORE_HELP = "The store's file. Default: the file that TRIMMA_STORE names, or .trimma/studies.db."


class Commands(click.Group):
    """Shows Trimma's errors, and files that can't be used, as one line without a traceback, with exit status 1.

    After ctrl-C the status is 130. After SIGTERM and SIGHUP it is what the study's SystemExit says.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TrimmaError as error:
            say(f"trimma: {error}", err=True)
            ctx.exit(1)
        except OSError as error:
            # click ends quietly where nobody reads the output any more, and a fault of ours keeps its traceback
            if error.errno == errno.EPIPE or error.filename is None:
                raise
            say(f"trimma: {error.filename}: {error.strerror}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt as interrupt:
            if told := str(interrupt):
                say(told, err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(trimma.__version__, prog_name="trimma")
def main() -> None:
    """Asynchronous hyperparameter tuning: look at studies, and go on with them."""


store_option = click.option("--store", metavar="FILE", help=STORE_HELP)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), help="Worker processes. Default: one for each core."
)
ENGINES = "local, spark, dask, or the name of another engine"
engine_option = click.option(
    "--engine", metavar="NAME", default="local", show_default=True, help=f"Where trials run: {ENGINES}."
)


@main.command()
@click.option("--trials", type=click.IntRange(min=1), default=100, show_default=True, help="How many trials.")
@workers_option
@engine_option
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Repeats the choice of configs.")
@store_option
def demo(trials: int, workers: int | None, engine: str, seed: int, store: str | None) -> None:
    """Tune a neural network that reads handwritten digits, live.

    A demo that was interrupted or killed goes on where it was.
    """
    from trimma.api.advice import command
    from trimma.cli.demo import run
    from trimma.cli.tables import print_study

    study = run(trials, workers, seed, store, _view, engine)
    print_study(study)
    for words in (("show", study.name), ("plot", study.name, "curves", "curves.html")):
        say(f"{'':4}{command(*words, store=study.store)}")


@main.command("ls")
@store_option
def list_studies(store: str | None) -> None:
    """List the studies of a store, oldest first."""
    from trimma.cli.tables import print_studies

    print_studies(trimma.studies(store))


@main.command()
@click.argument("name")
@click.option("--trial", type=click.IntRange(min=0), help="Show this trial: its config, its metrics, what it printed.")
@click.option(
    "--top", type=click.IntRange(min=1), default=5, show_default=True, help="How many of the best trials to list."
)
@store_option
def show(name: str, trial: int | None, top: int, store: str | None) -> None:
    """Show how a study stands, or one of its trials."""
    from trimma.cli.tables import print_study, print_trial

    study = trimma.load(name, store)
    if trial is None:
        print_study(study, top)
    else:
        print_trial(study, trial)


@main.command()
@click.argument("name")
@click.argument("picture")
@click.argument("file", type=click.Path(dir_okay=False, writable=True))
@click.option(
    "--width",
    type=click.FloatRange(min=1.5),
    default=6.75,
    show_default=True,
    help="Inches, of a picture in pdf, svg or png; one of two columns is 3.25.",
)
@store_option
def plot(name: str, picture: str, file: str, width: float, store: str | None) -> None:
    """Draw a PICTURE of a study to FILE (html, json, pdf, svg, png).

    Pictures: curves, history, parallel, slices, timeline, importance. Of an
    ablation: forest, repeats, interactions, path, shapley, timeline.
    """
    from trimma.cli.tables import draw

    draw(trimma.load(name, store), picture, file, width)
    say(f"wrote {file}")


@main.command()
@click.argument("name")
@click.option("--trials", type=click.IntRange(min=1), help="Trials in all. Default: as the study was begun.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds from here on.")
@click.option("--repeats", type=click.IntRange(min=1), help="Repeats in all, of an ablation.")
@workers_option
@engine_option
@click.option(
    "--trust", is_flag=True, help="Load the program also from a store that another user owns or all may write."
)
@store_option
def resume(
    name: str,
    trials: int | None,
    timeout: float | None,
    repeats: int | None,
    trust: bool,
    workers: int | None,
    engine: str,
    store: str | None,
) -> None:
    """Go on with a study. This runs the program that is stored with it."""
    from trimma.cli.tables import print_study

    study = trimma.load(name, store)
    ended = len(study.history.ended)
    study.resume(
        trials=trials,
        timeout=timeout,
        repeats=repeats,
        workers=workers,
        engine=engine,
        trust=trust,
        progress=_view,
    )
    print_study(study)
    if study.status == "finished" and len(study.history.ended) == ended:
        more = "how many trials in all with --trials, or how many seconds more with --timeout"
        if study.history.spec.kind != "search":
            more = "how many repeats in all with --repeats"
        say(f"There was nothing left to run; to run more, say {more}.")


@main.command()
@click.argument("name")
@click.argument("trial", type=click.IntRange(min=0), required=False)
@store_option
def stop(name: str, trial: int | None, store: str | None) -> None:
    """Stop a running study, or one TRIAL of it.

    Everything is kept. A trial is stopped at its next report.
    """
    from trimma.cli.answers import answer_of, never, stopped

    study = trimma.load(name, store)
    study.stop(trial)
    say(answer_of(study, never if trial is None else stopped(trial)))


@main.command()
@click.argument("name")
@click.argument("trial", type=click.IntRange(min=0))
@store_option
def pause(name: str, trial: int, store: str | None) -> None:
    """Have a running TRIAL save itself and make room."""
    from trimma.cli.answers import answer_of, paused

    study = trimma.load(name, store)
    study.pause(trial)
    say(answer_of(study, paused(trial)))


@main.command("continue")
@click.argument("name")
@click.argument("trial", type=click.IntRange(min=0))
@store_option
def continue_trial(name: str, trial: int, store: str | None) -> None:
    """Have a paused TRIAL go on."""
    from trimma.cli.answers import answer_of, continued

    study = trimma.load(name, store)
    study.continue_trial(trial)
    say(answer_of(study, continued(trial)))


@main.command()
@click.argument("name")
@click.option("--trials", type=click.IntRange(min=1), help="Trials in all.")
@click.option("--workers", type=click.IntRange(min=1), help="Workers to use from now on.")
@store_option
def change(name: str, trials: int | None, workers: int | None, store: str | None) -> None:
    """Give a running study other limits."""
    from trimma.cli.answers import answer_of, changed

    study = trimma.load(name, store)
    study.change(trials=trials, workers=workers)
    say(answer_of(study, changed(trials, workers)))


@main.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True))
@click.option("--format", "format_", type=click.Choice(["csv", "json", "parquet"]), help="Default: what FILE ends in.")
@store_option
def export(name: str, file: str, format_: Any, store: str | None) -> None:
    """Write a study's trials, one row each, to FILE.

    With - for FILE they go to standard output, as csv unless --format says otherwise.
    """
    study = trimma.load(name, store)
    if file != "-":
        study.export(file, format_)
        say(f"wrote {file}")
        return
    if format_ == "parquet":
        study.export(sys.stdout.buffer, format_)
    elif sys.stdout.isatty():
        shown = io.StringIO()
        study.export(shown, format_ or "csv")
        say(shown.getvalue().removesuffix("\n"))
    else:
        study.export(sys.stdout, format_ or "csv")


@main.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True))
@store_option
def report(name: str, file: str, store: str | None) -> None:
    """Write the report of an ablation to FILE (html, md, tex, or txt for the method alone).

    The page in HTML holds the table and all pictures, and needs no network.
    """
    from trimma.cli.tables import write_report

    write_report(trimma.load(name, store), file)
    say(f"wrote {file}")


@main.command("rm")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask.")
@store_option
def remove(name: str, yes: bool, store: str | None) -> None:
    """Forget a study for good."""
    if not yes:
        try:
            held = f"its {len(trimma.load(name, store).trials)} trials"
        except trimma.errors.StoreError:
            held = "all that it holds, which can't be read"
        click.confirm(f"Forget study {name!r} with {held}?", abort=True)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        trimma.delete(name, store)
    say(f"removed {name}")
    for each in told:
        say(f"trimma: {each.message}", err=True)


@main.command()
@click.option("--engine", metavar="NAME", help=f"Try this engine, too: {ENGINES}.")
def doctor(engine: str | None) -> None:
    """Check this machine, and say what to do about what is wrong.

    With --engine spark, Spark is started, and some of its workers each run a trial.
    """
    from trimma.api.doctor import doctor as look

    colours = {"ok": "green", "missing": "yellow", "wrong": "red"}
    wrong = 0
    for finding in look(engine):
        sign, text = str(finding)[:1], str(finding)[1:]
        click.echo(click.style(sign, fg=colours[finding.state]) + safe(text))
        wrong += finding.state == "wrong"
    if wrong:
        raise SystemExit(1)


def say(text: str, *, err: bool = False) -> None:
    """Write a line, with which a study's own text can't do anything to the terminal."""
    click.echo(safe(text), err=err)


def _view(engine: Any) -> Any:
    """The live view, which leaves no lines where the summary comes on the same terminal."""
    from trimma.api.progress_view import view

    return view(engine, summary_follows=sys.stdout.isatty())
