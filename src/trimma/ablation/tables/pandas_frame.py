"""Frames of pandas."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trimma.ablation.tables.table import Group, Shuffle, most_frequent
from trimma.ablation.values import same
from trimma.errors import UsageError


class PandasFrame:
    """A pandas frame. Its columns may have any names, also tuples, and several columns may have the same name."""

    def names(self, data: Any) -> Sequence[str]:
        names = data.columns.tolist()
        texts = list(map(str, names))
        if len(set(texts)) == len(texts):
            return texts
        shown: dict[str, Any] = {}
        for name in names:
            if not same(shown.setdefault(str(name), name), name):
                raise UsageError(
                    f"two columns of the frame are shown alike: {shown[str(name)]!r} and {name!r}; rename one of them"
                )
        return texts

    def dropped(self, data: Any, members: Sequence[str]) -> Any:
        wanted = set(members)
        # names may be NaN, which pandas doesn't find again
        return data.loc[:, [name not in wanted for name in self.names(data)]]

    def permuted(self, data: Any, groups: Sequence[Group], shuffle: Shuffle) -> Any:
        own, names = _own(data), self.names(data)
        for component, members in groups:
            order = shuffle.order(component, len(data))
            for place in _places(names, members):
                own.isetitem(place, _column(own.iloc[:, place].array.take(order), own))
        return own

    def typical(self, data: Any, members: Sequence[str]) -> dict[str, Any]:
        names = self.names(data)
        # if several columns have this name, the first of them
        places = {names[place]: place for place in reversed(_places(names, members))}
        return {member: _typical(data.iloc[:, places[member]]) for member in members}

    def filled(self, data: Any, values: Mapping[str, Any]) -> Any:
        own, names = _own(data), self.names(data)
        nowhere = np.zeros(len(data), dtype=np.intp)
        for place in _places(names, list(values)):
            one = _series_of(values[names[place]], data.iloc[:, place].dtype)
            own.isetitem(place, _column(one.array.take(nowhere), own))
        return own


def _column(values: Any, frame: Any) -> Any:
    """A column for ``frame``. Bare objects would be given the type that pandas guesses from them."""
    import pandas as pd

    return pd.Series(values, index=frame.index, dtype=values.dtype)


def _places(names: Sequence[str], members: Sequence[str]) -> list[int]:
    wanted = set(members)
    return [place for place, name in enumerate(names) if name in wanted]


def _typical(column: Any) -> Any:
    if column.dtype.kind in "iuf":
        mean = column.astype("float64" if column.dtype.kind != "f" else column.dtype).mean()
        return float(mean) if mean == mean else None
    counts = column.value_counts(sort=False)
    top = counts[counts == counts.max()]
    return most_frequent(zip(top.index, top, strict=True)) if len(top) and top.iloc[0] else None


def _own(data: Any) -> Any:
    """A frame that can be changed without changing ``data``; from pandas 3 on that needs no copy."""
    import pandas as pd

    return data.copy(deep=int(pd.__version__.partition(".")[0]) < 3)


def _series_of(value: Any, dtype: Any) -> Any:
    """A series of one value, with the type that a column of ``dtype`` has when it is filled with that value."""
    import pandas as pd

    if dtype.kind in "iu" and isinstance(dtype, pd.ArrowDtype):
        dtype = "double[pyarrow]"
    elif dtype.kind in "iu":
        is_nullable = isinstance(dtype, pd.api.extensions.ExtensionDtype) and not isinstance(dtype, pd.SparseDtype)
        dtype = "Float64" if is_nullable else "float64"
    elif isinstance(dtype, pd.CategoricalDtype) and value is not None and value not in dtype.categories:
        # the value comes from another table, and may be no category of this one
        dtype = pd.CategoricalDtype([*dtype.categories, value], ordered=dtype.ordered)
    return pd.Series([value], dtype=dtype)
