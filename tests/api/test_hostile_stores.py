"""Stores that somebody else has made: whatever they hold, looking at them ends soon, with a table or a message."""

import contextlib
import io
import time
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import trimma as tm
from histories import Log
from trimma.cli import main
from trimma.errors import StoreError, TrimmaError
from trimma.events import Event, Logged, Reported, StudyCreated, TrialQueued
from trimma.space import Float, Space
from trimma.space.check_description import check_description

MOST_SECONDS = 30.0
SCALE = {"kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None}


class Kept(Log):
    """A log that also keeps its events."""

    def __init__(self, **spec: object) -> None:
        self.events: list[Event] = []
        super().__init__(space=Space(x=Float(0, 1)), **spec)

    def _record(self, kind, **fields):  # type: ignore[no-untyped-def]
        super()._record(kind, **fields)
        self.events.append(kind(at=self.now, **fields))


def events() -> list[Event]:
    log = Kept(trials=12)
    log.open()
    log.join("w")
    for trial in range(12):
        log.at(float(trial))
        number = log.start("w", x=trial / 12)
        log.curve(number, 1.0, 0.5)
        log.finish(number, loss=0.5)
    log.close()
    return log.events


def spec(**fields: object) -> list[Event]:
    first, *rest = events()
    assert isinstance(first, StudyCreated)
    return [replace(first, spec=replace(first.spec, **fields)), *rest]


def space(place: object) -> list[Event]:
    return spec(space=[{"x": place}])


def trials(**fields: object) -> list[Event]:
    return [replace(event, **fields) if isinstance(event, TrialQueued) else event for event in events()]


def reports(**fields: object) -> list[Event]:
    return [replace(event, **fields) if isinstance(event, Reported) else event for event in events()]


DAMAGED: dict[str, Callable[[], list[Event]]] = {
    "no metrics": lambda: spec(metrics=()),
    "a place without a kind": lambda: space({}),
    "a place that is a number": lambda: space(5),
    "a place that is nothing": lambda: space(None),
    "a bound that is a text": lambda: space(SCALE | {"low": "a"}),
    "bounds upside down": lambda: space(SCALE | {"low": 1e308, "high": -1e308}),
    "a log scale from zero": lambda: space(SCALE | {"log": True}),
    "a step of zero": lambda: space(SCALE | {"step": 0.0}),
    "an int without steps": lambda: space(SCALE | {"kind": "int"}),
    "options that are nothing": lambda: space({"kind": "choice", "options": None, "ordered": False}),
    "no options": lambda: space({"kind": "choice", "options": [], "ordered": False}),
    "values that are a number": lambda: space({"kind": "grid", "values": 3}),
    "a billion ranks": lambda: trials(ranks=10**9),
    "its own parent": lambda: [replace(e, parent=e.trial) if isinstance(e, TrialQueued) else e for e in events()],
    "a step beyond all bounds": lambda: reports(step=2**63),
    "an attempt that never was": lambda: reports(attempt=7),
}
ODD: dict[str, Callable[[], list[Event]]] = {
    "an unknown kind of place": lambda: space({"kind": "of tomorrow"}),
    "an unknown kind of study": lambda: spec(kind="of tomorrow"),
    "an ablation that asks nothing": lambda: spec(kind="ablation"),
    "an ablation that asks nonsense": lambda: spec(kind="ablation", asked={"components": 5}),
    "a hundred thousand options": lambda: space({"kind": "choice", "options": list(range(100_000)), "ordered": False}),
    "twenty thousand hyperparameters": lambda: spec(space=[{f"x{n}": SCALE for n in range(20_000)}]),
    "ten thousand parts": lambda: spec(space=[{"x": SCALE}] * 10_000),
    "a config of twenty thousand": lambda: [
        replace(e, config={f"k{n}": n for n in range(20_000)}) if isinstance(e, TrialQueued) and e.trial == 0 else e
        for e in events()
    ],
    "a long text": lambda: trials(config={"x": "a" * 1_000_000}),
    "a huge number": lambda: trials(config={"x": 2**63}),
    "a nested config": lambda: trials(config={"x": [[[{"a": [[]]}]]] * 50}),
    "a hundred thousand rungs": lambda: trials(rungs=tuple(range(100_000))),
    "a strange place": lambda: trials(place={"repeat": [1], "without": 5}),
    "twenty thousand metrics": lambda: reports(metrics={"loss": 1.0} | {f"m{n}": 1.0 for n in range(5_000)}),
    "times beyond all bounds": lambda: [replace(event, at=1e308) for event in events()],
    "times that go back": lambda: [replace(event, at=-float(n)) for n, event in enumerate(events())],
    "a long output": lambda: [
        part
        for e in events()
        for part in ([Logged(at=e.at, trial=e.trial, attempt=1, text="z" * 500_000), e] if type(e) is Reported else [e])
    ],
    "a million trials asked for": lambda: spec(trials=2**63),
}


def stored(tmp_path, made):
    path = tmp_path / "studies.db"
    store = tm.SQLiteStore(path)
    store.append("fashion", made, 0)
    sound = [
        replace(
            made[0],
            spec=replace(
                made[0].spec,
                name="sound",
                metrics=events()[0].spec.metrics,
                space=[],
                kind="search",
                asked={},
                trials=12,
            ),
        ),
        *events()[1:],
    ]
    store.append("sound", sound, 0)
    store.close()
    return path


def command(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.output


@pytest.mark.parametrize("what", DAMAGED)
def test_what_cannot_have_been_is_told(what: str, tmp_path) -> None:
    path = stored(tmp_path, DAMAGED[what]())
    with pytest.raises(StoreError, match=r"study 'fashion' can't be read, (for|at)"):
        tm.load("fashion", path)
    lines = command("ls", "--store", path).splitlines()
    assert lines[1].split() == ["fashion", "damaged"]
    assert lines[2].split()[:2] == ["sound", "finished"]
    assert "can't be read" in command("show", "fashion", "--store", path)
    assert command("rm", "fashion", "--yes", "--store", path) == "removed fashion\n"
    assert [study.name for study in tm.studies(path)] == ["sound"]


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_or_huge_is_looked_at_in_bounded_time(what: str, tmp_path) -> None:
    path = stored(tmp_path, ODD[what]())
    begin = time.monotonic()
    for words in (["ls"], ["show", "fashion"], ["show", "fashion", "--trial", 0], ["export", "fashion", "-"]):
        assert command(*words, "--store", path)
    study = tm.load("fashion", path)
    for look in (
        lambda: str(study),
        lambda: study.export(io.BytesIO(), "parquet"),
        lambda: study.export(io.StringIO(), "json"),
        lambda: study.plot.curves(),
        lambda: study.plot.history(),
    ):
        with contextlib.suppress(TrimmaError):
            look()
    assert repr(study).startswith(("<Study 'fashion'", "<AblationStudy 'fashion'"))
    assert len(study.output(0)) in (0, 1_000_000)
    assert time.monotonic() - begin < MOST_SECONDS


def test_every_kind_of_place_that_a_space_describes_is_taken() -> None:
    x = tm.Float(0.1, 1, log=True)
    made = tm.Space(
        x=x,
        y=tm.Int(1, 9, step=2),
        z=tm.Choice("a", None, (1, 2)),
        g=tm.Grid(1, 2),
        c=[1, {"k": None}],
        d=tm.Derived(lambda a: a, x),
        e=tm.Float(0, 1, step=0.1),
        linked=x,
        big=tm.Int(0, 2**40),
    )
    sampled = tm.Space(x=tm.Float(0, 1), n=tm.Int(1, 5)).sample(3, seed=1)
    check_description((made + sampled).describe())
