"""Contract suites for the designs of an ablation and for kinds of component."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cloudpickle

from trimma.ablation.analyses import plan_named, plan_of
from trimma.ablation.findings import analysis
from trimma.ablation.measured import cells
from trimma.ablation.order import Blocks
from trimma.ablation.places import AGAIN, REPEAT, WITHOUT, CellKey, key_of, keys_of
from trimma.ablation.protocols import Asked, ComponentKind, Design
from trimma.ablation.question import KIND, Ablation, Component, plain
from trimma.ablation.repeats import FixedRepeats, Repeats
from trimma.ablation.retune import Retune
from trimma.display.plots import Plots
from trimma.engines.simulated import Simulated
from trimma.loop import extend, replay
from trimma.ports import History, Store
from trimma.program import Inputs, derived
from trimma.testing.studies import StudyRun, cut, run_study
from trimma.trial import State, Trial

WORTH = {"a": 3.0, "b": 1.0, "c": 0.0, "d": -1.0}
COMPONENTS = tuple(Component(name=name, kind="setting", members=(name,)) for name in WORTH)


@dataclass(frozen=True)
class Handed:
    """Variants that add a trial's place to the arguments of the objective."""

    params: Mapping[str, Any] = field(default_factory=dict)

    def inputs(self, place: Mapping[str, Any], whole: Inputs) -> Inputs:
        return replace(whole, params={**self.params, **place, **whole.params})


def additive(params: Mapping[str, Any]) -> Iterator[float]:
    """An objective with the `COMPONENTS`, each worth what `WORTH` says. Each repeat and each training adds noise."""
    without, repeat = params[WITHOUT], params[REPEAT]
    shift = derived("repeat", repeat) / 2**32
    config = sorted((name, value) for name, value in params.items() if name not in (WITHOUT, REPEAT, AGAIN))
    noise = derived("noise", without, repeat, config) / 2**32
    yield 10 + shift + 0.3 * noise - sum(WORTH[name] for name in without)


def seconds(config: Mapping[str, Any], step: int) -> float:
    """How many seconds a training takes: fewer the more is left out, except that leaving out *b* makes it longer."""
    return 4.0 - len(config["without"]) + ("b" in config["without"]) * 5


def asked(repeats: int = 3, *, maximize: bool = True) -> Asked:
    """What a design may know of its study, for tests."""
    return Asked(seed=0, repeats=repeats, maximize=maximize)


def run_ablation(
    design: Design,
    repeats: int | Repeats = 3,
    *,
    retune: Retune | None = None,
    engine: Simulated | None = None,
    **more: Any,
) -> StudyRun:
    """An ablation of `COMPONENTS` on virtual time, or its continuation where ``store`` holds it; see `run_study`."""
    times = FixedRepeats(repeats) if isinstance(repeats, int) else repeats
    question = Ablation(
        components=COMPONENTS,
        whole="",
        design=repr(design),
        analysis=plan_of(design).name,
        reference=design.arms(COMPONENTS, 0, (), asked(times.most))[0],
        repeats=times.most,
        looks=getattr(times, "looks", ()),
        tries=retune.trials if retune else 1,
    )
    given: dict[str, Any] = {"objective": additive, "maximize": True, "trials": None, "max_attempts": 20}
    given = given | {"variants": Handed()} | more
    searcher = Blocks(design, retune)
    told: dict[str, Any] = {"kind": KIND, "asked": plain(question), "planned": searcher.planned(question)}
    _ask_more(told, **given)
    return run_study(searcher, engine=engine or Simulated(3, seconds=seconds), **told, **given)


def _ask_more(told: Mapping[str, Any], store: Store | None = None, name: str = "study", **_: Any) -> None:
    """If the store holds the study already, have the study ask what is asked now."""
    if store is None or name not in store.studies():
        return
    ledger = replay(store, name)
    if ledger.history.spec.asked != told["asked"]:
        with store.claim(name):
            extend(ledger, store, told["asked"], told["planned"], None, ledger.history.sessions[-1].end)


def key(trial: Trial) -> CellKey:
    """The cell that a trial belongs to."""
    return key_of(trial.place)


def keys(history: History) -> Counter[CellKey]:
    """How many trials each cell has."""
    return Counter(map(key, history.trials))


