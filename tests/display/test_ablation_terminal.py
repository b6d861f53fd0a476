"""Ablations in the terminal, word for word: the table, the closing summary, the live view, the lines."""

import io

import pytest
from rich.console import Console, Group

from ablations import AblationLog, drawn, effect, many, opened_ablation, pairwise, titanic, waterfall
from trimma.display.ablation.bars import Scale, bar, legend, scale_of
from trimma.display.ablation.closing import told
from trimma.display.ablation.pairs import pair_lines
from trimma.display.ablation.reader import FindingsReader
from trimma.display.ablation.table import effects_table
from trimma.display.lines import LineView
from trimma.display.live import LiveView, final, frame
from trimma.display.summary import brief, closing_text
from trimma.display.text import squeeze
from trimma.effects import Analysis


def printed(renderable, width=80):
    console = Console(file=io.StringIO(), width=width, record=True, color_system=None)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


TOLD = """\
Leave-one-out of 6 components, 5 repeats: 35 trainings. The whole: accuracy 0.8169 (standard
deviation 0.0033).

Change in accuracy when left out (below zero: worse without; above: better without).
component   difference       95 % interval   worse without │         p      repeats  verdict
body                 -                   -                 │         -  0, 5 failed  helps
sex            -0.1250  [-0.1310, -0.1190]  ─●             │    <0.001            5  helps
age            -0.0123  [-0.0183, -0.0063]               ─●│    <0.001            5  helps
fare           -0.0031  [-0.0091, +0.0029]                ─○─    0.310            5  undecided (~14)
ticket         +0.0002  [-0.0018, +0.0022]                 ■─    0.990            5  equivalent
deck+cabin     +0.0085  [+0.0025, +0.0145]                 │◆─  <0.001            5  hurts
~14: about so many repeats would decide

5 of 6 components decided: body, sex, age help; deck+cabin hurts; ticket makes no difference that
matters.

BEST config excludes deck+cabin: mean accuracy 0.8250 (5 trainings)
WORST config excludes sex: mean accuracy 0.6924 (5 trainings)
AVERAGE accuracy 0.7953 over 6 configs; the whole 0.8169

Additive model of arm and repeat, pooled variance (40 degrees of freedom), simultaneous 95 %
intervals (Dunnett)."""


def test_what_is_told_at_100_columns():
    assert printed(Group(*told(titanic(), 100)), 100) == TOLD


NARROW = """\
component   difference    worse without │    verdict
body                 -                  │    helps
sex            -0.1250  ─●              │    helps
age            -0.0123                ─●│    helps
fare           -0.0031                 ─○─   undecided (~14)
ticket         +0.0002                  ■    equivalent
deck+cabin     +0.0085                  │◆─  hurts
~14: about so many repeats would decide"""


def test_a_narrow_table_says_less_and_is_not_wrapped():
    assert printed(effects_table(titanic(), 60), 60) == NARROW


@pytest.mark.parametrize("found", [titanic(), many(), pairwise(), waterfall(3), drawn([effect("a", -0.1)])])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 300])
def test_every_width_has_a_line_for_each_component(found, width):
    lines = printed(effects_table(found, width, explained=False), width).splitlines()
    assert len(lines) == 1 + len(found.rows)
    assert max(map(len, lines)) <= width


def test_verdicts_are_in_full_where_there_is_room():
    text = printed(effects_table(titanic(), 160), 160)
    assert "undecided (about 14 repeats would decide)" in text
    assert "equivalent within 0.01" in text
    assert "helps (all 5 trainings failed)" in text
    assert "~14" not in text


def test_a_bar_keeps_clear_of_zero_where_its_interval_does():
    scale = Scale(-1.0, 1.0)
    help_, open_, harm = (drawn([effect("a", *each)]).rows[0] for each in ((-0.5, 0.3), (0.0, 0.5), (0.02, 0.01)))
    assert bar(help_, scale, 21) == "  ───●─── │          "
    assert bar(open_, scale, 21) == "     ─────○─────     "
    assert bar(harm, scale, 21) == "          │◆         "
    little = drawn([effect("a", -0.02, 0.01)]).rows[0]
    assert bar(little, scale, 21) == "         ●│          "
    assert bar(little, Scale(0.0, 0.0), 5) == " ●│  "
    assert bar(drawn([effect("a", None)]).rows[0], scale, 5) == "  │  "
    assert scale_of([]) == Scale(0.0, 0.0)


