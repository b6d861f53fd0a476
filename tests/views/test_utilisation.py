"""Where the workers' time went, and how many would have been enough: by hand, and against a count piece by piece."""

import heapq
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from histories import Log, opened
from trimma.engines import Simulated
from trimma.events import Outcome
from trimma.loop import replay
from trimma.schedule import Asha
from trimma.search import RandomSearch
from trimma.testing import cut, run_study
from trimma.views import attempts, busy, idle, sizing, utilisation
from trimma.views.sizing import ENOUGH
from trimma.views.sizing import _makespan as makespan
from trimma.views.sizing import _sessions as sessions_of


def parts(found):
    return found.busy, found.lost, found.start_up, found.dispatch, found.tail


def stretches(history, now=None):
    return [(row.worker, row.start, row.end, row.kind) for row in idle(history, now)]


def example():
    """Three workers: b comes after 2 s, c is lost at 6 s and replaced at 7 s; three trials, one of them twice."""
    log = opened("a", "c", trials=4)
    first, second = log.start("a"), log.start("c")
    log.at(2).join("b")
    third = log.start("b")
    log.at(4).finish(first, loss=1.0)
    log.at(5)
    fourth = log.start("a")
    log.at(6).leave("c")
    log.lose(second)
    log.at(7).join("c")
    log.restart(second, "c")
    log.at(9).finish(third, loss=1.0)
    log.at(10).finish(fourth, loss=1.0)
    log.at(15).finish(second, loss=1.0)
    log.close()
    return log.history


def test_each_second_of_a_known_study_has_its_kind():
    found = utilisation(example())
    assert parts(found) == (4 + 5 + 7 + 8, 6, 2 + 1, 1, 5 + 6)
    assert (found.workers, found.available) == (3, 45)
    assert stretches(example()) == [
        ("a", 4, 5, "dispatch"),
        ("a", 10, 15, "tail"),
        ("c", 6, 7, "start-up"),
        ("b", 0, 2, "start-up"),
        ("b", 9, 15, "tail"),
    ]


def test_what_a_trial_spends_on_its_way_is_dispatch():
    log = opened("a")
    trial = log.start("a")
    log.at(10).finish(trial, seconds=8.5, loss=1.0)
    trial = log.start("a")
    log.at(12).finish(trial, seconds=99.0, loss=1.0)
    log.close()
    assert parts(utilisation(log.history)) == (8.5 + 2, 0, 0, 1.5, 0)
    assert stretches(log.history) == [("a", 0, 1.5, "dispatch")]


def test_a_worker_that_is_given_back_is_no_waste():
    log = opened("a", "b", "c")
    trials = [log.start(worker) for worker in "abc"]
    log.at(4).finish(trials[0], loss=1.0)
    log.finish(trials[1], loss=1.0)
    log.at(6).leave("a")
    log.at(20).finish(trials[2], loss=1.0)
    log.close()
    found = utilisation(log.history)
    assert parts(found) == (4 + 4 + 20, 0, 0, 0, 2 + 16)
    assert found.available == 6 + 20 + 20


def test_a_worker_that_comes_back_unneeded_was_not_missed():
    log = opened("a", "b")
    first, second = log.start("a"), log.start("b")
    log.at(2).finish(first, loss=1.0)
    log.leave("a")
    log.at(8).join("a")
    log.at(10).finish(second, loss=1.0)
    log.close()
    assert parts(utilisation(log.history)) == (2 + 10, 0, 0, 0, 2)


def test_a_new_name_takes_the_place_of_a_worker_that_is_gone():
    log = opened("a", "b")
    first, second = log.start("a"), log.start("b")
    log.at(3).leave("a")
    log.lose(first)
    log.at(5).join("c")
    log.restart(first, "c")
    log.at(6).join("d")
    third = log.start("d")
    for trial in (first, second, third):
        log.at(9).finish(trial, loss=1.0)
    log.close()
    found = utilisation(log.history)
    assert (found.workers, found.available) == (3, 27)
    assert parts(found) == (4 + 9 + 3, 3, 2 + 6, 0, 0)
    assert ("c", 3, 5, "start-up") in stretches(log.history)


