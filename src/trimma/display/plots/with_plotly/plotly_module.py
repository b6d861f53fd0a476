"""Plotly, where it is installed."""

from typing import Any

from trimma.errors import MissingExtra

Figure = Any
"""A `plotly.graph_objects.Figure`; plotly ships no types."""


def graph_objects() -> Any:
    """The module `plotly.graph_objects`. Raises `MissingExtra` where plotly isn't installed."""
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtra("plotly", "plot", "an interactive plot") from error
    return go
