"""Of many components, tables and pictures show those at both ends, and say how many there are."""

from __future__ import annotations

import pytest

from ablations import drawn, effect, many
from pictures import axes, ticks
from printing import printed
from trimma.ablation.findings import Findings
from trimma.display.notebook.ablation_html import fragments
from trimma.display.plots import forest, repeats
from trimma.display.report.data_frames import data_frame
from trimma.display.report.html_page import page
from trimma.display.report.latex import latex
from trimma.display.report.markdown import markdown
from trimma.display.terminal.closing_ablation import component_findings


def wide(count: int = 100) -> Findings:
    """Components of falling worth: ``c0`` is worth most."""
    return drawn([effect(f"c{place}", (place - count) / 1e3) for place in range(count)])


SAID = "40 components between the first 30 and the last 30 aren't shown"


def test_tables_show_both_ends() -> None:
    found = wide()
    texts = [markdown(found), latex(found), "".join(fragments(found))]
    texts.append(" ".join(" ".join(printed(part, 100) for part in component_findings(found, 100)).split()))
    for text in texts:
        plain = " ".join(text.split()).replace("&#x27;", "'")
        assert SAID in plain
        assert all(f"c{place}" in plain for place in (0, 29, 70, 99))
        assert "c50" not in plain
    few = markdown(wide(60))
    assert "aren't shown" not in few
    assert "c31" in few


def test_the_frame_and_the_page_have_all() -> None:
    pytest.importorskip("plotly")
    found = wide()
    assert len(data_frame(found)) == 100
    assert page(found).count("<th scope='row'>") == 100


def test_pictures_show_both_ends() -> None:
    for draw in (forest, repeats):
        picture = draw(wide())
        labels = ticks(axes(picture)[1])
        assert len(labels) == 60
        assert labels[29:31] == ["c29", "c70"]
        assert "the 30 at each end of 100 components" in picture.note
        assert len(ticks(axes(draw(many(60)))[1])) == 60


def test_pictures_take_no_longer_with_more_components() -> None:
    assert len(forest(wide(2000)).marks) == len(forest(wide(200)).marks)
    assert forest(wide(2000)).rows == 60
