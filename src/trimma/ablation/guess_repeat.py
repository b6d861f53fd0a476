"""Guesses what a repeat is from how the objective uses ``split`` and ``seed``, where that can be told."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from trimma.ablation.repeat_kinds import Fold, RandomSplit, RepeatKind, Seed

SPLITTERS = {"train_test_split": 0.25, "ShuffleSplit": 0.1, "StratifiedShuffleSplit": 0.1, "GroupShuffleSplit": 0.2}
"""Functions and classes of scikit-learn that split at random, with the share that is for testing unless it is said."""

FOLDS = ("KFold", "StratifiedKFold", "GroupKFold", "StratifiedGroupKFold")
_SEEDS = {"split", "seed"}


def guessed_repeat(objective: Callable[..., Any]) -> RepeatKind | None:
    """What a repeat is for the ``objective``; None where its source doesn't tell.

    A random split is one of scikit-learn's functions with a random state made of ``split`` or ``seed``. A fold is
    chosen by ``split`` modulo the number of folds. Where ``split`` isn't used, repeats differ by their seeds.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(objective)))
    except (OSError, TypeError, SyntaxError):
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    shares = {_test_share(call) for call in calls if _name(call) in SPLITTERS and _seeded(call)}
    if shares:
        share = shares.pop()
        return RandomSplit(share) if share is not None and not shares else None
    folds = {_number(call, "n_splits", 5) for call in calls if _name(call) in FOLDS}
    if len(folds) == 1 and folds == set(_modulos(tree)):
        count = folds.pop()
        return Fold(int(count)) if count is not None and count >= 2 else None
    opened = any(isinstance(node, ast.arguments) and node.kwarg is not None for node in ast.walk(tree))
    # a call may hand the seed to whatever divides the data, whose source isn't looked at
    used = any(isinstance(node, ast.Name) and node.id == "split" for node in ast.walk(tree))
    return None if used or opened else Seed()


def _name(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _seeded(call: ast.Call) -> bool:
    states = [keyword.value for keyword in call.keywords if keyword.arg == "random_state"]
    return any(isinstance(node, ast.Name) and node.id in _SEEDS for state in states for node in ast.walk(state))


def _test_share(call: ast.Call) -> float | None:
    """The share of the rows that is for testing; None where it isn't a plain share."""
    test, train = (_number(call, name, -1.0) for name in ("test_size", "train_size"))
    if test is None or train is None:
        return None
    share = test if test >= 0 else round(1.0 - train, 9) if train >= 0 else SPLITTERS[_name(call)]
    return share if 0 < share < 1 else None


def _number(call: ast.Call, name: str, default: float) -> float | None:
    """The number that the call is given by this name, or ``default`` if it is given none; None for anything else."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == name]
    if name == "n_splits" and call.args:
        given = [call.args[0]]
    if not given:
        return default
    value = given[0].value if isinstance(given[0], ast.Constant) else None
    return value if isinstance(value, int | float) else None


def _modulos(tree: ast.AST) -> Iterator[float]:
    """By which numbers ``split`` is taken modulo."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Constant):
            left, right = node.left, node.right.value
            if isinstance(left, ast.Name) and left.id == "split" and isinstance(right, int | float):
                yield right
