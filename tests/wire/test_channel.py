"""Two channels and a network between them that does its worst."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import Raw
from msgspec.msgpack import Decoder, encode

from trimma.wire.channel import WINDOW, Channel, Frame

PULSE, PATIENCE = 1.0, 3.0


class Ends:
    """Both ends, what each was given, and what the other got of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.channels = [Channel(pulse=PULSE, patience=PATIENCE, now=0.0) for _ in range(2)]
        self.network: list[list[bytes]] = [[], []]
        self.given: list[list[int]] = [[], []]
        self.got: list[list[int]] = [[], []]

    def put(self, end: int) -> None:
        number = len(self.given[end])
        self.given[end].append(number)
        self.channels[end].put(encode(number))

    def send(self, end: int) -> None:
        self.network[end] += [encode(frame) for frame in self.channels[end].frames(self.now)]

    def deliver(self, end: int, place: int = 0, *, keep: bool = False) -> None:
        """Hand one of the frames that ``end`` has sent to the other end."""
        frames = self.network[end]
        body = frames[place] if keep else frames.pop(place)
        frame = Decoder(Frame[int]).decode(body)
        self.got[end] += self.channels[1 - end].take(frame, self.now)

    def settle(self) -> None:
        """Let time pass on a network that works."""
        for _ in range(8):
            self.now += PULSE
            for end in (0, 1):
                self.send(end)
                while self.network[end]:
                    self.deliver(end)


class Network(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ends = Ends()

    @rule(end=st.integers(0, 1), count=st.integers(1, 5))
    def put(self, end: int, count: int) -> None:
        for _ in range(count):
            self.ends.put(end)

    @rule(end=st.integers(0, 1), seconds=st.floats(0.0, 4.0))
    def send(self, end: int, seconds: float) -> None:
        self.ends.now += seconds
        self.ends.send(end)

    @rule(end=st.integers(0, 1))
    def reconnect(self, end: int) -> None:
        self.ends.channels[end].reconnect()

    @precondition(lambda self: any(self.ends.network))
    @rule(data=st.data(), fate=st.sampled_from(["deliver", "repeat", "lose", "cut"]))
    def frame(self, data: st.DataObject, fate: str) -> None:
        end = data.draw(st.sampled_from([end for end in (0, 1) if self.ends.network[end]]))
        place = data.draw(st.integers(0, len(self.ends.network[end]) - 1))
        match fate:
            case "deliver" | "repeat":
                self.ends.deliver(end, place, keep=fate == "repeat")
            case "lose":
                self.ends.network[end].pop(place)
            case "cut":
                self.ends.network = [[], []]

    @invariant()
    def what_arrives_is_in_order_and_once(self) -> None:
        for given_, got in zip(self.ends.given, self.ends.got, strict=True):
            assert got == given_[: len(got)]

    def teardown(self) -> None:
        self.ends.settle()
        assert self.ends.got == self.ends.given
        assert all(channel.settled for channel in self.ends.channels)


TestNetwork = Network.TestCase
TestNetwork.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.integers(0, 2000), max_size=40))
def test_batches_are_bounded_and_keep_the_order(sizes: list[int]) -> None:
    channel: Channel[bytes] = Channel(pulse=PULSE, patience=PATIENCE, now=0.0)
    messages = [encode(bytes(size * 1000)) for size in sizes]
    for message in messages:
        channel.put(message)
    frames = channel.frames(0.0)
    assert all(len(frame.messages) == 1 or len(encode(frame)) < 2**20 + 100 for frame in frames)
    assert [bytes(message) for frame in frames for message in frame.messages] == messages
    assert [frame.first for frame in frames][:1] == [1][: len(frames)]


def test_the_silent_are_heard_of_once_a_pulse() -> None:
    channel: Channel[int] = Channel(pulse=PULSE, patience=PATIENCE, now=0.0)
    assert channel.frames(0.5) == []
    assert channel.frames(1.0) == [Frame(1, 0, [])]
    assert channel.frames(1.5) == []


def test_much_is_confirmed_at_once() -> None:
    channel: Channel[int] = Channel(pulse=PULSE, patience=PATIENCE, now=0.0)
    channel.take(Frame(1, 0, list(range(300))), 0.0)
    assert channel.frames(0.0) == [Frame(1, 300, [])]


def test_it_is_full_when_nothing_is_confirmed() -> None:
    channel: Channel[int] = Channel(pulse=PULSE, patience=PATIENCE, now=0.0)
    for number in range(WINDOW):
        assert not channel.full
        channel.put(encode(number))
    channel.frames(0.0)
    assert channel.full
    channel.take(Frame(1, 1, []), 0.0)
    assert not channel.full


def test_an_acknowledgement_of_what_was_never_sent_is_refused() -> None:
    channel: Channel[Raw] = Channel(pulse=PULSE, patience=PATIENCE, now=0.0)
    with pytest.raises(ValueError, match="never sent"):
        channel.take(Frame(1, 1, []), 0.0)


def test_no_more_is_sent_than_may_be_on_its_way() -> None:
    ends = Ends()
    for _ in range(WINDOW + 10):
        ends.put(0)
    ends.send(0)
    ends.send(0)
    assert sum(len(Decoder(Frame[int]).decode(frame).messages) for frame in ends.network[0]) == WINDOW
    ends.settle()
    assert ends.got[0] == ends.given[0]


def test_more_than_may_be_on_its_way_is_refused() -> None:
    channel: Channel[int] = Channel(pulse=PULSE, patience=PATIENCE, now=0.0)
    for number in range(WINDOW // 512):
        channel.take(Frame(1 + 512 * number, 0, [0] * 512), 0.0)
    with pytest.raises(ValueError, match="was the last that could"):
        channel.take(Frame(WINDOW + 1, 0, [0]), 0.0)
    assert channel.frames(0.0) == [Frame(1, WINDOW, [])]
    assert channel.take(Frame(WINDOW + 1, 0, [0]), 0.0) == [0]
