"""The demo's objective: a neural network that learns to read handwritten digits."""

from collections.abc import Callable
from typing import Any

from trimma.api.arguments import missing_store
from trimma.api.progress_view import View
from trimma.api.stored_studies import studies
from trimma.api.study import Study
from trimma.api.tune import tune
from trimma.errors import MissingExtra
from trimma.schedule import Asha
from trimma.space import Choice, Float, Int, Space

NAME = "demo"
STEPS = 27
SPACE = Space(
    learning_rate=Float(1e-4, 1e-1, log=True),
    width=Int(8, 128, log=True),
    layers=Int(1, 3),
    activation=Choice("relu", "tanh", "logistic"),
    penalty=Float(1e-6, 1e-1, log=True),
    batch=Choice(16, 32, 64, 128, ordered=True),
)


def digits() -> tuple[Any, Any, Any, Any]:
    """The 1,797 digits of scikit-learn: training images, training labels, validation images, validation labels.

    Images are arrays of shape (n, 64) with values from 0 to 1. Labels are whole numbers from 0 to 9, of shape (n,).
    """
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise MissingExtra("scikit-learn", "sklearn", "the demo") from error
    images, labels = load_digits(return_X_y=True)
    train_x, valid_x, train_y, valid_y = train_test_split(images / 16, labels, test_size=0.25, random_state=0)
    return train_x, train_y, valid_x, valid_y


def fit(
    learning_rate: float,
    width: int,
    layers: int,
    activation: str,
    penalty: float,
    batch: int,
    data: tuple[Any, Any, Any, Any],
    report: Callable[..., None],
) -> None:
    """Train a network for `STEPS` epochs, and report how well it reads digits that it has not seen."""
    from sklearn.neural_network import MLPClassifier

    train_x, train_y, valid_x, valid_y = data
    network = MLPClassifier(
        hidden_layer_sizes=(width,) * layers,
        activation=activation,
        learning_rate_init=learning_rate,
        alpha=penalty,
        batch_size=batch,
        random_state=0,
    )
    for _ in range(STEPS):
        network.partial_fit(train_x, train_y, classes=range(10))
        report(accuracy=network.score(valid_x, valid_y), loss=network.loss_)


def run(
    trials: int,
    workers: int | None,
    seed: int,
    store: str | None,
    progress: bool | View = True,
    engine: str = "local",
) -> Study:
    """Tune the network. If there is a demo that was interrupted, that one goes on."""
    data = digits()
    found = [] if missing_store(store) else studies(store)
    known = {study.name: study for study in found if study.name.startswith(NAME)}
    unfinished = next((name for name, study in known.items() if study.status in ("interrupted", "lost")), None)
    names = (NAME, *(f"{NAME}-{number}" for number in range(2, len(known) + 2)))
    return tune(
        fit,
        SPACE,
        maximize="accuracy",
        trials=trials,
        scheduler=Asha(max_steps=STEPS),
        engine=engine,
        workers=workers,
        seed=seed,
        data=data,
        store=store,
        name=unfinished or next(name for name in names if name not in known),
        resume=unfinished is not None,
        progress=progress,
    )
