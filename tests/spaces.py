"""Random spaces for the property tests."""

from hypothesis import strategies as st

from trimma.space import Choice, Derived, Expression, Float, Grid, Int

KEYS = "abcdef"
constants = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
variables = (
    st.builds(lambda low, width, log: Float(low, low + width, log=log), st.floats(1, 2), st.floats(0, 9), st.booleans())
    | st.builds(
        lambda low, width, step: Int(low, low + width, step=step),
        st.integers(-5, 5),
        st.integers(0, 9),
        st.integers(1, 3),
    )
    | st.lists(constants, min_size=1, max_size=4, unique_by=lambda value: (type(value), value)).map(Choice)
)
grids = st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True).map(Grid)


def grouped(items):
    """A list or a tuple of them. Several that are all constants are left out, since they could be meant as a choice."""
    kept = items if any(isinstance(item, Expression | dict) for item in items) else items[:1]
    return st.sampled_from([list, tuple]).map(lambda kind: kind(kept))


@st.composite
def mappings(draw, keys=KEYS, kinds=variables | grids):
    """A nested mapping whose expressions come from a small pool, so that some are linked or hidden."""
    pool = draw(st.lists(kinds, max_size=4))
    leaves = constants
    if pool:
        leaves |= st.sampled_from(pool)
        leaves |= st.builds(
            lambda *arguments: Derived(lambda *given: list(given), *arguments), st.sampled_from(pool), leaves
        )
    inner = st.recursive(
        leaves,
        lambda node: (
            st.lists(node, max_size=3).flatmap(grouped) | st.dictionaries(st.sampled_from(keys), node, max_size=3)
        ),
        max_leaves=5,
    )
    return draw(st.dictionaries(st.sampled_from(keys), inner, max_size=4))
