"""Which workers get fresh processes, and which trials are tried again in one: facts in, events and commands out."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from trimma import events as ev
from trimma.commands import Command, Renew
from trimma.core import Policy, Turn, reopen, step
from trimma.engines import Simulated
from trimma.errors import IllegalMove, UsageError
from trimma.facts import Grown, Joined, Left, Raised, Returned
from trimma.ledger import Ledger
from trimma.ports import CONTINUE, History, RenewSetting, Suggestion, Verdict
from trimma.requests import ChangeTrials
from trimma.search import RandomSearch
from trimma.spec import Metric, StudySpec
from trimma.testing import cut, run_study
from trimma.trial import State, Trial


class Plan:
    """Suggests as many trials as there is room for."""

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return [Suggestion(config={}) for _ in range(free)]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return CONTINUE


class Stage:
    """A study whose workers do as they are told to by a test."""

    def __init__(self, workers: int = 1, trials: int = 20, renew: RenewSetting = "failure", **spec: Any) -> None:
        self.ledger, self.renew = Ledger(), renew
        self.events: list[ev.Event] = []
        self.commands: list[Command] = []
        metrics = (Metric(name="m", maximize=True),)
        asked = StudySpec(name="s", metrics=metrics, seed=0, **{"failures_to_give_up": 0} | spec)
        self.ledger.fold(ev.StudyCreated(at=0.0, spec=asked))
        reopen(self.ledger, trials, None, 0.0)
        self.tell(*(Joined(worker=f"w{number}") for number in range(workers)))

    @property
    def history(self) -> History:
        return self.ledger.history

    def tell(self, *facts: Any) -> Turn:
        turn = step(self.ledger, Policy(Plan()), facts, 0.0, renew=self.renew)
        self.events += turn.events
        self.commands += turn.commands
        return turn

    def on(self, worker: str = "w0") -> Trial:
        trial = self.history.trial_on(worker)
        assert trial is not None, f"{worker} has no trial"
        return trial

    def ok(self, worker: str = "w0") -> int:
        return self._end(worker, Returned, metrics={"m": 1.0})

    def fail(self, worker: str = "w0", message: str = "no", *, of_process: bool = False, **more: Any) -> int:
        failure = ev.Failure(kind="RuntimeError", message=message)
        return self._end(worker, Raised, failure=failure, of_process=of_process, **more)

    def _end(self, worker: str, kind: Any, **fields: Any) -> int:
        trial = self.on(worker)
        self.tell(kind(trial=trial.id, attempt=trial.attempt, **fields))
        return trial.id

    @property
    def renewals(self) -> list[tuple[str, str]]:
        """The workers that were renewed, and why."""
        told = [(event.worker, event.cause) for event in self.events if isinstance(event, ev.WorkerRenewed)]
        assert [worker for worker, _ in told] == [each.worker for each in self.commands if isinstance(each, Renew)]
        return told

    def state(self, trial: int) -> State:
        return self.history.trials[trial].state


SPOILED = "CUDA error: device-side assert triggered"


def test_a_spoiled_process_is_renewed_and_its_trial_tried_again_in_the_fresh_one() -> None:
    stage = Stage()
    stage.ok()
    trial = stage.fail(message=SPOILED, of_process=True)
    assert stage.state(trial) is State.QUEUED
    assert not stage.history.workers
    assert not stage.history.idle
    assert list(stage.history.renewing) == ["w0"]
    ((worker, cause),) = stage.renewals
    assert worker == "w0"
    assert cause == f"trial 1 failed as in a spoiled process, with RuntimeError: {SPOILED}"
    (lost,) = [event for event in stage.events if isinstance(event, ev.TrialLost)]
    assert (lost.trial, lost.spoiled, lost.crashed, lost.raised) == (1, True, False, False)
    assert [event.text for event in stage.events if isinstance(event, ev.Logged)] == [
        f"raised, and is tried again in a fresh process: RuntimeError: {SPOILED}\n"
    ]
    stage.tell(Joined(worker="w0"))
    assert (stage.on().id, stage.on().attempt) == (trial, 2)
    assert not stage.history.renewing
    assert not stage.history.awaiting_fresh
    stage.ok()
    again = stage.history.trials[trial]
    assert (again.state, again.spoiled, again.crashes, again.losses, again.retries) == (State.DONE, 1, 0, 0, 0)


def test_what_fails_in_a_fresh_process_too_is_the_trial_s_own_failure() -> None:
    stage = Stage()
    stage.ok()
    trial = stage.fail(message=SPOILED, of_process=True)
    stage.tell(Joined(worker="w0"))
    assert stage.fail(message=SPOILED, of_process=True) == trial
    assert stage.state(trial) is State.FAILED
    assert str(stage.history.trials[trial].failure) == f"RuntimeError: {SPOILED}"
    assert len(stage.renewals) == 2, "the process is spoiled again all the same"


def test_what_fails_first_in_its_process_is_not_tried_again() -> None:
    stage = Stage()
    trial = stage.fail(of_process=True)
    assert (stage.state(trial), stage.history.trials[trial].attempt) == (State.FAILED, 1)
    assert [worker for worker, _ in stage.renewals] == ["w0"]


def test_a_trial_waits_for_a_fresh_process_while_others_pass_it() -> None:
    stage = Stage(workers=2)
    stage.ok("w0")
    stage.ok("w1")
    trial = stage.fail("w0", of_process=True)
    others = {stage.ok("w1") for _ in range(3)}
    assert stage.state(trial) is State.QUEUED
    assert trial not in others
    stage.tell(Joined(worker="w0"))
    assert stage.on("w0").id == trial


def test_where_no_fresh_process_is_coming_a_worker_is_renewed_for_it() -> None:
    stage = Stage(workers=2)
    stage.ok("w0")
    stage.ok("w1")
    trial = stage.fail("w0", of_process=True)
    stage.tell(Left(worker="w0", cause="its machine is gone", crashed=False))
    assert not stage.history.renewing
    stage.ok("w1")
    assert [worker for worker, _ in stage.renewals] == ["w0", "w1"]
    stage.tell(Joined(worker="w1"))
    assert stage.on("w1").id == trial


def test_without_renewals_nothing_waits_for_one() -> None:
    stage = Stage()
    stage.ok()
    trial = stage.fail(of_process=True)
    stage.renew = None
    stage.tell(Joined(worker="w0"))
    stage.ok()
    assert stage.state(trial) is State.DONE
    failed = stage.fail(of_process=True)
    assert stage.state(failed) is State.FAILED
    assert len(stage.renewals) == 1


def test_a_trial_in_a_fresh_process_outlives_a_resume() -> None:
    stage = Stage()
    stage.ok()
    trial = stage.fail(of_process=True)
    reopen(stage.ledger, 20, None, 1.0)
    assert not stage.history.renewing
    stage.tell(Joined(worker="w0"))
    assert stage.on().id == trial


def test_one_worker_that_fails_alike_while_another_does_well() -> None:
    stage = Stage(workers=2)
    for _ in range(2):
        stage.fail("w0", "the session is closed")
        stage.ok("w1")
    assert not stage.renewals
    trial = stage.fail("w0", "the session is closed")
    assert stage.state(trial) is State.QUEUED
    ((worker, cause),) = stage.renewals
    assert worker == "w0"
    assert cause == "3 trials in a row failed alike, while others did well, with RuntimeError: the session is closed"
    assert stage.history.counts[State.FAILED] == 2


def test_one_worker_that_fails_alike_after_it_did_well() -> None:
    stage = Stage()
    stage.ok()
    for number in range(3):
        stage.fail(message=f"{number} files are open")
    assert len(stage.renewals) == 1
    assert stage.history.counts[State.FAILED] == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_where_nothing_goes_well_no_process_is_suspected(workers: int) -> None:
    stage = Stage(workers)
    for _ in range(6):
        for number in range(workers):
            stage.fail(f"w{number}")
    assert not stage.renewals


def test_other_failures_and_successes_between_them_are_no_row() -> None:
    stage = Stage()
    stage.ok()
    for message in ("a", "a", "b", "b", "a", "a"):
        stage.fail(message=message)
    stage.ok()
    stage.fail(message="a")
    assert not stage.renewals


def test_each_suspicion_that_proved_wrong_makes_the_next_one_rarer() -> None:
    stage = Stage(trials=400)
    stage.ok()
    for _ in range(200):
        if stage.history.renewing:
            stage.tell(Joined(worker="w0"))
            stage.fail()
            stage.ok()
        stage.fail()
    assert len(stage.renewals) < 8
    assert stage.history.counts[State.QUEUED] <= 1
    assert max(trial.attempt for trial in stage.history.trials) == 2


def test_after_each_number_of_trials() -> None:
    stage = Stage(workers=2, trials=8, renew=2)
    for _ in range(2):
        for worker in ("w0", "w1"):
            stage.ok(worker)
    assert [worker for worker, _ in stage.renewals] == ["w0", "w1"]
    assert {cause for _, cause in stage.renewals} == {"renew=2 asks for a fresh process after 2 trials"}
    assert all(event.asked for event in stage.events if isinstance(event, ev.WorkerRenewed))
    stage.tell(Joined(worker="w0"), Joined(worker="w1"))
    stage.fail("w0", of_process=True)
    assert len(stage.renewals) == 3, "a spoiled process doesn't wait for its number"
    assert not isinstance(stage.events[-1], ev.StudyClosed)


def test_nothing_is_renewed_when_nothing_is_left_to_do() -> None:
    stage = Stage(workers=2, trials=2, renew=1)
    stage.ok("w0")
    assert not stage.renewals
    stage.tell(ChangeTrials(trials=3))
    assert stage.on("w0").id == 2, "it isn't worth a wait"
    stage.ok("w1")
    stage.ok("w0")
    assert stage.history.closed


def test_a_worker_is_renewed_where_it_is_idle() -> None:
    stage = Stage()
    with pytest.raises(IllegalMove, match="worker w0 was renewed, but isn't idle"):
        stage.ledger.fold(ev.WorkerRenewed(at=1.0, worker="w0", cause=""))


def test_with_retries_on_request_both_are_tried() -> None:
    stage = Stage(retry=1)
    stage.ok()
    trial = stage.fail(of_process=True, again=True)
    stage.tell(Joined(worker="w0"))
    stage.fail(of_process=True, again=True)
    stage.tell(Joined(worker="w0"))
    stage.fail(of_process=True, again=True)
    told = stage.history.trials[trial]
    assert (told.state, told.attempt, told.spoiled, told.retries) == (State.FAILED, 3, 1, 1)


KINDS = ("good", "good", "good", "spoils", "too large", "wrong")


@given(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=14),
    st.integers(1, 3),
    st.sampled_from(["failure", 1, 3]),
    st.randoms(use_true_random=False),
)
def test_any_order_of_ends_joins_and_losses(kinds: list[str], workers: int, renew: RenewSetting, chance: Any) -> None:
    """Whatever happens first, a spoiled process takes no other trial with it, and nothing is tried without end."""
    stage = Stage(workers, len(kinds), renew)
    spoiled: set[str] = set()
    for _ in count():
        history = stage.history
        if history.closed:
            break
        worker = chance.choice([f"w{number}" for number in range(workers)])
        trial = history.trial_on(worker)
        if trial is None:
            if worker not in history.workers:
                spoiled.discard(worker)
                lost = [Left(worker=worker, cause="gone")] if chance.random() < 0.2 else []
                stage.tell(*lost, Joined(worker=worker))
        elif chance.random() < 0.1 and trial.losses < 5:
            stage.tell(Left(worker=worker, cause="gone", crashed=False))
        elif kinds[trial.id] == "wrong":
            stage.fail(worker)
        elif kinds[trial.id] == "good" and worker not in spoiled:
            stage.ok(worker)
        else:
            spoiled |= {worker} if kinds[trial.id] == "spoils" else set()
            stage.fail(worker, kinds[trial.id], of_process=True)
        assert not spoiled & set(stage.history.idle), "a spoiled process gets no other trial"
        assert not {*history.renewing} & {*history.workers}
    for trial, kind in zip(stage.history.trials, kinds, strict=True):
        assert trial.state is (State.DONE if kind == "good" else State.FAILED)
        assert trial.attempt <= 2 + trial.losses
    again = Ledger()
    again.fold(ev.StudyCreated(at=0.0, spec=stage.history.original))
    reopen(again, len(kinds), None, 0.0)
    for event in stage.events:
        again.fold(event)
    assert again.history.counts == stage.history.counts
    assert again.history.exonerated == stage.history.exonerated


def test_on_virtual_time_it_takes_a_restart() -> None:
    def fit(trial: Any) -> float:
        if trial.id == 3 and trial.attempt == 1:
            raise MemoryError
        return float(trial.attempt)

    done = run_study(RandomSearch(), objective=fit, engine=Simulated(1, restart=5.0), trials=6)
    assert done.history.counts[State.DONE] == 6
    assert [trial.value for trial in done.history.trials] == [1.0, 1.0, 1.0, 2.0, 1.0, 1.0]
    assert [(stay.renewed, stay.end) for stay in done.history.stays][:1] == [(True, done.history.stays[1].start - 5.0)]
    assert done.records == run_study(RandomSearch(), objective=fit, engine=Simulated(1, restart=5.0), trials=6).records
    never = run_study(RandomSearch(), objective=fit, engine=Simulated(1, renew=None), trials=6)
    assert never.history.counts[State.FAILED] == 1


def flaky(trial: Any) -> float:
    if trial.id % 3 == 2 and trial.attempt == 1:
        raise MemoryError
    if trial.id == 4:
        raise MemoryError
    return float(trial.id)


@pytest.mark.parametrize("planning", [0.0, 0.4])
@pytest.mark.parametrize("renew", ["failure", 2])
def test_a_study_can_be_resumed_from_every_prefix(renew: Any, planning: float) -> None:
    def study(store: Any = None) -> Any:
        engine = Simulated(2, restart=1.5, renew=renew, planning=planning)
        return run_study(RandomSearch(), objective=flaky, engine=engine, trials=9, store=store)

    whole = study().events
    assert any(isinstance(event, ev.WorkerRenewed) for event in whole)
    for length in range(1, len(whole) + 1):
        history = study(cut(whole, length)).history
        assert sorted(history.ended) == list(range(9))
        failed = {trial.id: trial.attempt for trial in history.trials if trial.state is State.FAILED}
        assert failed.pop(4) >= 1
        assert set(failed.values()) <= {1}, "as the first in its process after a resume"
        assert history.closed is not None
        assert history.closed.outcome is ev.Outcome.FINISHED
        assert all(trial.spoiled <= 1 for trial in history.trials)


@pytest.mark.parametrize("renew", ["always", 0, -1, True, 2.0, "Failure", ()])
def test_what_else_renew_may_be_is_refused(renew: Any) -> None:
    with pytest.raises(UsageError, match="renew="):
        Simulated(1, renew=renew)


def test_a_process_that_holds_more_than_it_may_is_renewed_after_its_trial() -> None:
    for renew in ("failure", 50, None):
        stage = Stage(renew=renew)  # type: ignore[arg-type]
        stage.ok()
        stage.tell(Grown(trial=1, attempt=1, more=2**29, trials=2, exceeded=False))
        stage.ok()
        assert not stage.renewals
        stage.tell(Grown(trial=2, attempt=1, more=2 * 10**9, trials=3, exceeded=True))
        assert not stage.renewals, "its trial has not ended"
        stage.ok()
        assert stage.renewals == (
            [] if renew is None else [("w0", "it held 1.9 GiB more after 3 trials than after its first")]
        )
        grown = [event for event in stage.events if isinstance(event, ev.WorkerGrown)]
        assert [(event.more, event.trials, event.exceeded) for event in grown] == [
            (2**29, 2, False),
            (2 * 10**9, 3, True),
        ]
        stage.tell(Grown(trial=0, attempt=1, more=1, trials=1, exceeded=True))
        assert len(grown) == sum(isinstance(event, ev.WorkerGrown) for event in stage.events), "it has ended"


def test_who_has_not_joined_holds_nothing() -> None:
    with pytest.raises(IllegalMove, match="worker w9 holds more memory, but had not joined"):
        Stage().ledger.fold(ev.WorkerGrown(at=0.0, worker="w9", more=1, trials=2))
