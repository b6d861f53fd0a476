"""What does stopping early buy in the same time on the same Spark workers?

The experiment with which Maggy, the ancestor of asynchronous search on Spark, was introduced: a small convolutional
network, ``Searchspace(kernel=INTEGER [2, 8], pool=INTEGER [2, 8], dropout=DOUBLE [.01, .99])``, the same wall time and
the same workers for ASHA, for random search with the median rule, and for random search that trains each config to
the end. It was published with 442, 120 and 36 trials, and a best accuracy of .8136, .7958 and .7747.

Here the network is one convolution (eight filters of ``kernel`` x ``kernel``), a max pool of ``pool`` x ``pool``,
dropout, and a linear layer, in NumPy on one core, trained with Adam. Its data is Fashion-MNIST at half its resolution,
14 x 14 (2,560 images to train on, 1,000 to validate), when Debian's package ``dataset-fashion-mnist`` is installed,
else scikit-learn's digits (8 x 8). A step is a fifth of the images, a full training 27 steps; all report the accuracy
on the validation images after each step. Two workers on this machine (``local[2]``), a SQLite store, and a session
that is warm; the time runs from the call of `tune` and so includes the start of the workers.

A trial counts when it ended before the time was up, by itself or because the scheduler stopped it. *Configs tried*
are these trials. *Rung evaluations* count a trial once for each rung that it reached (the steps 1, 3, 9 and 27),
which is how a table counts that runs each promotion as a trial of its own.

The best validation accuracy is the best of many noisy measurements, and more so with more trials. So each best config
is also trained anew, to the end, and judged by images that were looked at by nobody (5,000 of Fashion-MNIST, 300
digits); the mean of three trainings.
"""

import gzip
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from harness import Claim, Report, in_turns, main, run_part, versions
from sessions import spark

WORKERS = 2
STEPS = 27
FILTERS = 8
BATCH = 128
FASHION = Path("/usr/share/datasets/fashion-mnist")

ASHA = "ASHA"
MEDIAN = "random search, median rule"
NONE = "random search without stopping"


# the data


