"""The addresses at which a driver listens, and the error where agents reach none of them."""

from msgspec import Struct

from trimma.errors import EngineError


class Listen(Struct, frozen=True, kw_only=True):
    """Where a driver listens, and under which names agents find it.

    ``bind`` is an address of this machine. ``advertise`` are the names or addresses that agents dial. ``ports`` are the
    first and last port that may be taken; None allows any port. ``hint`` says what a user can do when agents can't
    reach the driver. With ``folder`` nobody listens, and messages pass through files in this folder, which agents must
    see under the same path.
    """

    bind: str = "127.0.0.1"
    advertise: tuple[str, ...] = ("127.0.0.1",)
    ports: tuple[int, int] | None = None
    hint: str = ""
    folder: str | None = None


class Unreachable(EngineError):
    """The driver answers at none of its addresses. ``news`` says for each address what happened there."""

    def __init__(self, news: dict[str, str]) -> None:
        self.news = news
        super().__init__("; ".join(f"{address}: {what}" for address, what in news.items()))