def test_the_heading_of_the_bars_is_cut_to_its_room():
    assert legend(41, Scale(-1.0, 1.0), "worse without", "better without") == "      worse without │ better without"
    assert legend(21, Scale(-1.0, 1.0), "worse without", "better without") == "    worse │ better"
    assert legend(5, Scale(-1.0, 1.0), "worse without", "better without") == "  │"


def small() -> AblationLog:
    """Two repeats of three components, of which one failed once, and the third repeat running."""
    log = opened_ablation("w-0", "w-1", names=["age", "fare", "sex"], repeats=3)
    log.cells("w-0", {(): [0.8, 0.82], ("age",): [0.7, 0.72], ("fare",): [0.8, 0.82], ("sex",): [0.5, None]})
    log.run("w-0", (), 2)
    log.at(10).run("w-1", ["age", "sex"], 2)
    return log


FRAME = """\
fashion  maximize accuracy  local                                2 workers  12 s
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━                       8/12  6.0 s left
2 running   7 done   1 failed                                   workers 58% busy
the whole: accuracy 0.810 (standard deviation 0.014)   2 of 3 components decided

trial  worker  repeat  step   time  without
    8  w-0          2     0  4.0 s  nothing
    9  w-1          2     0  2.0 s  age + sex

component  difference     95 % interval  worse without │      repeats  verdict
age            -0.100  [-0.100, -0.100]           ●    │            2  helps
fare            0.000    [0.000, 0.000]                ○            2  undecided
sex            -0.300  [-0.300, -0.300]  ●             │  1, 1 failed  helps"""


def test_a_frame_at_80_columns():
    assert printed(frame(small().history, 12.0, "local")) == FRAME


def test_a_frame_fits_its_height_and_shows_what_is_worth_most():
    names = [f"part-{place}" for place in range(30)]
    log = opened_ablation(*(f"w-{place}" for place in range(20)), names=names, repeats=3)
    values = {(): [0.8] * 2} | {(name,): [0.8 - 0.01 * place] * 2 for place, name in enumerate(names)}
    log.cells("w-0", values)
    for place in range(20):
        log.run(f"w-{place}", [names[place]], 2)
    for height in (20, 24, 60):
        lines = printed(frame(log.history, 99.0, height=height), 80).splitlines()
        assert len(lines) <= height
        assert any(line.startswith("part-29") for line in lines)
    tall = printed(frame(log.history, 99.0, height=100)).splitlines()
    assert [line.split()[0] for line in tall if line.startswith("part-")] == names
    assert "+16 more" in printed(frame(log.history, 99.0, height=24))


def test_frames_of_ablations_with_little_to_show():
    assert "0 of 2 components decided" in printed(frame(opened_ablation("w").history, 1.0))
    path = opened_ablation("w", analysis="path", design="AblationPath(race=True)", reference=("age", "fare"))
    path.cells("w", {("age", "fare"): [0.5]})
    text = printed(frame(path.history, 1.0))
    assert "the bare baseline: accuracy 0.50000   0 of 2 components decided" in text
    assert "1 of at most 15  at most 14 s left" in text
    assert "verdict" not in text
    path.close()
    assert "1 trial in 1.0 s" in printed(final(path.history, 1.0))


def test_what_is_found_is_kept_until_a_trial_ends():
    log, reader = small(), FindingsReader()
    first = reader.read(log.history)
    assert reader.read(log.history) is first
    log.finish(8, accuracy=0.84)
    assert reader.read(log.history) is not first


def test_the_live_view_leaves_the_components():
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    log = small()
    with LiveView("local", console=console) as view:
        view(log.history, 12.0)
        log.close()
        view(log.history, 12.0)
    assert "-0.300" in console.file.getvalue().split("\x1b[2K")[-1]


def over() -> AblationLog:
    log = opened_ablation("w-0", names=["age", "fare", "sex"], repeats=3)
    values = {("age",): [0.7, 0.72, 0.74], ("fare",): [0.8, 0.82, 0.84], ("sex",): [0.5, 0.52, None]}
    log.cells("w-0", {(): [0.8, 0.82, 0.84]} | values)
    log.close()
    return log