class DesignContract:
    """The promises of every design. Subclass it, and say how to make a design.

    ::

        class TestMyDesign(DesignContract):
            def make(self) -> Design:
                return MyDesign(order=2)
    """

    def make(self) -> Design:
        raise NotImplementedError

    def test_its_analysis_is_found_by_its_name(self) -> None:
        plan = plan_of(self.make())
        assert plan_named(plan.name) == plan

    def test_there_are_such_pictures_as_its_analysis_names(self) -> None:
        assert all(callable(getattr(Plots, picture, None)) for picture in plan_of(self.make()).pictures)

    def test_arms_are_sets_of_components_in_their_order_each_but_the_first_once(self) -> None:
        design, names = self.make(), [component.name for component in COMPONENTS]
        for repeat in range(3):
            arms = list(design.arms(COMPONENTS, repeat, (), asked()))
            others = [arm for arm in arms if arm != arms[0]]
            assert len(set(others)) == len(others)
            for arm in arms:
                assert sorted(arm, key=names.index) == list(arm)

    def test_the_first_arm_is_the_same_in_all_repeats(self) -> None:
        design = self.make()
        assert len({tuple(design.arms(COMPONENTS, repeat, (), asked())[0]) for repeat in range(3)}) == 1

    def test_arms_are_a_function_of_what_is_given(self) -> None:
        for repeat in range(3):
            mine, other = (self.make().arms(COMPONENTS, repeat, (), asked()) for _ in range(2))
            assert list(mine) == list(other)

    def test_there_are_no_more_trainings_than_it_says(self) -> None:
        design = self.make()
        for repeats in (1, 3):
            assert 0 < run_ablation(design, repeats).history.trial_count <= design.trainings(COMPONENTS, repeats)

    def test_each_cell_is_run_once(self) -> None:
        history = run_ablation(self.make()).history
        assert set(keys(history).values()) == {1}
        assert all(trial.state is State.DONE for trial in history.trials)
        assert len(cells(history)) == history.trial_count

    def test_arms_become_more_and_never_fewer(self) -> None:
        design = self.make()
        ended = cells(run_ablation(design).history)
        for repeat in range(3):
            before: set[CellKey] = set()
            for count in range(len(ended) + 1):
                arms = set(keys_of(design.arms(COMPONENTS, repeat, ended[:count], asked()), repeat))
                assert before <= arms
                before = arms

    def test_a_study_goes_on_from_every_prefix_of_its_log(self) -> None:
        def crashing(seed: int) -> Simulated:
            return Simulated(3, seconds=seconds, straggle=0.5, crash=0.05, seed=seed)

        design = self.make()
        whole = run_ablation(design, 2, engine=crashing(1))
        for length in range(1, len(whole.events) + 1, 1 if len(whole.events) < 120 else 7):
            resumed = run_ablation(design, 2, engine=crashing(length), store=cut(whole.events, length))
            assert keys(resumed.history) == keys(whole.history)
            assert all(trial.state is State.DONE for trial in resumed.history.trials)

    def test_the_same_seed_gives_the_same_log(self) -> None:
        assert run_ablation(self.make()).records == run_ablation(self.make()).records

    def test_its_effects_can_be_told_at_any_time(self) -> None:
        whole = run_ablation(self.make(), 2)
        names = {component.name for component in COMPONENTS}
        for length in range(2, len(whole.events) + 1, 5):
            found = analysis(replay(cut(whole.events, length), whole.name).history)
            assert {effect.name for effect in found.effects} <= names


class ComponentContract:
    """The promises of every kind of component.

    Subclass it, and say how to make a kind of component, how to make inputs that have such components, and how to
    compare inputs.

    ::

        class TestColumns(ComponentContract):
            def make(self) -> ComponentKind:
                return Columns("a", "b")

            def inputs(self) -> Inputs:
                return Inputs(params={}, data=pd.DataFrame({"a": [1], "b": [2], "c": [3]}))

            def plain(self, inputs: Inputs) -> object:
                return inputs.data.to_dict()
    """

    def make(self) -> ComponentKind:
        raise NotImplementedError

    def inputs(self) -> Inputs:
        raise NotImplementedError

    def plain(self, inputs: Inputs) -> object:
        """What the objective would see of ``inputs``, as a value that can be compared."""
        raise NotImplementedError

    def test_components_have_names_of_their_own(self) -> None:
        found = self._found()
        assert found
        assert len({component.name for component in found}) == len(found)
        assert all(component.kind and component.members for component in found)

    def test_components_are_the_same_each_time(self) -> None:
        assert list(self._found()) == list(self._found())

    def test_leaving_out_changes_what_the_objective_sees(self) -> None:
        whole = self.plain(self.inputs())
        for component in self._found():
            assert self.plain(self.make().remove(self.inputs(), [component])) != whole

    def test_leaving_out_nothing_changes_nothing(self) -> None:
        assert self.plain(self.make().remove(self.inputs(), [])) == self.plain(self.inputs())

    def test_what_is_given_stays_as_it_is(self) -> None:
        inputs = self.inputs()
        before = self.plain(inputs)
        for component in self._found():
            self.make().remove(inputs, [component])
        assert self.plain(inputs) == before

    def test_the_same_is_left_out_each_time(self) -> None:
        for component in self._found():
            first, second = (self.plain(self.make().remove(self.inputs(), [component])) for _ in range(2))
            assert first == second

    def test_it_travels_to_workers(self) -> None:
        sent = cloudpickle.loads(cloudpickle.dumps(self.make()))
        for component in self._found():
            there, here = (self.plain(kind.remove(self.inputs(), [component])) for kind in (sent, self.make()))
            assert there == here

    def test_its_settings_can_be_read(self) -> None:
        assert "object at 0x" not in repr(self.make())

    def _found(self) -> Sequence[Component]:
        return self.make().components(self.inputs())
