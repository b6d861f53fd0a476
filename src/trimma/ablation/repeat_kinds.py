"""What a repeat of an ablation is, which says of what its intervals speak.

Random splits of one data set share most of their rows, and so do the training rows of folds. Their differences are
alike beyond what they say of new data, so that intervals which take them for independent get too narrow. The correction
is that of Nadeau and Bengio, "Inference for the generalization error", Machine Learning 2003.
"""

from msgspec import Struct

from trimma.errors import UsageError
from trimma.program import derived


class RandomSplit(Struct, frozen=True, tag="random split"):
    """Each repeat is another random split of one data set, with the share ``test`` of the rows for testing.

    The intervals allow for the rows that splits share, and speak of new data of the same kind.
    """

    test: float

    def __post_init__(self) -> None:
        if not 0 < self.test < 1:
            raise UsageError(f"RandomSplit(test={self.test!r}): test is a share of the rows, such as 0.25")

    @property
    def overlap(self) -> float:
        """The variance that more repeats don't take away, in that of one repeat."""
        return self.test / (1.0 - self.test)

    @property
    def words(self) -> str:
        """Of what the intervals speak."""
        splits = f"random splits of one data set, {100 * self.test:.3g} % for testing"
        return f"new data of this kind: repeats are {splits}, and their overlap is allowed for"


class Fold(Struct, frozen=True, tag="fold"):
    """Each repeat is one of ``count`` folds of a data set; with more repeats, of another division into folds.

    Repeats go through the folds in turn: ``split % count`` is the fold, from 0, and ``split // count`` a seed for the
    division into folds, which is another one after each ``count`` repeats (`split_of`). The intervals allow for the
    training rows that folds share, and speak of new data of the same kind.
    """

    count: int

    def __post_init__(self) -> None:
        if self.count < 2:
            raise UsageError(f"Fold({self.count!r}): there are at least 2 folds")

    @property
    def overlap(self) -> float:
        """The variance that more repeats don't take away, in that of one repeat."""
        return 1.0 / (self.count - 1)

    @property
    def words(self) -> str:
        """Of what the intervals speak."""
        folds = f"{self.count} folds of one data set"
        return f"new data of this kind: repeats are {folds}, and their overlap is allowed for"


class Seed(Struct, frozen=True, tag="seed"):
    """Repeats differ by their seeds only, on one division of one data set. The intervals speak of that division."""

    @property
    def overlap(self) -> float:
        """Nothing: seeds are independent."""
        return 0.0

    @property
    def words(self) -> str:
        """Of what the intervals speak."""
        return "this data set as it was divided: repeats differ by their seeds only"


class DataSet(Struct, frozen=True, tag="data set"):
    """Each repeat has a data set of its own, which shares no rows with the others. The intervals speak of new ones."""

    @property
    def overlap(self) -> float:
        """Nothing: data sets are independent."""
        return 0.0

    @property
    def words(self) -> str:
        """Of what the intervals speak."""
        return "new data sets of this kind: each repeat has one of its own"


RepeatKind = RandomSplit | Fold | Seed | DataSet
"""What a repeat is."""


def split_of(kind: RepeatKind | None, seed: int, repeat: int) -> int:
    """The ``split`` of a repeat: a number from 0 to 2**32 - 1 that depends on the study's ``seed`` for splits.

    It looks random, but for folds: their numbers are in it, as `Fold` says.
    """
    if not isinstance(kind, Fold):
        return derived(seed, repeat)
    division, fold = divmod(repeat, kind.count)
    # so that it stays below 2**32
    return derived(seed, division) % (2**32 // kind.count) * kind.count + fold
