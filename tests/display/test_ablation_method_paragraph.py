"""The paragraph for a paper says what was done, and cites what was used."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ablations import asked, cells_of, drawn, effect
from trimma.ablation.findings.findings import assembled
from trimma.ablation.repeat_kinds import RandomSplit
from trimma.display.ablation_method_paragraph import method_paragraph
from trimma.display.ablation_method_sources import SOURCES
from trimma.display.report.html_page import page
from trimma.display.report.latex import escaped
from trimma.effects import Cell, contrasts, race_contrasts
from trimma.spec import Metric

NAMES = ["age", "sex", "fare", "deck"]


def analysed(cells, contrast=contrasts, names=NAMES, **more):
    """The findings of a real analysis."""
    options = {key: more.pop(key) for key in ("smallest", "overlap") if key in more}
    found = contrast(cells, names, maximize=True, **options)
    question = asked(names, smallest=options.get("smallest"), **more)
    return assembled(question, found, Metric(name="accuracy", maximize=True), cells, "titanic", trainings=25)


def measured(repeats=5, gone=()):
    cells = cells_of([effect(name, -0.02 * place) for place, name in enumerate(NAMES)], repeats)
    return [replace(cell, value=None) if (cell.arm, cell.repeat) in gone else cell for cell in cells]


def test_what_was_done_is_said_and_cited():
    text = method_paragraph(analysed(measured()))
    assert "Leave-one-out of 4 components, 5 repeats: 25 trainings (maximized: accuracy)." in text
    assert "they are compared in pairs" in text
    assert "adjusted for all 4 differences together, at 95 %" in text
    assert "F test" in text
    assert "this data set as it was divided" in text
    cited = text.split("\n\n")[1]
    assert "Dunnett (1955)" in cited
    for unused in ("Nadeau", "Lan and", "Tarone", "Schuirmann", "Castro"):
        assert unused not in text


def test_more_is_said_where_more_was_done():
    gone = [(("age",), repeat) for repeat in range(5)]
    kind = RandomSplit(0.25)
    found = analysed(measured(gone=gone), smallest=0.01, overlap=kind.overlap, repeat=kind, collapsed=0.5)
    text = method_paragraph(found)
    for used in ("Nadeau and Y. Bengio (2003)", "Tarone (1990)", "Schuirmann (1987)"):
        assert used in text
    assert "a difference of 0.01" in text
    assert "worse than 0.5 counted as failed" in text
    assert "of the 5 % of error" in text
    assert "new data of this kind" in text


def test_looks_are_told():
    found = analysed(measured(6), race_contrasts, repeats=24, looks=(3, 6, 12, 24))
    text = method_paragraph(found)
    assert "looked at after 3, 6, 12, 24 repeats" in text
    assert "DeMets (1983)" in text


def test_the_floor_of_a_metric_that_moves_in_steps_is_told():
    cells = [
        Cell(arm=arm, repeat=repeat, value=(80 + 3 * repeat + place * (repeat % 2) - place) / 100)
        for repeat in range(6)
        for place, arm in enumerate([(), *((name,) for name in NAMES)])
    ]
    assert "moves in steps of 0.01" in method_paragraph(analysed(cells))


def test_without_intervals_nothing_is_claimed_of_them():
    text = method_paragraph(analysed(measured(1), repeats=1))
    assert "no intervals" in text
    assert "adjusted for" not in text
    assert "\n\n" not in text


def test_it_is_on_the_page_and_safe_for_latex():
    found = drawn([effect("a_b", -0.1), effect("c", 0.1)])
    assert "The method, for a paper" in page(found, "finished")
    text = escaped(method_paragraph(found))
    assert " 95 \\%" in text
    assert "&" not in text.replace("\\&", "")


@pytest.mark.parametrize("source", SOURCES.values())
def test_sources_have_a_year_and_a_place(source):
    assert source.endswith(".")
    assert "(" in source
    assert ")." in source
