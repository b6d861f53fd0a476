"""The protocol of the frameworks' adapters: they list the layers of a model, and copy it without some of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Weights = Literal["keep", "fitting", "new"]
"""With which weights the models begin: those of the model given, those of them that fit, or new ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A named part of a model.

    ``kind`` is the name of its class. ``refused`` says why the layer can't be taken out, as in "is the output layer",
    and is empty where it can. ``parts`` are the names of the layers within it.
    """

    name: str
    kind: str
    refused: str = ""
    parts: tuple[str, ...] = ()


class Clash(Exception):
    """The rest of the model doesn't fit together. The message says which shapes clash, and where."""


class CannotTell(Clash):
    """Whether the rest of the model fits together can't be told. The message says what is missing to tell."""


class LayerRemover(Protocol):
    """Takes layers out of copies of one model. The model itself is never changed."""

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers in the order in which they are run, as far as it is known."""
        ...

    def check(self, names: Sequence[str]) -> None:
        """Raise `Clash` where the model without these layers is known not to fit together."""
        ...

    def check_whole(self) -> None:
        """Raise `UsageError` where the model without leaving out anything is known to differ from the model given."""
        ...

    def without(self, names: Sequence[str]) -> Any:
        """A copy of the model without these layers. Raises `Clash` as `check` does."""
        ...


def shape_text(shape: Iterable[int | None]) -> str:
    """The text of a shape for messages. None is a size that may vary, and is written as "?"."""
    sizes = ["?" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
