"""The driver's side of the conversations with all agents, and their leases. It has no sockets and no clock.

There is at most one live agent for each slot. It holds the slot as long as it is heard of within its lease. Once the
lease has run out, it has lost the slot for good, and what it still sends is answered with `Lapsed`. A newcomer for a
slot that is held waits until it is clear whether the holder lives, which takes less time than a lease.

Each slot has a token, which only the tickets for this slot hold. So an agent can take no other slot than its own. An
agent that breaks the rules is dismissed, and the token of its slot is of no use any more.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from hmac import compare_digest

from trimma.commands import Job, Renew, Send
from trimma.errors import EngineError, ObjectiveError, TrimmaError
from trimma.facts import Fact, Left
from trimma.wire.channel import Channel, Frame
from trimma.wire.conduct import Conduct, Misconduct
from trimma.wire.leases import Timing
from trimma.wire.messages import (
    UNREADABLE,
    Broken,
    Chunk,
    Dismissed,
    Fetch,
    FromAgent,
    Hello,
    Lapsed,
    ToAgent,
    Wait,
    Welcome,
    encode,
    introduction,
    read_from_agent,
)
from trimma.wire.ticket import worker_name

_LONGEST_HELLO = 64 * 1024


class Member:
    """The agent that holds a slot, and its ``conduct``, which says whether its worker has joined the study."""

    def __init__(self, identity: bytes, hello: Hello, worker: str, timing: Timing, now: float) -> None:
        self.identity, self.slot, self.host, self.pid = identity, hello.slot, hello.host, hello.pid
        self.channel: Channel[FromAgent] = Channel(pulse=timing.pulse, patience=timing.lease, now=now)
        self.heard = self.spoken = now
        self.contested: float | None = None
        self.conduct = Conduct(worker)


class Hub:
    """All agents of one study.

    The name of a worker is made of ``prefix`` and its slot. ``environment`` holds variables that runners get besides
    those of their agents, and ``chunk`` reads a part of the bundle. ``token`` makes a new one at each call, which
    nobody can guess. What agents report gathers in ``facts``, and the errors of slots in ``troubles``.
    """

    def __init__(
        self,
        prefix: str,
        timing: Timing,
        environment: Mapping[str, str],
        chunk: Callable[[int], bytes],
        token: Callable[[], bytes],
    ) -> None:
        self._prefix, self._timing, self._chunk = prefix, timing, chunk
        self._welcome = encode(Welcome(environment=dict(environment)))
        self._lapsed, self._own = encode(Lapsed()), introduction(-1, b"")
        self._token, self._tokens = token, dict[int, bytes]()
        self._expected: set[int] = set()
        self._members: dict[bytes, Member] = {}
        self._holders: dict[int, Member] = {}
        # ordered by when the agent was last heard, and by when it was last spoken to; the longest ago comes first
        self._by_heard: dict[Member, None] = {}
        self._by_spoken: dict[Member, None] = {}
        self._contested: set[Member] = set()
        # the last agent for each slot that was told to wait
        self._waiting: dict[int, bytes] = {}
        self._talking: dict[Member, None] = {}
        # at most one for each agent, the last, since only one matters
        self._replies: dict[bytes, bytes] = {}
        self._excused = float("-inf")
        self._proved = False
        self.facts: list[Fact] = []
        self.troubles: deque[tuple[int, TrimmaError]] = deque()

    def holds(self, slot: int) -> bool:
        """Whether a live agent has this slot."""
        return slot in self._holders

    def known(self) -> set[bytes]:
        """The identities of all agents that have a slot, or wait for one."""
        return {*self._members, *self._waiting.values()}

    def expect(self, slot: int) -> bytes:
        """Expect an agent for this slot, and return the token that it must show. Any other one is dismissed."""
        self._expected.add(slot)
        if slot not in self._tokens:
            self._tokens[slot] = self._token()
        return self._tokens[slot]

    def put(self, slot: int, command: Job | Send | Renew) -> None:
        """Send a command to a slot's agent. Does nothing where there is none."""
        if (member := self._holders.get(slot)) is not None:
            if member.channel.full:
                self._expel(member, "it took in nothing of what it was sent")
                return
            member.conduct.give(command)
            self._tell(member, command)

    def dismiss(self, slot: int, reason: str) -> None:
        """Let a slot's agent go, and expect no other."""
        self._expected.discard(slot)
        if (member := self._holders.get(slot)) is not None:
            self._reply(member.identity, Dismissed(reason=reason))
            self._forget(member, reason)

    def lose(self, slot: int, cause: str) -> None:
        """Give up a slot's agent, which is known to be gone."""
        if (member := self._holders.get(slot)) is not None:
            self._forget(member, cause)

    def excuse(self, now: float) -> None:
        """Don't count silence before this moment, because the driver itself hasn't listened."""
        self._excused = now

    def expire(self, now: float) -> None:
        """Give up the agents whose leases have run out. All that has arrived must have been received before."""
        limit = now - self._timing.lease
        if self._excused < limit:
            silent = []
            for member in self._by_heard:
                if member.heard >= limit:
                    break
                silent.append(member)
            for member in silent:
                self._forget(member, f"nothing was heard of it for {self._timing.lease:g} s ({_place(member)})")
        for member in list(self._contested):
            if max(member.heard, self._excused) < now - self._timing.contested:
                self._forget(member, f"another agent has come in its place, and it was silent ({_place(member)})")
            elif member.contested is not None and member.contested < now - 2 * self._timing.contested:
                # the agent that asked for its slot has stopped asking
                self._settle(member)

    def outgoing(self, now: float) -> Iterable[tuple[bytes, bytes]]:
        """The encoded messages that are to be sent now, each after the identity of its receiver."""
        due, self._replies = [*self._replies.items()], {}
        for member in self._by_spoken:
            if now - member.spoken < self._timing.pulse:
                break
            self._talking[member] = None
        talking, self._talking = self._talking, {}
        for member in talking:
            if frames := member.channel.frames(now):
                member.spoken = now
                del self._by_spoken[member]
                self._by_spoken[member] = None
                due += [(member.identity, encode(frame)) for frame in frames]
        return due

    def receive(self, identity: bytes, body: bytes, now: float) -> None:
        """Process a message of the agent of this identity."""
        member = self._members.get(identity)
        if member is None and len(body) > _LONGEST_HELLO:
            # not worth the time to read it
            self._lapse(identity)
            return
        try:
            message = read_from_agent(body)
            if isinstance(message, Hello):
                self._greet(identity, message, member, now)
            elif member is None:
                self._lapse(identity)
            else:
                self._listen(member, message, now)
        except Misconduct as error:
            self._refuse(identity, f"it said what wasn't for it to say: {error}")
        except (ValueError, *UNREADABLE) as error:
            self._refuse(identity, f"what it says can't be understood: {error}")

    def _refuse(self, identity: bytes, reason: str) -> None:
        if (member := self._members.get(identity)) is not None:
            self._expel(member, reason)
        else:
            self._reply(identity, Dismissed(reason=f"the driver has dismissed it: {reason}", error=True))

    def _expel(self, member: Member, reason: str) -> None:
        """Dismiss an agent that has broken the rules, and let nobody in by its ticket any more."""
        self._tokens.pop(member.slot, None)
        self._reply(member.identity, Dismissed(reason=f"the driver has dismissed it: {reason}", error=True))
        self.troubles.append((member.slot, EngineError(f"worker {member.conduct.worker} was dismissed: {reason}")))
        self._forget(member, f"it was dismissed: {reason}")

    def _listen(self, member: Member, frame: Frame[FromAgent], now: float) -> None:
        member.heard = now
        del self._by_heard[member]
        self._by_heard[member] = None
        for message in member.channel.take(frame, now):
            match message:
                case Fetch(offset=offset):
                    member.conduct.fetch(offset)
                    if not member.channel.settled:
                        raise Misconduct("it wants another part of the program before it has got the last")
                    self._tell(member, Chunk(offset=offset, data=self._chunk(offset)))
                case Broken():
                    self._give_up(member, message)
                    return
                case _:
                    member.conduct.check(message)
                    self._proved = self._proved or member.conduct.is_ready
                    self.facts.append(message)
        if member.channel.owes:
            self._talking[member] = None

    def _greet(self, identity: bytes, hello: Hello, member: Member | None, now: float) -> None:
        holder = self._holders.get(hello.slot)
        token = self._tokens.get(hello.slot)
        if token is None or not compare_digest(token, hello.token):
            self._reply(identity, Dismissed(reason="it has no valid ticket for its slot", error=True))
        elif complaint := self._mismatch(hello):
            self._reply(identity, Dismissed(reason=complaint, error=True))
            if hello.slot in self._expected:
                self.troubles.append((hello.slot, EngineError(complaint)))
        elif member is not None:
            # the agent has a new connection, or hasn't heard the answer
            member.channel.reconnect()
            self._talking[member] = None
            self._replies[identity] = self._welcome
        elif hello.again:
            # the agent was welcomed once, but this driver has given it up since
            self._lapse(identity)
        elif hello.slot not in self._expected:
            self._reply(identity, Dismissed(reason="it is not needed"))
        elif holder is None:
            self._admit(identity, hello, now)
        elif holder.contested is not None and holder.heard > holder.contested + self._timing.contested:
            self._settle(holder)
            self._waiting.pop(hello.slot, None)
            self._reply(identity, Dismissed(reason=f"its slot has an agent ({_place(holder)})"))
        else:
            if holder.contested is None:
                holder.contested = now
                self._contested.add(holder)
            self._waiting[hello.slot] = identity
            self._reply(identity, Wait())

    def _admit(self, identity: bytes, hello: Hello, now: float) -> None:
        member = Member(identity, hello, worker_name(self._prefix, hello.slot), self._timing, now)
        self._members[identity] = self._holders[hello.slot] = member
        self._by_heard[member] = self._by_spoken[member] = None
        self._waiting.pop(hello.slot, None)
        self._replies[identity] = self._welcome

    def _settle(self, holder: Member) -> None:
        holder.contested = None
        self._contested.discard(holder)

    def _mismatch(self, hello: Hello) -> str | None:
        """What keeps this agent and this driver from working together, if anything."""
        own, where = self._own, f"on {hello.host or 'a worker'}"
        if (hello.wire, hello.trimma) != (own.wire, own.trimma):
            return (
                f"trimma {hello.trimma} {where} and trimma {own.trimma} here don't speak the same protocol: "
                "install the same version on both"
            )
        if hello.python != own.python:
            return (
                f"Python {hello.python} {where} can't load what Python {own.python} here has pickled: "
                "use the same minor version on both"
            )
        return None

    def _tell(self, member: Member, message: Job | Send | Renew | Chunk) -> None:
        member.channel.put(encode(message))
        self._talking[member] = None

    def _reply(self, identity: bytes, message: ToAgent) -> None:
        self._replies[identity] = encode(message)

    def _lapse(self, identity: bytes) -> None:
        # what was said to it before, such as why it was dismissed, stands
        self._replies.setdefault(identity, self._lapsed)

    def _give_up(self, member: Member, broken: Broken) -> None:
        # where another worker could load the program, this one must be at fault
        of_program = broken.objective and not self._proved
        error = ObjectiveError(broken.message) if of_program else EngineError(broken.message)
        self.troubles.append((member.slot, error))
        self._reply(member.identity, Dismissed(reason=broken.message))
        self._forget(member, broken.message)

    def _forget(self, member: Member, cause: str) -> None:
        del self._members[member.identity], self._holders[member.slot]
        del self._by_heard[member], self._by_spoken[member]
        self._contested.discard(member)
        self._talking.pop(member, None)
        if member.conduct.is_ready:
            self.facts.append(Left(worker=member.conduct.worker, cause=cause, crashed=False))


def _place(member: Member) -> str:
    return f"process {member.pid} on {member.host}"
