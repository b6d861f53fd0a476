"""The live view of an ablation, word for word."""

import io

from rich.console import Console

from ablations import UNEVEN, AblationLog, opened_ablation
from printing import printed
from trimma.display.terminal.findings_reader import FindingsReader
from trimma.display.terminal.live_view import LiveView, final, frame


def small() -> AblationLog:
    """Two repeats of three components, of which one failed once, and the third repeat running."""
    log = opened_ablation("w-0", "w-1", names=["age", "fare", "sex"], repeats=3)
    log.cells(
        "w-0", {(): [0.8, 0.82], ("age",): [0.7, 0.72], ("fare",): [0.8, 0.82], ("sex",): [0.5, None]}, splits=UNEVEN
    )
    log.run("w-0", (), 2)
    log.at(10).run("w-1", ["age", "sex"], 2)
    return log


FRAME = """\
fashion  maximize accuracy  local                                2 workers  12 s
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━                       8/12  6.7 s left
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
        view([], log.history, 12.0)
        log.close()
        view([], log.history, 12.0)
    assert "-0.300" in console.file.getvalue().split("\x1b[2K")[-1]
