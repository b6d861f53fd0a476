"""Chooses the transport between driver and agents: sockets, or a folder that they share."""

from trimma.wire.addresses import Listen
from trimma.wire.keys import Keys
from trimma.wire.leases import Timing
from trimma.wire.relay_folder import SCHEME, AgentRelay, DriverRelay
from trimma.wire.sockets import AgentSocket, DriverSocket
from trimma.wire.ticket import Ticket


def driver_end(listen: Listen, keys: Keys, timing: Timing) -> DriverSocket | DriverRelay:
    """The driver's end, at which all of its agents arrive."""
    return DriverSocket(listen, keys, timing) if listen.folder is None else DriverRelay(listen, keys)


def agent_end(ticket: Ticket, identity: bytes) -> AgentSocket | AgentRelay:
    """An agent's end, of the kind that its ticket names."""
    shared = ticket.addresses[0].startswith(SCHEME)
    return AgentRelay(ticket, identity) if shared else AgentSocket(ticket, identity)
