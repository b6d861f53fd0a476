"""The arguments of the front door, checked and converted."""

import operator
import os
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from trimma.api.own_stopping_rules import StoppingRule, as_rule, functions_in
from trimma.core.own_rules import OwnRules
from trimma.data import portable
from trimma.errors import StoreError, UsageError
from trimma.ports import Engine, Store
from trimma.registry import find, names, resolve
from trimma.space import Space
from trimma.spec import Metric
from trimma.stopping import Patience, Rule, Target, Timeout

STORE_VARIABLE = "TRIMMA_STORE"
DEFAULT_STORE = Path(".trimma") / "studies.db"


def metric_of(maximize: Any, minimize: Any, value: Any = "last") -> Metric:
    """The study's metric, its direction, and which value of a trial counts.

    Raises `UsageError` unless exactly one name is given, and ``value`` is "last" or "best".
    """
    if maximize is not None and minimize is not None:
        raise UsageError(
            f"maximize={maximize!r} and minimize={minimize!r}: a study has one metric that decides; give one of them"
        )
    name = maximize if maximize is not None else minimize
    if name is None:
        raise UsageError("say which metric decides: maximize='accuracy', or minimize='loss'")
    if not isinstance(name, str) or not name:
        raise UsageError(f"the metric is named by a text such as 'accuracy', not {name!r}")
    if value not in ("last", "best"):
        raise UsageError(f"value={value!r}: which value of a trial counts is 'last' or 'best'")
    return Metric(name=name, maximize=maximize is not None, value=value)


def retry_of(retry: Any, max_attempts: int) -> tuple[int, tuple[type[Exception], ...]]:
    """How often a trial is tried again after an exception, and after exceptions of which types.

    Raises `UsageError` unless ``retry`` is a whole number, or a type of exceptions or a tuple of them.
    """
    types = retry if isinstance(retry, tuple) else (retry,)
    if types and all(isinstance(each, type) and issubclass(each, Exception) for each in types):
        return max_attempts - 1, types
    if isinstance(retry, bool) or not isinstance(retry, int) or retry < 0:
        raise UsageError(
            f"retry={retry!r} must be a whole number of times, 0 or more, or types of exceptions such as (OSError,)"
        )
    return retry, (Exception,) if retry else ()


def space_of(space: Any) -> Space:
    """The space. It may also be given as a plain mapping."""
    if isinstance(space, Space):
        return space
    if isinstance(space, Mapping):
        return Space(space)
    raise UsageError(f"the space is a tm.Space(...) or a dict, not {type(space).__name__}: {space!r}")


def whole(name: str, value: Any, least: int = 1) -> int:
    """The value as an int. Raises `UsageError` unless it is a whole number of at least ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise UsageError(f"{name}={value!r} must be a whole number, {least} or more")
    return number


def seed_of(seed: Any) -> int:
    """The seed that was given, or a random one."""
    return int.from_bytes(os.urandom(4), "big") if seed is None else whole("seed", seed, 0)


def seconds(name: str, value: Any) -> float:
    """The value as a duration in seconds. Raises `UsageError` unless it is a number above zero."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise UsageError(f"{name}={value!r} must be a number of seconds above zero")
    return float(value)


def until_of(
    until: StoppingRule | None, timeout: float | None, target: float | None, patience: int | Patience | None
) -> tuple[Rule | None, OwnRules]:
    """One rule that is met when any of those given is met, or None, and the functions that it names."""
    rules: list[Rule] = []
    functions: OwnRules = {}
    if until is not None:
        functions = functions_in(until)
        rules.append(as_rule(until))
    if timeout is not None:
        rules.append(Timeout(seconds("timeout", timeout)))
    if target is not None:
        rules.append(Target(target))
    if patience is not None:
        rules.append(patience if isinstance(patience, Patience) else Patience(whole("patience", patience)))
    combined: Rule | None = None
    for rule in rules:
        combined = rule if combined is None else combined | rule
    return combined, functions


def engine_of(engine: str | Engine, workers: int | None) -> Engine:
    """The engine. If it is given by name, it is made with ``workers``. Raises `UsageError` when it can't be."""
    if workers is None:
        found: Engine = resolve("engine", engine, ["poll"])
        return found
    count = whole("workers", workers)
    if not isinstance(engine, str):
        raise UsageError(f"workers={workers} beside engine={engine!r}: give the number to the engine")
    plug_in = find("engine", engine)
    sized: Engine = plug_in(workers=count) if "workers" in signature(plug_in).parameters else plug_in(count)
    return sized


def data_of(data: Any, engine: Engine) -> Any:
    """The data in the form in which trials get it. An engine that runs them in this process takes it as it is."""
    return data if in_process(engine) else portable(data)


def in_process(engine: Engine) -> bool:
    """Whether the engine runs the objective in this process, without pickling it."""
    return bool(getattr(engine, "in_process", False))


def store_of(store: str | Path | Store | None) -> Store:
    """The store: a store object, "memory", or the file with this path.

    By default it is the file that ``TRIMMA_STORE`` names, or else ``.trimma/studies.db``.
    """
    path = _path_of(store)
    if path is None:
        found: Store = resolve("store", store, ["append"])
        return found
    if path == DEFAULT_STORE and not path.exists():
        _keep_out_of_git(path.parent)
    from trimma.stores import SQLiteStore

    return SQLiteStore(path)


def missing_store(store: str | Path | Store | None) -> Path | None:
    """The path of the store if there is no such file, otherwise None."""
    path = _path_of(store)
    return path if path is not None and not path.exists() else None


def _path_of(store: str | Path | Store | None) -> Path | None:
    if store is None:
        store = os.environ.get(STORE_VARIABLE) or DEFAULT_STORE
    return Path(store) if isinstance(store, str | Path) and store not in names("store") else None


def _keep_out_of_git(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the folder {folder.absolute()}, in which studies are kept, can't be written ({error.strerror}): "
            f"name another file with store= or {STORE_VARIABLE}"
        ) from error
