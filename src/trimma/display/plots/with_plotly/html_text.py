"""Plain text as the kind of HTML that plotly takes."""

from html import escape

from trimma.display.plots.picture_marks import Tick
from trimma.display.plots.theme import GREY


def html_text(text: str) -> str:
    """The text with its lines kept, and nothing in it taken for HTML."""
    return escape(text, quote=False).replace("\n", "<br>")


def html_hover(text: str) -> str:
    """The text at the mouse, with its first line in bold."""
    first, *rest = html_text(text).split("<br>")
    return "<br>".join([f"<b>{first}</b>", *rest]) if text else ""


def html_tick(tick: Tick) -> str:
    """The text of a tick, and its note in smaller type."""
    note = f" <span style='font-size:11px;color:{GREY}'>{html_text(tick.note)}</span>" if tick.note else ""
    return html_text(tick.text) + note


def html_title(title: str, note: str) -> str:
    """A title and, in smaller type below it, a note."""
    small = f"<br><span style='font-size:12px;color:{GREY}'>{html_text(note)}</span>" if note else ""
    return html_text(title) + small
