"""What an agent decides, without a process."""

from trimma.commands import Job, Send, Signal
from trimma.facts import Joined, Left, Printed, Returned
from trimma.worker.agent import Agent, HangUp, Kill
from trimma.worker.link import Begun, Ready
from trimma.worker.output import LONGEST_LINE


def job(trial: int = 0, stay: int = 1) -> Job:
    return Job(trial=trial, attempt=1, workers=("w",), stays=(stay,), config={})


def ready() -> Agent:
    agent = Agent("w")
    agent.hear(Ready())
    assert told(agent) == [Joined(worker="w", stay=1)]
    return agent


def told(agent: Agent) -> list[object]:
    facts = list(agent.facts)
    agent.facts.clear()
    return facts


def ordered(agent: Agent) -> list[object]:
    orders = list(agent.orders)
    agent.orders.clear()
    return orders


def printed(text: str) -> Printed:
    return Printed(trial=0, attempt=1, text=text)


def test_a_job_for_a_runner_that_has_died_is_not_given_to_the_next() -> None:
    agent = ready()
    agent.end(-9, "")
    agent.start(job())
    agent.hear(Ready())
    agent.start(job())
    assert not ordered(agent)
    agent.start(job(stay=2))
    assert ordered(agent) == [job(stay=2)]


def test_who_has_not_begun_is_not_to_blame() -> None:
    agent = ready()
    agent.start(job())
    agent.end(-9, "")
    (left,) = told(agent)
    assert isinstance(left, Left)
    assert (left.stay, left.ran) == (1, False)
    agent.hear(Ready())
    agent.start(job(stay=2))
    agent.hear(Begun())
    agent.end(-9, "")
    _, left = told(agent)
    assert isinstance(left, Left)
    assert (left.stay, left.ran) == (2, True)


def test_a_signal_reaches_the_attempt_that_it_names() -> None:
    agent = ready()
    agent.start(job())
    agent.signal(0, 2, Signal.KILL)
    agent.signal(1, 1, Signal.STOP)
    agent.signal(0, 1, Signal.STOP)
    agent.signal(0, 1, Signal.KILL)
    assert ordered(agent) == [job(), Send(trial=0, attempt=1, signal=Signal.STOP), Kill()]


def test_a_fresh_runner_is_not_renewed_and_none_in_the_middle_of_a_trial() -> None:
    agent = ready()
    agent.renew()
    agent.start(job())
    agent.renew()
    assert ordered(agent) == [job()]
    agent.hear(Returned(trial=0, attempt=1, metrics={}))
    agent.renew()
    agent.renew()
    assert ordered(agent) == [HangUp()]


def test_what_is_written_past_python_is_told_in_whole_lines() -> None:
    agent = ready()
    agent.print("before any trial")
    agent.start(job())
    agent.print("chi")
    assert not told(agent)
    agent.print("ld 1\nsecond\nthi")
    assert told(agent) == [printed("child 1\nsecond\n")]
    agent.hear(printed("by Python\n"))
    agent.print("rd\nunfinished")
    end = Returned(trial=0, attempt=1, metrics={})
    agent.hear(end)
    assert told(agent) == [printed("by Python\n"), printed("third\n"), printed("unfinished"), end]
    agent.print("after the trial\n")
    assert not told(agent)


def test_a_line_without_an_end_is_told_in_pieces_and_the_rest_when_its_process_dies() -> None:
    agent = ready()
    agent.start(job())
    agent.print("x" * (LONGEST_LINE + 1))
    assert told(agent) == [printed("x" * (LONGEST_LINE + 1))]
    agent.print("last words")
    agent.end(-9, "pending in Python")
    first, second, left = told(agent)
    assert [first, second] == [printed("last words"), printed("pending in Python\n")]
    assert isinstance(left, Left)
    assert "last words" in left.cause