CLOSING = """\
fashion finished after 12 s: all trials were run
11 done   1 failed   workers 100% busy

Leave-one-out of 3 components, 3 repeats: 12 trainings. The whole: accuracy
0.820 (standard deviation 0.020).

Change in accuracy when left out (below zero: worse without; above: better
without).
component  difference     95 % interval  worse without │      repeats  verdict
sex            -0.300  [-0.300, -0.300]  ●             │  2, 1 failed  helps
age            -0.100  [-0.100, -0.100]           ●    │            3  helps
fare            0.000    [0.000, 0.000]                ○            3  undecided

2 of 3 components decided: sex, age help.

BEST config excludes nothing: mean accuracy 0.810 (2 trainings)
WORST config excludes sex: mean accuracy 0.510 (2 trainings, 1 failed)
AVERAGE accuracy 0.710 over 4 configs; the whole 0.810 (in the 2 repeats that
all have)

Additive model of arm and repeat; no noise, so intervals have no width.
Repeats of an arm did not differ beyond what all arms share: differences are
taken as exact. If training is random, check that it uses the trial's seed.
Trainings failed without sex (1): differences are of those that ended.

1 trial failed (trial 11) with ValueError: no

Kept in here. Look again with trimma.load('fashion').
"""


def test_the_closing_summary():
    assert closing_text(over().history, "here") == CLOSING


def test_an_ablation_in_one_line():
    assert brief(over().history) == ("<AblationStudy 'fashion' finished: 11 done, 1 failed; 2 of 3 components decided>")


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


def test_lines_of_an_ablation_as_it_runs():
    stream = io.StringIO()
    view = LineView("local", stream=stream)
    log = opened_ablation("w-0", "w-1", names=["age", "fare", "sex"], repeats=3)
    view(log.history, 0.0)
    for repeat in range(2):
        for arm, value in (((), 0.8), (("age",), 0.7), (("fare",), 0.8), (("sex",), 0.5)):
            trial = log.run("w-0", arm, repeat)
            log.at(log.now + 2).finish(trial, accuracy=value + repeat / 100)
            view(log.history, log.now)
    log.at(17).fail(log.run("w-0", ["sex"], 2))
    log.close()
    view(log.history, 17.0)
    assert stream.getvalue() == (
        "trimma: study fashion, maximize accuracy, leave-one-out of 3 components, 3 repeats: 12 trainings, "
        "engine local\n"
        "trimma: 5 of 12 trials ended (5 done), workers 50% busy, 10 s so far, about 14 s left; "
        "0 of 3 components decided\n"
        "trimma: trial 8 failed: ValueError: no\n"
        "trimma: finished after 17 s, all trials were run: 8 done, 1 failed; the whole: accuracy 0.8050 "
        "(standard deviation 0.0071); 2 of 3 components decided: sex, age help\n"
    )


def test_the_first_line_says_what_an_ablation_takes():
    def first(**settings):
        stream = io.StringIO()
        LineView(stream=stream)(opened_ablation("w", **settings).history, 0.0)
        return stream.getvalue().splitlines()[0].split(", ", 2)[2]

    assert first(repeats=24, looks=(3, 6, 12, 24), trainings=72) == (
        "leave-one-out of 2 components, 3 to 24 repeats: at most 72 trainings"
    )
    assert first(trials=9) == "leave-one-out of 2 components, 5 repeats: 15 trainings, at most 9 trials"
    assert first(tries=8, trainings=120, retune="Retune()") == (
        "leave-one-out of 2 components, 5 repeats, 8 configs each: 120 trainings"
    )
    assert (
        first(design="Factorial(resolution=4)") == "factorial (resolution=4) of 2 components, 5 repeats: 15 trainings"
    )
    assert first(design="Factorial(resolution=None)").startswith("factorial of 2")


def test_names_that_could_harm_a_terminal_do_not():
    names = ["[red]x[/red]", "two\nlines\x1b[31m"]
    log = opened_ablation("w", names=names, repeats=2)
    log.cells("w", {(): [0.8, 0.9], (names[0],): [0.7, 0.8], (names[1],): [0.6, 0.7]})
    log.run("w", [names[1]], 1)
    for text in (closing_text(log.history), printed(frame(log.history, 1.0))):
        assert "[red]x[/red]" in text
        assert "\x1b" not in text


def test_long_names_keep_their_ends():
    assert squeeze("embedding of the second language", 16) == "embeddi…language"
    assert [squeeze("abcdef", width) for width in (6, 4, 2)] == ["abcdef", "a…ef", "a…"]


def test_interactions_in_words():
    assert pair_lines(pairwise()) == [
        "2 of 10 pairs are known to interact:",
        "  conv and norm stand in for each other: -0.040 [-0.052, -0.028]",
        "  skip and drop need each other: +0.030 [+0.018, +0.042]",
    ]
    assert pair_lines(titanic()) == []
    none = Analysis(effects=[effect("a x b", None)], maximize=True, confidence=0.95)
    assert pair_lines(drawn([effect("a", -0.1), effect("b", -0.1)], joint=none)) == ["No pair can be compared yet."]