def test_a_trial_that_lost_its_attempt_is_something_to_start():
    """All trials were started, but the one that crashed waited: the worker that was lost was missed."""
    log = opened("a", "b")
    first, second = log.start("a"), log.start("b")
    log.at(2).leave("b")
    log.lose(second)
    log.at(4).finish(first, loss=1.0)
    log.at(5).restart(second, "a")
    log.at(8).join("b")
    log.at(9).finish(second, loss=1.0)
    log.close()
    assert stretches(log.history) == [
        ("a", 4, 5, "tail"),
        ("b", 2, 5, "start-up"),  # from then on nothing waited
        ("b", 8, 9, "tail"),
    ]


def test_a_lost_trial_that_is_given_up_waits_no_longer():
    log = opened("a", "b")
    first, second = log.start("a"), log.start("b")
    log.at(2).leave("b")
    log.lose(second)
    log.at(3).stop(second)
    log.at(9).join("b")
    log.at(10).finish(first, loss=1.0)
    log.close()
    assert stretches(log.history) == [("b", 2, 3, "start-up"), ("b", 9, 10, "tail")]


def test_what_was_paused_counts_unless_it_begins_anew():
    log = opened("a", "b")
    first, second = log.start("a"), log.start("b")
    log.curve(first, 1.0)
    log.curve(second, 1.0)
    log.at(3).pause(first)
    log.at(4).pause(second, saves=False)
    log.at(6).go_on(first, "a")
    log.go_on(second, "b")
    for trial in (first, second):
        log.at(10).finish(trial, loss=1.0)
    log.close()
    assert parts(utilisation(log.history)) == (3 + 4 + 4, 4, 0, 0, 3 + 2)


def test_sessions_are_counted_one_by_one():
    log = opened("a", "b")
    first, second = log.start("a"), log.start("b")
    log.at(4).finish(first, loss=1.0)
    log.at(1000).open()
    log.lose(second)
    log.at(1003).join("a")
    log.restart(second, "a")
    log.at(1008).finish(second, loss=1.0)
    log.at(1009).close()
    found = utilisation(log.history)
    assert (found.workers, found.available) == (2, 2 * 4 + 9)
    assert parts(found) == (4 + 5, 4, 3, 0, 1)


def test_a_study_that_is_open_is_counted_until_now():
    log = opened("a", "b")
    log.start("a")
    assert utilisation(log.history).available == 0
    found = utilisation(log.history, now=5.0)
    assert parts(found) == (5, 0, 0, 0, 5)
    log.at(3).start("b")
    assert parts(utilisation(log.history, now=5.0)) == (5 + 2, 0, 0, 3, 0)


def test_where_nothing_happened_nothing_is_counted():
    for log in (Log(), opened(), opened("a")):
        assert (utilisation(log.history).available, sizing(log.history)) == (0, None)
    assert idle(opened().history, now=9.0) == []


def simulated(workers, trials, start_up, crash, straggle, sessions, gap, seed):
    """A study whose driver dies after so many events, again and again, and that is then run to its end."""
    store, begin, events = None, 0.0, []
    for length in [*sessions, None]:
        engine = Simulated(
            workers, seconds=0.5, start_up=start_up, crash=crash, restart=0.75, straggle=straggle, seed=seed
        )
        engine.clock.advance_to(begin)
        done = run_study(RandomSearch(), Asha(max_steps=9), engine=engine, store=store, trials=trials, max_attempts=9)
        if length is None or len(events) + length >= len(done.events):
            return done.history
        store = cut(done.events, len(events) + length)
        events = list(store.read("study"))
        begin = events[-1].at + gap
    raise AssertionError


