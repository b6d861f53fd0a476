"""The two ends of what lies between driver and agents: a connection, or a folder that they share."""

from trimma.wire.mailbox import SCHEME, Mailbox, Mailroom
from trimma.wire.sockets import Keys, Line, Listen, Listener
from trimma.wire.ticket import Ticket, Timing


def driver_end(listen: Listen, keys: Keys, timing: Timing) -> Listener | Mailroom:
    """Where the driver hears of its agents."""
    return Listener(listen, keys, timing) if listen.folder is None else Mailroom(listen, keys)


def agent_end(ticket: Ticket, identity: bytes) -> Line | Mailbox:
    """Where an agent hears of its driver."""
    shared = ticket.addresses[0].startswith(SCHEME)
    return Mailbox(ticket, identity) if shared else Line(ticket, identity)
