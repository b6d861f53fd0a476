"""What is said of the workers: how busy they were, and how many would have been enough."""

import pytest

from histories import opened, simulated
from trimma.display.notebook.study_html import study_html
from trimma.display.terminal.closing_summary import closing_text
from trimma.display.worker_utilisation import worker_lines


def rounds(*lengths, workers="abcd", joins=0.0, gap=0.0):
    """All workers run a trial of each length, except that of the last round only the first worker has one."""
    log = opened(*workers[:-1])
    log.at(joins).join(workers[-1])
    for place, length in enumerate(lengths):
        log.at(log.now + gap)
        trials = [log.start(worker) for worker in (workers if place < len(lengths) - 1 else workers[0])]
        log.at(log.now + length)
        for trial in trials:
            log.finish(trial, loss=1.0)
    log.close()
    return log.history


def test_what_the_time_went_into_is_said_in_shares():
    assert worker_lines(rounds(20, 20, 20, 20, 10, joins=5, gap=2.0))[0] == (
        "4 workers, 79% busy: start-up 1%, dispatch 13%, waiting for the last trials 7%."
    )


def test_fewer_that_would_have_been_enough_are_named():
    # one worker has a trial of 30 s, the others ten of 1 s each, one after the other
    log = opened("a", "b", "c", "d")
    long = log.start("a")
    for _ in range(10):
        trials = [log.start(worker) for worker in "bcd"]
        log.at(log.now + 1)
        for trial in trials:
            log.finish(trial, loss=1.0)
    log.at(30).finish(long, loss=1.0)
    assert len(worker_lines(log.history)) == 1, "no advice before it is over"
    log.close()
    assert worker_lines(log.history) == [
        "4 workers, 50% busy: waiting for the last trials 50%.",
        "2 would have taken no longer.",
    ]


def test_workers_that_had_enough_to_do_could_have_been_more():
    assert worker_lines(rounds(1, 1, 1, 1, 1))[1] == "8, each as fast, would have taken 40% less time."


@pytest.mark.parametrize("history", [rounds(1, 1, 1), rounds(1, 1, 1, workers="a"), opened("a", "b").history])
def test_nothing_is_said_of_one_worker_or_of_a_few_trials(history):
    assert worker_lines(history) == []


def test_the_summaries_say_it_once():
    history = simulated(80, 5, straggle=0.4, crash=0.02, restart=3.0, start_up=2.0)
    first, second = worker_lines(history)
    for text in (closing_text(history, width=200), study_html(history)):
        assert text.count(first) == text.count(second) == 1
        assert text.count("% busy") == 1
    few = rounds(1, 1)
    assert "workers 62% busy" in closing_text(few)
    assert "workers 62% busy" in study_html(few)