studies = st.builds(
    simulated,
    workers=st.integers(1, 5),
    trials=st.integers(1, 15),
    start_up=st.sampled_from([0.0, 0.25, 3.0]),
    crash=st.sampled_from([0.0, 0.1]),
    straggle=st.sampled_from([0.0, 0.7]),
    sessions=st.lists(st.integers(1, 60), max_size=2),
    gap=st.sampled_from([0.5, 100.0]),
    seed=st.integers(0, 9),
)


def by_name(history):
    """Whether no worker took the place of another: it was the first of its name and came after one left for good."""
    for session in history.sessions:
        stays = [stay for stay in history.stays if session.start <= stay.start <= session.end]
        first = {stay.worker: stay.start for stay in reversed(stays)}
        last = {stay.worker: stay for stay in stays}
        if any(start >= stay.end and stay.cause for start in first.values() for stay in last.values()):
            return False
    return True


def counted(history):
    """The parts again, from one event to the next, worker by worker."""
    seconds = {"busy": 0.0, "lost": 0.0, "start-up": 0.0, "dispatch": 0.0, "tail": 0.0}
    lost = {(row.trial, row.attempt) for row in attempts(history) if row.outcome == "lost"}
    for session in history.sessions:
        stays = [s for s in history.stays if session.start <= s.start <= session.end]
        spans = [(t, s) for t in history.trials for s in t.spans if session.start <= s.start <= session.end]
        moments = {session.start, session.end}
        moments |= {moment for stay in stays for moment in (stay.start, stay.end)}
        moments |= {moment for _, span in spans for moment in (span.start, span.end)}
        moments |= {span.end for trial in history.trials for span in trial.spans}
        for start, end in pairwise(sorted(m for m in moments if session.start <= m <= session.end)):
            middle = (start + end) / 2
            for worker in {stay.worker for stay in stays}:
                kind = kind_of(history, stays, spans, lost, worker, middle)
                if kind:
                    seconds[kind] += end - start
    return tuple(seconds.values())


def kind_of(history, stays, spans, lost, worker, middle):
    for trial, span in spans:
        if worker in span.workers and span.start < middle < span.end:
            return "lost" if (trial.id, span.attempt) in lost else "busy"
    new = any(span.attempt == 1 and span.start > middle for _, span in spans)
    again = any(
        before.end < middle < after.start for trial in history.trials for before, after in pairwise(trial.spans)
    )
    own = [stay for stay in stays if stay.worker == worker]
    if any(stay.start < middle < stay.end for stay in own):
        return "dispatch" if new else "tail"
    return "start-up" if (new or again) and any(stay.start > middle for stay in own) else None


@given(studies)
@settings(max_examples=150)
def test_the_parts_add_up_to_all_that_there_was(history):
    found = utilisation(history)
    if by_name(history):
        assert parts(found) == pytest.approx(counted(history))
    assert found.available == sum(parts(found))
    assert min(parts(found)) >= 0
    present = busy(history)
    assert found.busy + found.lost == pytest.approx(present.busy)
    assert found.available - found.start_up == pytest.approx(present.present)


@given(studies)
@settings(max_examples=150)
def test_idle_stretches_of_a_worker_and_its_attempts_do_not_overlap(history):
    for worker in {stay.worker for stay in history.stays}:
        rows = [(row.start, row.end) for row in [*attempts(history), *idle(history)] if row.worker == worker]
        for before, after in pairwise(sorted(row for row in rows if row[1] > row[0])):
            assert before[1] <= after[0]


def test_sessions_whose_clocks_overlap_do_no_harm():
    """Virtual clocks begin anew with each session."""
    first = run_study(RandomSearch(), engine=Simulated(3, start_up=1.0), trials=9)
    store = cut(first.events, len(first.events) - 20)
    run_study(RandomSearch(), engine=Simulated(2), store=store, trials=20)
    found = utilisation(replay(store, "study").history)
    assert min(parts(found)) >= 0
    assert found.available == sum(parts(found))


