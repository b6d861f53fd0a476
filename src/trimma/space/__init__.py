"""The search space: what a config may be, and how it is drawn from the unit cube."""

from trimma.space.branch import Branch, Branches
from trimma.space.describe import differences, label
from trimma.space.dimension import Dimension
from trimma.space.encoding import Encoding, encoding_from
from trimma.space.expressions import Choice, Derived, Grid, Variable
from trimma.space.numeric import Float, Int
from trimma.space.plain import Expression
from trimma.space.space import Space

__all__ = [
    "Branch",
    "Branches",
    "Choice",
    "Derived",
    "Dimension",
    "Encoding",
    "Expression",
    "Float",
    "Grid",
    "Int",
    "Space",
    "Variable",
    "differences",
    "encoding_from",
    "label",
]
