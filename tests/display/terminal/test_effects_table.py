"""The table of an ablation in the terminal, and its bars."""

import pytest

from ablations import drawn, effect, many, pairwise, titanic, waterfall
from printing import printed
from trimma.display.terminal.effects_table import effects_table
from trimma.display.terminal.interval_bars import Scale, bar_legend, interval_bar, scale_of

NARROW = """\
component   difference         worse without │    verdict
body                 -                       │    helps
sex            -0.1250  ─●─                  │    helps
age            -0.0123                    ─●─│    helps
fare           -0.0031                     ─○┼    undecided
ticket         +0.0002                      ─■    equivalent
deck+cabin     +0.0085                       │◆─  hurts"""


def test_a_narrow_table_says_less_and_is_not_wrapped():
    assert printed(effects_table(titanic(), 60), 60) == NARROW


@pytest.mark.parametrize("found", [titanic(), many(), pairwise(), waterfall(3), drawn([effect("a", -0.1)])])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 300])
def test_every_width_has_a_line_for_each_component(found, width):
    lines = printed(effects_table(found, width), width).splitlines()
    assert len(lines) == 1 + len(found.rows)
    assert max(map(len, lines)) <= width


def test_verdicts_are_in_full_where_there_is_room():
    text = printed(effects_table(titanic(), 160), 160)
    assert "undecided" in text
    assert "equivalent within 0.01" in text
    assert "helps (all 5 trainings failed)" in text
    assert "repeats would decide" not in text


def test_a_bar_keeps_clear_of_zero_where_its_interval_does():
    scale = Scale(-1.0, 1.0)
    help_, open_, harm = (drawn([effect("a", *each)]).rows[0] for each in ((-0.5, 0.3), (0.0, 0.5), (0.02, 0.01)))
    assert interval_bar(help_, scale, 21) == "  ───●─── │          "
    assert interval_bar(open_, scale, 21) == "     ─────○─────     "
    assert interval_bar(harm, scale, 21) == "          │◆         "
    little = drawn([effect("a", -0.02, 0.01)]).rows[0]
    assert interval_bar(little, scale, 21) == "         ●│          "
    assert interval_bar(little, Scale(0.0, 0.0), 5) == " ●│  "
    assert interval_bar(drawn([effect("a", None)]).rows[0], scale, 5) == "  │  "
    assert scale_of([]) == Scale(0.0, 0.0)


def test_the_heading_of_the_bars_is_cut_to_its_room():
    assert bar_legend(41, Scale(-1.0, 1.0), "worse without", "better without") == "      worse without │ better without"
    assert bar_legend(21, Scale(-1.0, 1.0), "worse without", "better without") == "    worse │ better"
    assert bar_legend(5, Scale(-1.0, 1.0), "worse without", "better without") == "  │"
