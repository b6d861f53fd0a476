"""What the loop shows to its observer."""

from histories import simulated
from trimma.events import StudyClosed, StudyOpened


def test_the_observer_is_handed_each_event_once_and_in_order():
    seen, lengths = [], []

    def observe(events, history, now):
        seen.extend(events)
        lengths.append((len(seen), len(history) - 1))
        assert all(event.at <= now for event in events)

    history = simulated(20, observe=observe)
    assert all(handed == folded for handed, folded in lengths), "the history holds what has been handed over, no more"
    assert (type(seen[0]), type(seen[-1])) == (StudyOpened, StudyClosed)
    # the first event of all, StudyCreated, was stored before the loop began
    assert len(seen) == len(history) - 1
    assert [event.at for event in seen] == sorted(event.at for event in seen)
