"""A grid of coloured cells, with a bar that explains the colours."""

from typing import Any

import numpy as np

from trimma.display.plots.picture_marks import Cells

BESIDE = 1.9  # inches beside the grid
NUMBER = 0.42  # inches that a cell with a number needs


def draw_cells(axes: Any, mark: Cells) -> None:
    """Draw the cells. Where they are too narrow for their numbers, only the stars of those to look at stay."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("trimma", list(mark.colours))
    axes.set_facecolor("#E2E2E2")
    values = np.array([[np.nan if value is None else value for value in row] for row in mark.values], dtype=float)
    image = axes.imshow(values, cmap=colours, vmin=-mark.greatest, vmax=mark.greatest)
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.85, aspect=25)
    bar.set_ticks([tick.value for tick in mark.ticks], labels=[tick.text for tick in mark.ticks])
    bar.outline.set_visible(False)
    wide = (axes.figure.get_figwidth() - BESIDE) / len(values) > NUMBER
    for row, line in enumerate(mark.texts):
        for column, text in enumerate(line):
            strong = mark.strong[row][column]
            shown = text if wide else "*" if strong else ""
            if shown:
                axes.text(column, row, shown, ha="center", va="center", weight="bold" if strong else "normal")
