"""Ablations as data frames, Markdown, LaTeX and notebook tables."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ablations import drawn, effect, many, opened_ablation, pairwise, titanic, waterfall
from trimma.display.intervals_and_p_values import Precision, p_text, precision
from trimma.display.notebook.study_html import study_html
from trimma.display.report.data_frames import data_frame
from trimma.display.report.latex import escaped, latex
from trimma.display.report.markdown import markdown

HERE = Path(__file__).parent


def test_markdown():
    assert markdown(titanic()) == (HERE / "titanic.md").read_text("utf-8")


def test_latex():
    assert latex(titanic(), label="tab:titanic") == (HERE / "titanic.tex").read_text("utf-8")


def test_a_caption_of_ones_own():
    assert "\\caption{What \\emph{matters}.}\n\\begin{tabular}" in latex(titanic(), "What \\emph{matters}.")


def test_interactions_are_a_second_table():
    assert "| **conv and norm** |" in markdown(pairwise())
    assert "stand in for each other" in markdown(pairwise())
    assert latex(pairwise()).count("\\begin{tabular}") == 2
    assert "need each other \\\\" in latex(pairwise())


def test_the_steps_of_a_path_are_in_no_tiers():
    found = waterfall(5)
    names = re.findall(r"^(?:\\textbf\{)?([a-z]+(?:\\_[a-z]+)?)", latex(found).split("\\midrule\n")[1], re.MULTILINE)
    assert names == ["learning\\_rate", "width", "activation", "dropout", "batch\\_size"]
    assert "addlinespace" not in latex(found)
    assert "tier" not in markdown(found)


def test_what_means_something_to_markdown_or_latex_is_escaped():
    found = drawn([effect("a|b_c <i>`*[x]", -0.1), effect("[0] 5 % & ~^\\{}#$", 0.1), effect("*", 0.2)])
    text = markdown(found)
    assert r"**a\|b\_c \<i>\`\*\[x\]**" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}
    source = latex(found)
    assert r"{}[0] 5 \% \& \textasciitilde{}\textasciicircum{}\textbackslash{}\{\}\#\$" in source
    assert not re.search(r"^\s*[\[*]", source, re.MULTILINE), "would belong to the line end before it"
    assert escaped("a<b") == r"a\textless{}b"


def test_a_data_frame():
    frame = data_frame(titanic())
    assert list(frame["component"]) == ["body", "sex", "age", "fare", "ticket", "deck+cabin"]
    assert frame.loc[1, ["difference", "low", "high"]].tolist() == [-0.125, -0.131, -0.119]
    assert frame["repeats"].tolist() == [0, 5, 5, 5, 5, 5]
    assert frame["needed"].isna().tolist() == [True, True, True, False, True, True]
    assert (frame["verdict"][3], frame["needed"][3]) == ("undecided", 14)
    assert frame["difference"].isna().tolist() == [True, False, False, False, False, False]
    empty = data_frame(waterfall(0))
    assert list(empty.columns) == list(frame.columns)


@pytest.mark.parametrize(
    ("halves", "differences", "decimals"),
    [
        ([0.006], [0.1], 4),
        ([0.06, 0.06, 0.0006], [0.1] * 3, 4),
        ([0.06, 0.06, 1e-9], [0.1] * 3, 5),
        ([6.0], [100.0], 1),
        ([600.0], [1e4], 0),
        ([1e-9], [1e-8], None),
        ([1.0], [1e8], None),
        ([None], [0.123], 3),
        ([None], [0.0], 3),
        ([0.0], [0.1], 3),
    ],
)
def test_as_many_digits_as_intervals_are_known_to(halves, differences, decimals):
    found = drawn([effect(str(place), *each) for place, each in enumerate(zip(differences, halves, strict=True))])
    assert precision(found.rows).decimals == decimals


def test_numbers_as_text():
    digits = Precision(2)
    assert [digits.signed(value) for value in (0.5, -0.5, 0.001, -0.001, None)] == [
        "+0.50",
        "-0.50",
        "0.00",
        "0.00",
        "-",
    ]
    assert digits.plain(12.0) == "12.00"
    assert digits.interval(-1.0, 0.0) == "[-1.00, 0.00]"
    assert digits.interval(None, 1.0) == "-"
    assert Precision(None).signed(1.23456e-9) == "+1.23e-09"
    assert Precision(0).signed(10.0) == "+10"
    assert [p_text(p) for p in (None, 0.0, 0.05, 1.0)] == ["-", "<0.001", "0.050", ">0.999"]
    assert r"$-1\cdot10^{-8}$" in latex(drawn([effect("a", -1e-8, 1e-9)]))


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


def test_the_notebook_table():
    log = opened_ablation("w", names=["age", "<script>", "sex"], repeats=2)
    assert "No training has ended yet." in parsed(study_html(log.history)).text
    log.cells("w", {(): [0.8, 0.9], ("age",): [0.7, 0.8], ("<script>",): [0.8, 0.9], ("sex",): [0.9, 1.0]})
    tags = parsed(study_html(log.history))
    assert tags.seen.count("tr") == 4
    assert "script" not in tags.seen
    assert "2 of 3 components decided: age helps; sex hurts." in tags.text
    assert "\N{MINUS SIGN}0.100" in tags.text


def test_many_components():
    assert markdown(many()).count("\n|") == 32
    assert latex(many()).count("\\\\\n") == 31
