"""One dimension of the unit cube: which values there are, and where they lie on the unit interval."""

import json
import math
from collections import Counter
from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from trimma.errors import SpaceError
from trimma.space import scale
from trimma.space.plain import call_text, identity, plain


class Dimension(Struct, frozen=True, kw_only=True, dict=True):
    """Numbers from ``low`` to ``high``, perhaps in steps or on a log scale, or a category with ``options``.

    If the values can be counted, the unit interval is divided into cells, one for each value. All cells are equally
    wide, except on a log scale. If they can't be counted, each value has a place of its own. Numbers are ordered, and
    so are the options of a category if ``ordered`` is True. An int has a ``step``.

    >>> Dimension(name="n", kind="int", low=1, high=7, step=3).to_unit(4)
    0.5
    """

    name: str = ""
    kind: Literal["float", "int", "category"]
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    step: float | None = None
    options: tuple[Any, ...] = ()
    ordered: bool = True

    @cached_property
    def size(self) -> int | None:
        """The number of values, or None when they are too many to count."""
        if self.kind == "category":
            return len(self.options)
        if self.step is None:
            return 1 if self.low == self.high else None
        if self.kind == "int":
            return int((self.high - self.low) // self.step) + 1
        return scale.count_steps(self.low, self.high, self.step) + 1

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A text for each option, no two of them alike.

        Strings stay as they are, and other options become JSON, in which tuples are written as in Python. If two texts
        would be alike, both become JSON.

        >>> Dimension(kind="category", options=(1, "1", "a", None)).labels
        ('1', '"1"', 'a', 'null')
        """
        texts = [option if isinstance(option, str) else _json(option) for option in self.options]
        times = Counter(texts)
        return tuple(
            _json(option) if times[text] > 1 else text for option, text in zip(self.options, texts, strict=True)
        )

    def from_unit(self, u: float) -> Any:
        """The value at ``u``, a number from 0 to 1. Raises SpaceError for any other number."""
        u = scale.unit(u)
        if self.size is None:
            return scale.between(u, self.low, self.high, self.log)
        return self.value_at(self._cell(u, self.size))

    def to_unit(self, value: Any) -> float:
        """The place of a value on the unit interval. If values have cells, it is the middle of the value's cell.

        Raises SpaceError for anything that isn't a value of this dimension.
        """
        if self.kind == "category":
            return self._middle(self._place(value))
        if self.kind == "int":
            number: float = scale.whole(self, "the value", value)
            if self.nearest(number) != number:
                raise SpaceError(f"{number!r} isn't a value of {self}.")
            return self.to_nearest(number)
        number = scale.number(self, "the value", value)
        if not self.low <= number <= self.high:
            raise SpaceError(f"{number!r} is outside of {self}.")
        if self.size is not None and abs(self.nearest(number) - number) > 1e-6 * (self.step or 1):
            raise SpaceError(f"{number!r} is between the steps of {self}.")
        return self.to_nearest(number)

    def to_nearest(self, value: Any) -> float:
        """The place of the value that is nearest to ``value``. NaN for what is not a number, or not an option."""
        if math.isnan(self.position(value)):
            return math.nan
        if self.size is not None:
            return self._middle(self._place(value))
        return scale.place_between(self.nearest(value), self.low, self.high, self.log)

    def nearest(self, value: Any) -> Any:
        """The value nearest to ``value``. Raises SpaceError for what is not a number, or not an option."""
        if self.size is not None:
            return self.value_at(self._place(value))
        return min(max(self._number(value), self.low), self.high)

    def position(self, value: Any) -> float:
        """Where to draw the value: a number at itself, an option at its index. NaN for anything else."""
        if self.kind != "category":
            return float(value) if is_number(value) else math.nan
        return float(self._places.get(identity(value), math.nan))

    def value_at(self, place: int) -> Any:
        """The value number ``place`` (from 0) of a dimension whose values can be counted."""
        if self.kind == "category":
            return self.options[place]
        if not place or not self.step:
            return self.low
        number = self.low + place * self.step
        return number if self.kind == "int" else min(round(number, self._decimals), self.high)

    def rounded(self, units: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places on the unit interval, of shape (n,), each moved to the place of the value that it leads to."""
        inside = np.clip(units, 0.0, 1.0)
        if self.size is None:
            return inside
        if self.log:
            return np.array([self._middle(self._cell(u, self.size)) for u in inside.tolist()])
        return (np.minimum((inside * self.size).astype(np.int64), self.size - 1) + 0.5) / self.size

    def _cell(self, u: float, size: int) -> int:
        if self.log and self.step:
            return scale.log_cell(u, self.low, self.step, size)
        return scale.cell(u, size)

    def _middle(self, place: int) -> float:
        size = self.size or 1
        if self.log and self.step:
            return scale.log_cell_middle(place, self.low, self.step, size)
        return scale.cell_middle(place, size)

    def _place(self, value: Any) -> int:
        """The number of the value nearest to ``value``, in a dimension whose values can be counted."""
        if self.kind == "category":
            place = self._places.get(identity(plain(value, "the value")))
            if place is None:
                raise SpaceError(f"{value!r} isn't an option of {self}.")
            return place
        last = (self.size or 1) - 1
        return round(min(max((self._number(value) - self.low) / (self.step or 1), 0), last))

    def _number(self, value: Any) -> float:
        return float(value) if is_number(value) else scale.number(self, "the value", value)

    @cached_property
    def _places(self) -> Mapping[Hashable, int]:
        return {identity(option): place for place, option in enumerate(self.options)}

    @cached_property
    def _decimals(self) -> int:
        return scale.decimals(self.low, self.step or 0.0)

    def __str__(self) -> str:
        """The dimension as it is written in a space."""
        if self.kind == "category":
            return call_text("Choice", *self.options, ordered=self.ordered)
        if self.kind == "int":
            return call_text("Int", self.low, self.high, log=self.log, step=self.step if self.step != 1 else None)
        return call_text("Float", self.low, self.high, log=self.log, step=self.step)


def is_number(value: Any) -> bool:
    """Whether the value is a finite number."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _json(value: Any) -> str:
    match value:
        case tuple():
            return f"({', '.join(map(_json, value))}{',' if len(value) == 1 else ''})"
        case list():
            return f"[{', '.join(map(_json, value))}]"
        case dict():
            return f"{{{', '.join(f'{_json(key)}: {_json(part)}' for key, part in value.items())}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)
