"""What every framework's adapter gives: the layers of a model, and the model without some of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A part of a model that has a name.

    ``kind`` is its class's name. ``refused`` says why it can't be taken out, as in "is the output layer"; it is empty
    where it can. ``parts`` are the names of the layers that it holds.
    """

    name: str
    kind: str
    refused: str = ""
    parts: tuple[str, ...] = ()


class Clash(Exception):
    """What is left of a model doesn't fit together; the message says which shapes clash, and where."""


class Unseen(Clash):
    """It can't be seen whether what is left fits together; the message says what is missing."""


class Surgeon(Protocol):
    """One model, of which layers can be taken out. The model itself is never changed."""

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers in the order in which they are run, as far as it is known."""
        ...

    def check(self, names: Sequence[str]) -> None:
        """Raise `Clash` where the model without these layers is known not to fit together."""
        ...

    def without(self, names: Sequence[str]) -> Any:
        """A copy of the model without these layers; raises `Clash` as `check` does."""
        ...


def shown(shape: Iterable[int | None]) -> str:
    """A shape as in messages; None is a size that may vary."""
    sizes = ["?" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
