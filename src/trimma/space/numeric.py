"""Numbers to search over: Float and Int."""

from dataclasses import dataclass, field

from trimma.space import scale
from trimma.space.dimension import Dimension
from trimma.space.plain import Expression, call_text, fill_in


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Float(Expression):
    """A real number from low to high, both included.

    ``log=True`` spreads it evenly over orders of magnitude (default: False). With a ``step`` (default: None), its
    values are low, low + step, ..., of which the last may be below high. ``size`` is the number of values, or None when
    it is continuous, and ``dimension`` is its scale. Raises SpaceError for bounds or a step that make no sense.

    >>> Float(1e-4, 1e-1, log=True).dimension.from_unit(1.0)
    0.1
    """

    low: float
    high: float
    log: bool = field(default=False, kw_only=True)
    step: float | None = field(default=None, kw_only=True)
    dimension: Dimension = field(init=False)

    def __post_init__(self) -> None:
        low, high = (scale.number(self, name, getattr(self, name)) for name in ("low", "high"))
        step = None if self.step is None else scale.number(self, "step", self.step)
        scale.check_bounds(repr(self), low, high, self.log)
        if step is not None:
            scale.check_step(repr(self), low, high, step)
        fill_in(self, low=low, high=high, step=step, log=bool(self.log))
        fill_in(self, dimension=Dimension(kind="float", low=low, high=high, log=self.log, step=step))

    @property
    def size(self) -> int | None:
        """The number of values, or None when it is continuous."""
        return self.dimension.size

    def __repr__(self) -> str:
        return call_text("Float", self.low, self.high, log=self.log, step=self.step)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Int(Expression):
    """A whole number from low to high, both included.

    Its values are low, low + step, ..., of which the last may be below high (default: step 1). ``log=True`` spreads it
    evenly over orders of magnitude (default: False). ``size`` is the number of values, and ``dimension`` is its scale.
    Raises SpaceError for bounds or a step that make no sense.

    >>> Int(1, 6, step=2).dimension.from_unit(1.0)
    5
    """

    low: int
    high: int
    log: bool = field(default=False, kw_only=True)
    step: int = field(default=1, kw_only=True)
    dimension: Dimension = field(init=False)

    def __post_init__(self) -> None:
        low, high, step = (scale.whole(self, name, getattr(self, name)) for name in ("low", "high", "step"))
        scale.check_bounds(repr(self), low, high, self.log)
        scale.check_step(repr(self), low, high, step)
        fill_in(self, low=low, high=high, step=step, log=bool(self.log))
        fill_in(self, dimension=Dimension(kind="int", low=low, high=high, log=self.log, step=step))

    @property
    def size(self) -> int:
        """The number of values."""
        return (self.high - self.low) // self.step + 1

    def __repr__(self) -> str:
        return call_text("Int", self.low, self.high, log=self.log, step=self.step if self.step != 1 else None)
