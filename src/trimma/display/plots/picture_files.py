"""Pictures written to files."""

from html import escape
from importlib.util import find_spec
from os import PathLike
from pathlib import Path

from trimma.display.plots.picture import Picture
from trimma.display.plots.with_matplotlib.figure import PAGE, save
from trimma.display.plots.with_plotly.figure import plotly_figure
from trimma.errors import MissingExtra, UsageError

__all__ = ["PAGE", "check", "write"]

IMAGES = (".png", ".svg", ".pdf")
INTERACTIVE = (".html", ".json")
STYLE = "html{height:100%}body{margin:0;height:100%;min-width:640px}"


def check(file: str | PathLike[str]) -> None:
    """Raise at once the errors that `write` would raise after the work of drawing."""
    suffix = Path(file).suffix.lower()
    if suffix not in (*INTERACTIVE, *IMAGES):
        raise UsageError(
            f"a plot can't be written to {str(file)!r}: end it in .html, .json, or as an image in {', '.join(IMAGES)}"
        )
    package, extra = ("matplotlib", "image") if suffix in IMAGES else ("plotly", "plot")
    if find_spec(package) is None:
        raise MissingExtra(package, extra, f"a plot as {suffix}")


def write(picture: Picture, file: str | PathLike[str], width: float = PAGE) -> None:
    """Write the picture in the format that the file's name ends in.

    That is .html (complete, needs no network), .json or an image, which is ``width`` inches wide.

    Raises `UsageError` for another ending, and `MissingExtra` for an image without matplotlib, or for another file
    without plotly.
    """
    check(file)
    path = Path(file)
    match path.suffix.lower():
        case ".html":
            path.write_text(_page(picture), encoding="utf-8")
        case ".json":
            path.write_text(plotly_figure(picture).to_json(), encoding="utf-8")
        case _:
            save(picture, str(path), width)


def _page(picture: Picture) -> str:
    """A whole page with plotly's script inside."""
    config = {"displaylogo": False, "responsive": True}
    plot = plotly_figure(picture).to_html(full_html=False, include_plotlyjs=True, config=config)
    title = escape(picture.title)
    head = f"<meta charset='utf-8'><title>{title}</title><style>{STYLE}</style>"
    return f"<!doctype html>\n<html lang='en'><head>{head}</head><body>{plot}</body></html>\n"
