"""Studies in one line."""

from ablations import finished_ablation
from histories import half_run, opened
from trimma.display.study_repr import brief


def test_a_study_in_one_line():
    log = half_run()
    assert brief(log.history) == (
        "<Study 'fashion' running: 3 running, 1 done, 1 stopped, 1 failed; best loss 0.111111>"
    )
    assert brief(log.history, lost=True).startswith("<Study 'fashion' lost: ")
    assert brief(opened().history) == "<Study 'fashion' running: no trial>"


def test_an_ablation_in_one_line():
    assert brief(finished_ablation().history) == (
        "<AblationStudy 'fashion' finished: 11 done, 1 failed; 2 of 3 components decided>"
    )
