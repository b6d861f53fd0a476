"""What a notebook shows of a search and of an ablation."""

from html.parser import HTMLParser

from ablations import UNEVEN, opened_ablation
from histories import opened, simulated
from trimma.display.notebook.study_html import study_html


class Tags(HTMLParser):
    """Checks that tags nest, and keeps them and the text."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(text):
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


def test_the_notebook_table_shows_the_best_trials():
    history = simulated(40)
    tags = parsed(study_html(history, rows=5))
    assert tags.seen.count("tr") == 6
    assert tags.text[:2] == ["fashion", " "]
    assert "minimize loss, finished: all 40 trials were run" in tags.text
    assert str(history.best.id) in tags.text


def test_nothing_in_a_study_is_taken_for_html():
    log = opened("a")
    log.finish(log.start("a", **{"<b>": "<script>alert('1')</script>", "long": "'\"><img src=x>" + "y" * 80}), loss=1.0)
    tags = parsed(study_html(log.history))
    assert not {"script", "img"} & set(tags.seen)
    assert "<script>alert('1')</script>" in tags.text


def test_the_notebook_table_of_studies_with_nothing_to_show():
    failed = opened("a")
    failed.fail(failed.start("a"))
    for log in (opened(), failed):
        assert "No trial has ended with a finite value yet." in parsed(study_html(log.history)).text


def test_the_notebook_table_of_an_ablation():
    log = opened_ablation("w", names=["age", "<script>", "sex"], repeats=2)
    assert "No training has ended yet." in parsed(study_html(log.history)).text
    log.cells(
        "w", {(): [0.8, 0.9], ("age",): [0.7, 0.8], ("<script>",): [0.8, 0.9], ("sex",): [0.9, 1.0]}, splits=UNEVEN
    )
    tags = parsed(study_html(log.history))
    assert tags.seen.count("tr") == 4
    assert "script" not in tags.seen
    assert "2 of 3 components decided: age helps; sex hurts." in tags.text
    assert "\N{MINUS SIGN}0.100" in tags.text
