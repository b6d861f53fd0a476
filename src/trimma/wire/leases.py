"""The lengths of leases: after how many seconds of silence driver and agents give each other up."""

from msgspec import Struct


class Timing(Struct, frozen=True, kw_only=True):
    """The lengths of leases and of other waits, in seconds.

    An agent sends something at least every ``heartbeat`` seconds. It may stay silent for ``lease`` seconds before the
    driver gives it up. At first it tries for ``dial`` seconds to reach the driver. It goes on for ``orphan`` seconds
    without a connection, and for ``silence`` seconds with a connection on which the driver says nothing.
    """

    heartbeat: float = 1.0
    lease: float = 10.0
    dial: float = 20.0
    orphan: float = 15.0
    silence: float = 60.0

    @property
    def pulse(self) -> float:
        """The seconds after which the driver sends something at the latest."""
        return self.lease / 3

    @property
    def contested(self) -> float:
        """How many seconds an agent may stay silent when another agent asks for its slot."""
        return min(self.lease, 3 * self.heartbeat)
