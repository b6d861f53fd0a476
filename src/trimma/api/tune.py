"""``tune``: the best config of an objective."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import structs

from trimma.api.arguments import engine_of, metric_of, seconds, seed_of, store_of, until_of, whole
from trimma.api.checkpoint_place import checkpoints_of
from trimma.api.folder_keeper import keep_of
from trimma.api.launch import launch
from trimma.api.naming import name_of
from trimma.api.own_stopping_rules import StoppingRule
from trimma.api.progress_view import View
from trimma.api.question import Question
from trimma.api.searched import searched
from trimma.api.study import Study
from trimma.api.trial_folders import folders_of
from trimma.checkpoint import Checkpoints
from trimma.errors import UsageError
from trimma.ports import BindsSearcher, BindsSpace, Engine, Observer, Scheduler, Searcher, Store
from trimma.space import Space
from trimma.stopping import Patience


def tune(
    objective: Callable[..., Any],
    space: Space | Mapping[str, Any],
    *,
    maximize: str | None = None,
    minimize: str | None = None,
    value: Literal["last", "best"] = "last",
    trials: int | None = None,
    timeout: float | None = None,
    target: float | None = None,
    patience: int | Patience | None = None,
    until: StoppingRule | None = None,
    searcher: str | BindsSpace | Searcher | None = None,
    scheduler: str | BindsSearcher | Scheduler = "run-all",
    engine: str | Engine = "local",
    workers: int | None = None,
    name: str | None = None,
    store: str | Path | Store | None = None,
    seed: int | None = None,
    data: Any = None,
    model: Any = None,
    failures: Literal["skip", "stop"] | int = 3,
    retry: int | type[Exception] | tuple[type[Exception], ...] = 0,
    max_attempts: int = 3,
    trial_timeout: float | None = None,
    stop_grace: float = 10.0,
    folders: str | Path | None = None,
    keep: Literal["best", "all", "none"] | int = "best",
    checkpoints: str | Path | Checkpoints | None = None,
    resume: bool = False,
    progress: bool | View = True,
    observers: Sequence[Observer] = (),
) -> Study:
    """Find the config with which ``objective`` does best.

    The objective gets its hyperparameters by name and, if it has such parameters, ``report``, ``trial``, ``params``
    (the whole config), ``data`` and ``model``. It returns a number (the metric) or a dict, or it reports metrics step
    by step with ``report(loss=..., accuracy=...)``, or it is a generator that yields them.

    What is asked
        ``maximize`` or ``minimize`` names the metric that decides. A trial's value is what it returned, or else
        what it last reported. With ``value="best"`` it is the best of all that it returned and reported, as for
        training that keeps the weights of its best epoch. The best trial is found among those that are done, because
        a trial that was stopped on the way can't be compared with them.
    When it ends
        After ``trials`` trials (exactly that many), after ``timeout`` seconds, when a trial is done with a value at
        least as good as ``target``, when ``patience`` trials have ended without a better best value, or when the rule
        ``until`` is met, such as ``tm.Timeout(600) & tm.Patience(20, delta=0.001)``. What comes first ends the study.
        ``until`` may also be a function of the study's history, which is called whenever a trial has ended and says
        whether the study has had enough: ``until=lambda history: len(history.ended) > 20 and good(history.best)``.
        If ``trials`` isn't given, a study also ends when all configs have been tried, where they can be counted.
    How
        ``searcher``: "random", "grid", "quasi-random" or an object (default: "grid" if nothing is left to
        draw, else "random"). ``scheduler``: "run-all" (the default), "median", ``tm.Asha(max_steps=...)`` or an object.
        ``engine`` says where trials run: "local" (the default) in processes of this machine, "spark" on the active
        session, "dask" on the active client, "driver" in threads of this process, "simulated" on virtual time. Each
        has settings, as in ``tm.Local(workers=4, gpus=1)`` or ``tm.Spark(session, workers=16)``. ``workers`` is the
        number of trials that run at a time (default: one for each core of this machine, or each slot of the
        cluster). ``seed`` makes the choices repeatable (default: a random seed, which is stored).
    What may go wrong
        A trial whose process dies is started again, with at most ``max_attempts`` attempts in all (default 3). A
        trial that runs longer than ``trial_timeout`` seconds fails (default: no limit). A trial that is told to stop
        is killed unless it reports or ends within ``stop_grace`` seconds (default 10). A trial that raises an
        exception fails, and the study goes on, unless the first ``failures`` trials (default 3) all fail alike.
        With ``failures="skip"`` it always goes on, and with ``failures="stop"`` the first failure ends it. With
        ``retry=2``, a trial that raises is tried up to twice more. With ``retry=(OSError,)`` this holds for
        exceptions of these types only, up to ``max_attempts`` attempts in all.
    Where it is kept
        Under ``name`` (default: the objective's name and the time) in ``store`` (default: ``TRIMMA_STORE``, or
        ``.trimma/studies.db``). With ``resume=True`` a study of that name goes on, if it asks the same.
    What trials save
        An objective that takes ``trial`` may save its model in ``trial.folder``, an empty folder of its own.
        ``study.best.folder`` is that of the best trial. ``keep`` says which folders stay: those of the "best" trial
        (the default), of so many of the best, of "all" that are done or stopped, or of "none". All others are removed
        as soon as their trials have ended. They are in ``folders`` (default: beside the store), which must be a folder
        that all machines share. ``checkpoints`` says where and how often trials save their state, so that they can go
        on after a pause or a loss: a folder, an address such as "s3://bucket/runs", or ``tm.Checkpoints(...)``
        (default: beside the store, and only when a trial is paused).
    How it is shown
        On standard error: in place in a terminal or a notebook, as lines elsewhere. ``progress=False`` shows nothing.
        A function as ``progress`` shows it in a way of your own: it is called with the engine, and returns a context
        manager of an observer, which is a function of ``(events, history, now)``. ``observers`` are further
        observers. Each is called in a thread of its own whenever something new was stored, and can neither slow the
        study down nor end it.

    Returns the `Study`, also when it was ended from elsewhere (see `Study.stop`). Raises `UsageError` and its kin for
    arguments that make no sense, `StudyExists` for a name that is taken, `StudyBusy` for a study that another process
    is running, `StudyFailed` when the first trials all fail alike, and, when everything is kept, KeyboardInterrupt
    after ctrl-C and SystemExit after SIGTERM and SIGHUP.

    >>> study = tm.tune(fit, tm.Space(lr=tm.Float(1e-4, 1, log=True)), minimize="loss", trials=50)
    >>> study.best.config
    """
    if isinstance(failures, str) and failures not in ("skip", "stop"):
        raise UsageError(f"failures={failures!r} must be 'skip', 'stop', or how many failures alike end a study")
    metric = metric_of(maximize, minimize, value)
    asked, recipe = searched(
        objective,
        space,
        metric,
        searcher=searcher,
        scheduler=scheduler,
        data=data,
        model=model,
        retry=retry,
        attempts=whole("max_attempts", max_attempts),
    )
    rule, own_rules = until_of(until, timeout, target, patience)
    if trials is None and rule is None and recipe.space is not None and recipe.space.size is None:
        raise UsageError("say when to end: trials=, timeout=, target=, patience= or until=; this space has no end")
    found = store_of(store)
    spec = structs.replace(
        asked,
        name=name_of(name, asked.objective, found),
        seed=seed_of(seed),
        trials=None if trials is None else whole("trials", trials),
        until=rule,
        trial_timeout=None if trial_timeout is None else seconds("trial_timeout", trial_timeout),
        stop_grace=seconds("stop_grace", stop_grace),
        folders=folders_of(folders),
        keep=keep_of(keep),
        checkpoints=checkpoints_of(checkpoints),
        failures_to_give_up=0 if isinstance(failures, str) else whole("failures", failures),
        stop_at_failure=failures == "stop",
    )
    recipe = dataclasses.replace(recipe, rules=own_rules)
    question = Question(spec=spec, recipe=recipe, seeded=seed is not None, resume=resume)
    return Study(found, launch(question, engine_of(engine, workers), found, progress=progress, observers=observers))
