"""Plots written to files."""

from importlib.util import find_spec
from os import PathLike
from pathlib import Path

from trimma.display.plots.static_figure import PAGE, save
from trimma.display.plots.theme import Figure
from trimma.errors import MissingExtra, UsageError

IMAGES = (".png", ".svg", ".pdf")


def check(file: str | PathLike[str]) -> None:
    """Raise at once the errors that `write` would raise after the work of drawing."""
    suffix = Path(file).suffix.lower()
    if suffix not in (".html", ".json", *IMAGES):
        raise UsageError(
            f"a plot can't be written to {str(file)!r}: end it in .html, .json, or as an image in {', '.join(IMAGES)}"
        )
    if suffix in IMAGES and find_spec("matplotlib") is None:
        raise MissingExtra("matplotlib", "image", f"a plot as {suffix} (.html needs nothing)")


def write(figure: Figure, file: str | PathLike[str], width: float = PAGE) -> None:
    """Write the figure in the format that the file's name ends in.

    That is .html (complete, needs no network), .json or an image, which is ``width`` inches wide.

    Raises `UsageError` for another ending and `MissingExtra` for an image without matplotlib.
    """
    check(file)
    path = Path(file)
    match path.suffix.lower():
        case ".html":
            path.write_text(_page(figure), encoding="utf-8")
        case ".json":
            path.write_text(figure.to_json(), encoding="utf-8")
        case _:
            save(figure, str(path), width)


def _page(figure: Figure) -> str:
    """A whole page with plotly's script inside."""
    plot = figure.to_html(full_html=False, include_plotlyjs=True, config={"displaylogo": False, "responsive": True})
    title = (figure.layout.title.text or "").split("<br>")[0]  # escaped already
    head = f"<meta charset='utf-8'><title>{title}</title><style>html,body{{margin:0;height:100%}}</style>"
    return f"<!doctype html>\n<html lang='en'><head>{head}</head><body>{plot}</body></html>\n"
