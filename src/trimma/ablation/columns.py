"""`tm.Columns`: the columns of tables as components of an ablation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from trimma.ablation.question import Component
from trimma.ablation.selection import Selection, unknown
from trimma.ablation.tables import ColumnList, ColumnRemoval, How, list_columns, without_columns
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

KIND = "column"


@dataclass(frozen=True, init=False, repr=False)
class Columns:
    """Columns of ``data=``: features, one by one or in groups.

    ``names`` are components of one column each. ``group`` is a list of columns that are left out together, ``groups``
    several such lists; a dict of lists gives them names. ``prefix`` takes all columns together whose names begin so
    (a list of texts: one component each). With none of these each column is a component, but for the label.

    ``how`` a column is taken out: "drop" leaves it out. "permute" shuffles its values over the rows, anew in each
    training, the columns of a component together: what it tells is lost, and its distribution and the shape of the
    table stay. "mean" puts its mean in all rows, or the most frequent value where it doesn't hold numbers.

    ``label`` names the column that is predicted, or several. They can't be taken out, and are not listed; ``()`` says
    that none of the columns is one.

    ``data`` is a frame of pandas, polars or Spark, an Arrow table, the path of a Parquet or CSV file or of a folder of
    such files, a function without arguments that returns one of these, or a dict, list or tuple of them; columns are
    taken out of each table that has them. The objective gets the same kind of thing: for a path the path of a copy,
    for a function a function. Of a Spark DataFrame, whose rows have no order, columns can't be permuted.

    Raises `UsageError` for arguments of another form; when the study is started, `UnknownName` for columns that there
    aren't, and `UsageError` where a label is named, or where all are to be listed and no label is said.
    """

    changes = ("data",)

    selection: Selection
    how: How
    label: tuple[str, ...] | None

    def __init__(
        self,
        *names: Any,
        group: Iterable[Any] | Mapping[Any, Iterable[Any]] | None = None,
        groups: Iterable[Iterable[Any]] | Mapping[Any, Iterable[Any]] | None = None,
        prefix: str | Iterable[str] | None = None,
        how: How = "drop",
        label: Any = None,
    ) -> None:
        if how not in get_args(How):
            raise UnknownName("way to take columns out", str(how), get_args(How))
        several = isinstance(label, list | tuple | set | frozenset)
        labels = None if label is None else tuple(map(str, label if several else (label,)))
        for field, value in (
            ("selection", Selection.of(names, group=group, groups=groups, prefix=prefix)),
            ("how", how),
            ("label", labels),
        ):
            object.__setattr__(self, field, value)

    def components(self, inputs: Inputs) -> Sequence[Component]:
        found = list_columns(inputs.data, self.how)
        if self.selection.is_empty and self.label is None:
            raise UsageError(
                f"{self!r} takes each column by itself ({_some(found)}), and which of them is the label can't be told: "
                "say label='...', or label=() where none is"
            )
        for label in self.label or ():
            if label not in found.columns and label not in found.series:
                raise unknown("column (for the label)", label, found.columns)
        refused = {label: f"{label!r} is the label, which can't be left out" for label in self.label or ()}
        return self.selection.components(KIND, found.columns, refused)

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        groups = tuple((component.name, component.members) for component in components)
        return replace(
            inputs, data=without_columns(inputs.data, ColumnRemoval(how=self.how, groups=groups, seed=inputs.seed))
        )

    def __repr__(self) -> str:
        shown = self.selection.arguments()
        if self.how != "drop":
            shown.append(f"how={self.how!r}")
        if self.label is not None:
            shown.append(f"label={self.label[0] if len(self.label) == 1 else list(self.label)!r}")
        return f"Columns({', '.join(shown)})"


def _some(found: ColumnList) -> str:
    names = ", ".join(found.columns[:3])
    return names if len(found.columns) <= 3 else f"{names}, ... {len(found.columns)} in all"
