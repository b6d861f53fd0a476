"""The closing summary of an ablation, word for word."""

from rich.console import Group

from ablations import drawn, effect, finished_ablation, opened_ablation, pairwise, titanic
from printing import printed
from trimma.display.terminal.closing_ablation import component_findings
from trimma.display.terminal.closing_summary import closing_text
from trimma.display.terminal.interaction_lines import interaction_lines
from trimma.display.terminal.live_view import frame
from trimma.effects import Analysis

TOLD = """\
Leave-one-out of 6 components, 5 repeats: 35 trainings. The whole: accuracy 0.8169 (standard
deviation 0.0033). Intervals speak of this data set as it was divided: repeats differ by their seeds
only.

Change in accuracy when left out (below zero: worse without; above: better without).
component   difference       95 % interval        worse without │         p      repeats  verdict
body                 -                   -                      │         -  0, 5 failed  helps
sex            -0.1250  [-0.1310, -0.1190]  ─●─                 │    <0.001            5  helps
age            -0.0123  [-0.0183, -0.0063]                   ─●─│    <0.001            5  helps
fare           -0.0031  [-0.0091, +0.0029]                    ─○┼     0.310            5  undecided
ticket         +0.0002  [-0.0018, +0.0022]                      ■     0.990            5  equivalent
deck+cabin     +0.0085  [+0.0025, +0.0145]                      │◆─  <0.001            5  hurts

5 of 6 components decided: body, sex, age help; deck+cabin hurts; ticket makes no difference that
matters.

Highest mean accuracy: 0.8250, without deck+cabin (5 trainings)
Lowest mean accuracy: 0.6924, without sex (5 trainings)
Average accuracy: 0.7953 over 6 configs; the whole 0.8169
The highest and the lowest of 6 means are so partly by chance: intervals say what differs.

Additive model of arm and repeat, pooled variance (40 degrees of freedom), simultaneous 95 %
intervals (Dunnett)."""


def test_what_is_told_at_100_columns():
    assert printed(Group(*component_findings(titanic(), 100)), 100) == TOLD


CLOSING = """\
fashion finished after 12 s: all trials were run
11 done   1 failed   workers 100% busy

Leave-one-out of 3 components, 3 repeats: 12 trainings. The whole: accuracy
0.820 (standard deviation 0.020). Intervals speak of this data set as it was
divided: repeats differ by their seeds only.

Change in accuracy when left out (below zero: worse without; above: better
without).
component  difference     95 % interval  worse without │      repeats  verdict
sex            -0.300  [-0.300, -0.300]  ●             │  2, 1 failed  helps
age            -0.100  [-0.100, -0.100]           ●    │            3  helps
fare            0.000    [0.000, 0.000]                ○            3  undecided

2 of 3 components decided: sex, age help.

Highest mean accuracy where nothing failed: 0.810, the whole (2 trainings)
Lowest mean accuracy: 0.510, without sex (2 trainings, 1 failed)
Average accuracy: 0.710 over 4 configs; the whole 0.810 (in the 2 repeats that
all have)
The highest and the lowest of 4 means are so partly by chance: intervals say
what differs.

Additive model of arm and repeat; no noise, so intervals have no width.
Repeats of an arm did not differ beyond what all arms share: differences are
taken as exact. If training is random, check that it uses the trial's seed.
Trainings without fare came to exactly the same as those they are compared with:
check that the objective uses what is left out.
Trainings failed without sex (1), not more often than chance may have it
(Fisher's exact test).
Differences are of the trainings that ended.

1 trial failed (trial 11) with ValueError: no

Kept in here. Look again with trimma.load('fashion').
"""


def test_the_closing_summary():
    assert closing_text(finished_ablation().history, "here") == CLOSING


def test_bad_states_are_told_and_nothing_crashes():
    log = opened_ablation("w")
    assert "No training has ended yet" in closing_text(log.history)
    log.cells("w", {(): [None]})
    text = closing_text(log.history)
    assert "The whole: no value yet." in text
    assert "there is nothing to compare" in text
    single = opened_ablation("w", repeats=1)
    single.cells("w", {(): [0.8], ("age",): [0.7], ("fare",): [0.9]})
    text = closing_text(single.history)
    assert "One repeat gives no intervals" in text
    assert "interval  " not in text, "a column without any is left out"
    flat = opened_ablation("w", repeats=2)
    flat.cells("w", {(): [0.8] * 2, ("age",): [0.8] * 2, ("fare",): [0.8] * 2})
    assert "The metric had no variance" in closing_text(flat.history)


def test_names_that_could_harm_a_terminal_do_not():
    names = ["[red]x[/red]", "two\nlines\x1b[31m"]
    log = opened_ablation("w", names=names, repeats=2)
    log.cells("w", {(): [0.8, 0.9], (names[0],): [0.7, 0.8], (names[1],): [0.6, 0.7]})
    log.run("w", [names[1]], 1)
    for text in (closing_text(log.history), printed(frame(log.history, 1.0))):
        assert "[red]x[/red]" in text
        assert "\x1b" not in text


def test_interactions_in_words():
    assert interaction_lines(pairwise()) == [
        "2 of 10 pairs are known to interact:",
        "  conv and norm stand in for each other: -0.040 [-0.052, -0.028]",
        "  skip and drop need each other: +0.030 [+0.018, +0.042]",
    ]
    assert interaction_lines(titanic()) == []
    none = Analysis(effects=[effect("a x b", None)], maximize=True, confidence=0.95)
    assert interaction_lines(drawn([effect("a", -0.1), effect("b", -0.1)], joint=none)) == [
        "No pair can be compared yet."
    ]
