"""`tm.Columns`: the columns of tables as components of an ablation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from msgspec.structs import replace as replace_field

from trimma.ablation.pipeline_columns import without_named_columns
from trimma.ablation.question import Component
from trimma.ablation.selection import Selection, unknown
from trimma.ablation.tables import ColumnList, ColumnRemoval, How, list_columns, no_columns_left, without_columns
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

KIND = "column"


@dataclass(frozen=True, init=False, repr=False)
class Columns:
    """The columns of ``data=``, as components: single columns, or groups of columns.

    - ``names``: each is a component of one column.
    - ``group``: a list of columns that are left out together. ``groups``: several such lists. A dict of lists gives the
      groups names.
    - ``prefix``: all columns whose names begin with this text are left out together. A list of texts makes one
      component for each text.

    Without any of these, each column except the label is a component.

    ``how`` says how a column is taken out:

    - "drop" (default) removes the column, and its name from the lists of a pipeline of scikit-learn or ``pyspark.ml``
      that is given as ``model=``. An objective that names columns itself fails without them. The study is then given
      up, because that says nothing of what they are worth.
    - "permute" shuffles its values over the rows, in a new order for each training. The columns of one component are
      shuffled together. The information in them is lost; their distribution and the shape of the table stay.
    - "mean" puts the column's mean in all rows, or its most frequent value if it doesn't hold numbers.

    ``label`` names the column that is predicted, or several such columns. A label can't be taken out, and is not
    listed as a component. ``label=()`` says that none of the columns is a label.

    ``data`` is a frame of pandas, polars or Spark, an Arrow table, the path of a Parquet or CSV file or of a folder of
    such files, a function without arguments that returns one of these, or a dict, list or tuple of these. Columns are
    taken out of each table that has them. The objective gets the same kind of data as was given: where a path was
    given, the path of a copy, and where a function was given, a function. The columns of a Spark DataFrame can't be
    permuted, because its rows have no order.

    Raises `UsageError` for arguments of another form. When the study is started, raises `UnknownName` for a column that
    doesn't exist, and `UsageError` if a label is named as a component, or if every column is to be a component and the
    label isn't said.
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
        refused = {
            name: f"{name!r} stands in the names of folders, and can't be permuted: take how='mean' or how='drop'"
            for name in found.fixed
        }
        refused |= {label: f"{label!r} is the label, which can't be left out" for label in self.label or ()}
        components = self.selection.components(KIND, found.columns, refused)
        return [replace_field(component, gone=True) for component in components] if self.how == "drop" else components

    def check_arms(self, inputs: Inputs, arms: Sequence[Sequence[Component]]) -> None:
        """Raise `UsageError` where a table would have no columns but the label left in one of the arms."""
        if self.how != "drop":
            return
        labels = set(self.label or ())
        tables = list_columns(inputs.data, self.how).tables
        for arm in arms:
            members = {member for component in arm for member in component.members}
            for table in tables:
                if members.intersection(table) and labels.union(members).issuperset(table):
                    raise no_columns_left(members, label=not labels.isdisjoint(table))
        for arm in arms:
            without_named_columns(inputs.model, [member for component in arm for member in component.members])

    def remove(self, inputs: Inputs, components: Sequence[Component]) -> Inputs:
        groups = tuple((component.name, component.members) for component in components)
        removal = ColumnRemoval(how=self.how, groups=groups, seed=inputs.seed)
        changed = replace(inputs, data=without_columns(inputs.data, removal))
        if self.how != "drop":
            return changed
        return replace(changed, model=without_named_columns(inputs.model, removal.members))

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