def after_one_another(workers, lengths, joins=()):
    """Trials of these lengths, each started when a worker is free."""
    names = [f"w{place}" for place in range(workers)]
    log = opened(trials=len(lengths))
    agenda = [(joins[place] if joins else 0.0, name, None) for place, name in enumerate(names)]
    left = list(lengths)
    while agenda:
        moment, name, trial = heapq.heappop(agenda)
        log.at(moment)
        log.join(name) if trial is None else log.finish(trial, loss=1.0)
        if left:
            heapq.heappush(agenda, (moment + left.pop(0), name, log.start(name)))
    log.close()
    return log.history


def test_one_long_trial_needs_no_more_than_two_workers():
    found = sizing(after_one_another(4, [12.0, *[1.0] * 12]))
    assert (found.workers, found.seconds) == (4, 12.0)
    assert (found.enough, found.enough_seconds) == (2, 12.0)
    assert found.doubled_seconds == 12.0


def test_workers_that_all_had_enough_to_do_were_all_needed():
    found = sizing(after_one_another(4, [1.0] * 40))
    assert (found.seconds, found.enough, found.doubled_seconds) == (10.0, 4, 5.0)


def test_workers_come_in_the_replay_when_they_came():
    found = sizing(after_one_another(4, [4.0] * 8, joins=(0.0, 1.0, 2.0, 30.0)))
    assert (found.workers, found.seconds, found.enough) == (4, 13.0, 3)


def test_each_session_is_replayed_with_its_own_workers():
    log = opened("a", "b", "c", "d")
    for trial in [log.start(worker) for worker in "abcd"]:
        log.at(10).finish(trial, loss=1.0)
    log.at(100).open()
    log.join("a")
    last = log.start("a")
    log.at(150).finish(last, loss=1.0)
    log.close()
    found = sizing(log.history)
    assert (found.workers, found.seconds) == (4, 60.0)
    assert (found.enough, found.doubled_seconds) == (4, 60.0)


def replayed(lengths, workers, joins):
    free = [(joins + [joins[-1]] * workers)[place] for place in range(workers)]
    ends = []
    for length in lengths:
        place = free.index(min(free))
        free[place] += length
        ends.append(free[place])
    return max(ends)


@given(
    lengths=st.lists(st.integers(1, 64).map(lambda number: number / 8), min_size=1, max_size=40),
    gaps=st.lists(st.sampled_from([0.0, 0.5, 4.0]), max_size=7),
)
def test_the_least_number_that_is_enough_is_found(lengths, gaps):
    joins = [sum(gaps[:place]) for place in range(len(gaps) + 1)]
    history = after_one_another(len(joins), lengths, joins)
    found = sizing(history)
    takes = {workers: replayed(lengths, workers, joins) for workers in range(1, 2 * len(joins) + 1)}
    assert list(takes.values()) == sorted(takes.values(), reverse=True), "a worker more never makes it longer"
    assert found.seconds == takes[len(joins)] == max(row.end for row in attempts(history))
    assert found.enough == min(workers for workers, seconds in takes.items() if seconds <= ENOUGH * found.seconds)
    assert (found.enough_seconds, found.doubled_seconds) == (takes[found.enough], takes[2 * len(joins)])


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_the_replay_is_what_comes_of_fewer_workers(workers):
    def run(number):
        seconds = lambda config, step: 1.0 + config["width"] / 8  # noqa: E731
        return run_study(RandomSearch(), engine=Simulated(number, seconds=seconds, start_up=1.0), trials=30).history

    (session,) = sessions_of(run(8), None)
    assert makespan(session, workers) == run(workers).sessions[-1].end


def test_an_interrupted_study_lost_what_ran():
    log = opened("a")
    trial = log.start("a")
    log.at(4).lose(trial)
    log.close(Outcome.INTERRUPTED, "interrupted")
    assert parts(utilisation(log.history)) == (0, 4, 0, 0, 0)