def _fashion(which: str) -> tuple[Any, Any]:
    """Images at half their resolution, from 0 to 1, and labels."""
    with gzip.open(FASHION / f"{which}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 14, 2, 14, 2)
    with gzip.open(FASHION / f"{which}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return (images.mean(axis=(2, 4)) / 255).astype(np.float32), labels.astype(np.int64)


def load() -> tuple[str, dict[str, Any]]:
    """The name of the data, and its parts."""
    if FASHION.exists():
        images, labels = _fashion("train")
        test, test_labels = _fashion("t10k")
        order = np.random.default_rng(0).permutation(len(images))
        train, valid = order[:2560], order[2560:3560]
        return "Fashion-MNIST, 14 x 14", {
            "train": (images[train], labels[train]),
            "valid": (images[valid], labels[valid]),
            "test": (test[:5000], test_labels[:5000]),
        }
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = (digits.images / 16).astype(np.float32), digits.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(images))
    cuts = {"train": order[:1000], "valid": order[1000:1497], "test": order[1497:]}
    return "digits, 8 x 8", {name: (images[rows], labels[rows]) for name, rows in cuts.items()}


# the network


class Network:
    """A convolution, a max pool, dropout and a linear layer, with Adam."""

    def __init__(self, kernel: int, pool: int, dropout: float, size: int, seed: int) -> None:
        rng = self._rng = np.random.default_rng(seed)
        self._kernel, self._pool, self._dropout = kernel, pool, dropout
        self._side = -(-size // pool)
        features = self._side**2 * FILTERS
        shapes = {
            "filters": ((kernel**2, FILTERS), kernel**2),
            "bias": ((FILTERS,), 0),
            "weights": ((features, 10), features),
            "offset": ((10,), 0),
        }
        self._parts = {
            name: (rng.standard_normal(shape) * (2 / fan) ** 0.5 if fan else np.zeros(shape)).astype(np.float32)
            for name, (shape, fan) in shapes.items()
        }
        self._moments = {name: (np.zeros_like(part), np.zeros_like(part)) for name, part in self._parts.items()}
        self._updates = 0

    def _windows(self, images: Any) -> Any:
        """What each filter sees: one row for each pixel."""
        before = (self._kernel - 1) // 2
        padded = np.pad(images, ((0, 0), *[(before, self._kernel - 1 - before)] * 2))
        seen = np.lib.stride_tricks.sliding_window_view(padded, (self._kernel, self._kernel), axis=(1, 2))
        return seen.reshape(-1, self._kernel**2)

    def _forward(self, images: Any) -> tuple[Any, Any, Any]:
        """What the filters see, the cells of the pools, and the greatest of each."""
        windows = self._windows(images)
        size, pool, side = images.shape[1], self._pool, self._side
        active = np.maximum(windows @ self._parts["filters"] + self._parts["bias"], 0)
        active = active.reshape(len(images), size, size, FILTERS)
        more = side * pool - size
        cells = np.pad(active, ((0, 0), (0, more), (0, more), (0, 0)))
        cells = cells.reshape(len(images), side, pool, side, pool, FILTERS)
        return windows, cells, cells.max(axis=(2, 4), keepdims=True)

    def train(self, images: Any, labels: Any) -> None:
        """One update."""
        windows, cells, pooled = self._forward(images)
        count, size = len(images), images.shape[1]
        flat = pooled.reshape(count, -1)
        kept = (self._rng.random(flat.shape, dtype=np.float32) >= self._dropout) / np.float32(1 - self._dropout)
        flat = flat * kept
        wrong = softmax(flat @ self._parts["weights"] + self._parts["offset"])
        wrong[np.arange(count), labels] -= 1
        wrong /= count
        back = (wrong @ self._parts["weights"].T * kept).reshape(pooled.shape)
        # to the greatest of each cell, and through the ReLU
        slope = (back * ((cells == pooled) & (cells > 0))).astype(np.float32)
        full = self._side * self._pool
        slope = slope.reshape(count, full, full, FILTERS)[:, :size, :size].reshape(-1, FILTERS)
        self._update("filters", windows.T @ slope)
        self._update("bias", slope.sum(axis=0))
        self._update("weights", flat.T @ wrong)
        self._update("offset", wrong.sum(axis=0))

    def _update(self, name: str, gradient: Any, rate: float = 0.01) -> None:
        """Adam (Kingma and Ba, 2015) with its usual settings."""
        self._updates += name == "filters"
        first, second = self._moments[name]
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        step = first / (1 - 0.9**self._updates)
        self._parts[name] -= rate * step / (np.sqrt(second / (1 - 0.999**self._updates)) + 1e-8)

    def accuracy(self, images: Any, labels: Any) -> float:
        """The share of images that it gets right."""
        right = 0
        for start in range(0, len(images), 500):
            flat = self._forward(images[start : start + 500])[2].reshape(len(images[start : start + 500]), -1)
            scores = flat @ self._parts["weights"] + self._parts["offset"]
            right += int((scores.argmax(axis=1) == labels[start : start + 500]).sum())
        return right / len(images)


def softmax(scores: Any) -> Any:
    """Probabilities, row by row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def training(config: Mapping[str, Any], data: Mapping[str, Any], seed: int) -> Iterator["Network"]:
    """The network after each step."""
    images, labels = data["train"]
    network = Network(config["kernel"], config["pool"], config["dropout"], images.shape[1], seed)
    rng = np.random.default_rng(seed)
    rows: list[Any] = []
    for _ in range(STEPS):
        for _ in range(max(1, round(len(images) / BATCH / 5))):
            if not rows:
                rows = np.array_split(rng.permutation(len(images)), max(1, len(images) // BATCH))
            batch = rows.pop()
            network.train(images[batch], labels[batch])
        yield network


# the study


def objective(params: Mapping[str, Any], data: Mapping[str, Any], report: Callable[..., None], trial: Any) -> None:
    """Train one config, and report after each step."""
    for network in training(params, data, trial.id):
        report(accuracy=network.accuracy(*data["valid"]))


def study(kind: str, seconds: float, seed: int) -> dict[str, float]:
    """What one contender reaches in this time."""
    import trimma as tm

    _, data = load()
    asha = tm.Asha(max_steps=STEPS)
    scheduler = {ASHA: asha, MEDIAN: tm.MedianRule(), NONE: "run-all"}[kind]
    space = tm.Space(kernel=tm.Int(2, 8), pool=tm.Int(2, 8), dropout=tm.Float(0.01, 0.99))
    with spark(WORKERS) as session, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = tm.tune(
            objective, space, maximize="accuracy", timeout=seconds, searcher="random", scheduler=scheduler, seed=seed,
            data=data, engine=tm.Spark(session, workers=WORKERS), store=Path(folder) / "studies.db", progress=False,
        )  # fmt: skip
    counted = [trial for trial in found.trials if trial.state in ("done", "stopped") and not _cut(trial)]
    steps = [len(trial.curve) for trial in counted]
    best = max(found.trials, key=lambda trial: max(trial.curve.series("accuracy").values, default=0.0))
    return {
        "trials": len(counted),
        "stopped": sum(trial.state == "stopped" for trial in counted),
        "cut": sum(map(_cut, found.trials)),
        "failed": sum(trial.state == "failed" for trial in found.trials),
        "evaluations": sum(step >= rung for step in steps for rung in (*asha.rungs, STEPS)),
        "steps": sum(len(trial.curve) for trial in found.trials),
        "best": max(best.curve.series("accuracy").values),
        "test": fmean(_test(best.config, data, seed) for seed in range(3)),
    }


def _cut(trial: Any) -> bool:
    """Whether the end of the study ended this trial."""
    return trial.state == "stopped" and trial.reason.startswith("the study")


def _test(config: Mapping[str, Any], data: Mapping[str, Any], seed: int) -> float:
    *_, network = training(config, data, seed)
    return network.accuracy(*data["test"])


def pace() -> dict[str, Any]:
    """The seconds of a full training in the middle of the space, and its accuracy; the name of the data."""
    name, data = load()
    begin = time.perf_counter()
    *_, network = training({"kernel": 5, "pool": 4, "dropout": 0.3}, data, 0)
    return {"data": name, "seconds": time.perf_counter() - begin, "accuracy": network.accuracy(*data["valid"])}


PARTS = {function.__name__: function for function in (pace, study)}
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Run the three in turns."""
    repeats, seconds = (1, 20) if quick else (5, 30)

    def contender(kind: str) -> Callable[[], Any]:
        # the same seed for all in one repeat: all are given the same configs, as far as they come
        seeds = iter(range(repeats))
        return lambda: part("study", kind=kind, seconds=seconds, seed=next(seeds))

    samples, failed = in_turns(repeats, {kind: contender(kind) for kind in (ASHA, MEDIAN, NONE)})
    figures = (
        ("configs tried", "", "trials", 1),
        ("rung evaluations", "", "evaluations", 1),
        ("trials stopped early", "", "stopped", 1),
        ("steps of training", "", "steps", 1),
        ("best validation accuracy", "%", "best", 100),
        ("test accuracy of the best config, trained anew", "%", "test", 100),
    )
    claims = [
        Claim(
            what=f"{what}, {kind}",
            unit=unit,
            ours=[each[name] * scale for each in samples[kind]],
            peer=None if kind == NONE or name == "stopped" else NONE,
            theirs=[each[name] * scale for each in samples[NONE]] if kind != NONE and name != "stopped" else (),
            missing=failed.get(kind, ""),
        )
        for what, unit, name, scale in figures
        for kind in (ASHA, MEDIAN, NONE)
        if not (kind == NONE and name == "stopped")
    ]
    paced = part("pace")
    settings = {
        "repeats": repeats,
        "seconds": seconds,
        "workers": WORKERS,
        "steps": STEPS,
        "data": paced["data"],
        "seconds_of_a_full_training": round(paced["seconds"], 2),
        "cut_at_the_end": {kind: median(each["cut"] for each in rows) for kind, rows in samples.items() if rows},
        "versions": versions("trimma", "pyspark", "numpy"),
    }
    return Report(claims=claims, settings=settings)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
