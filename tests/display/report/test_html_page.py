"""The report of an ablation: one page, complete in itself."""

import re
from html.parser import HTMLParser

import pytest

from ablations import asked, drawn, effect, many, opened_ablation, pairwise, titanic, waterfall
from trimma.ablation.findings import assembled, findings
from trimma.display.intervals_and_p_values import MINUS
from trimma.display.report.html_page import page
from trimma.errors import MissingExtra


class Page(HTMLParser):
    """Checks that tags nest; keeps what is loaded, and the text outside of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loaded, self.text, self.ids, self.code = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        attributes = dict(attrs)
        self.loaded += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        self.ids += [attributes["id"]] if "id" in attributes else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.code if self.open[-1:] in (["script"], ["style"]) else self.text).append(data)

    @property
    def seen(self):
        return " ".join(" ".join(self.text).split())


def parts(found, standing=""):
    return Page(page(found, standing))


@pytest.mark.parametrize("found", [titanic(), pairwise(), waterfall(3), drawn([effect("a", -0.1)])])
def test_a_page_needs_nothing_besides_itself(found):
    shown = parts(found)
    assert shown.loaded == []
    assert sum(len(code) > 1_000_000 for code in shown.code) == 1, "plotly's script is inside, once"
    styles = [code for code in shown.code if len(code) < 1_000_000]
    assert not re.search(r"@import|url\(|https?:", "".join(styles))


def test_a_page_has_the_table_the_pictures_and_the_method():
    shown = parts(titanic(notes=["Mind the gap."]), "finished")
    assert shown.ids == ["forest", "repeats"]
    for text in (
        "titanic: what each component is worth",
        "Leave-one-out of 6 components, 5 repeats: 35 trainings.",
        "The study is finished.",
        "5 of 6 components decided: body, sex, age help",
        "undecided",
        "-0.1250 [-0.1310, -0.1190]".replace("-", MINUS),
        "Highest mean accuracy: 0.8250, without deck+cabin",
        "Lowest mean accuracy: 0.6924, without sex",
        "Average accuracy",
        "Additive model of arm and repeat",
        "Mind the gap.",
        "deck+cabin stands for deck, cabin.",
    ):
        assert text in shown.seen


def test_a_design_shows_its_own_picture():
    assert parts(pairwise()).ids == ["forest", "repeats", "interactions"]
    assert "All 10 pairs" in parts(pairwise()).seen
    assert parts(waterfall()).ids == ["path", "forest", "repeats"]
    shapley = drawn([effect("a", -0.1)], design="Shapley()", analysis="shapley")
    assert parts(shapley).ids == ["shapley", "forest", "repeats"]


def test_what_was_asked_is_told():
    found = titanic()
    names = [component.name for component in found.asked.components]
    settings = asked(names, whole="lr=0.1", retune="Retune(trials=8)", tries=8)
    shown = parts(assembled(settings, found.analysis, found.metric, found.cells, trainings=280))
    assert "The whole has the settings lr=0.1." in shown.seen
    assert "Settings were searched anew for each training: Retune(trials=8)." in shown.seen


def test_pages_of_ablations_with_little_to_show():
    log = opened_ablation("w")
    assert "No training has ended yet" in parts(findings(log.history)).seen
    log.cells("w", {(): [None]})
    shown = parts(findings(log.history))
    assert shown.ids == []
    assert "there is nothing to compare" in shown.seen
    assert parts(waterfall(0)).ids == []


def test_nothing_in_a_study_is_taken_for_html():
    shown = parts(drawn([effect("</script><script>alert(1)</script>", -0.1), effect("<img src=x>", 0.1)]))
    assert shown.loaded == []
    assert "<img src=x>" in shown.seen
    assert not any(code.strip().startswith("alert") for code in shown.code)


def test_it_is_the_same_each_time():
    assert page(many()) == page(many())


def test_without_plotly_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingExtra, match=r"trimma\[plot\]"):
        page(titanic())
