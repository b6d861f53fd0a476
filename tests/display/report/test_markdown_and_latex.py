"""Ablations as tables in Markdown and LaTeX."""

import re
from pathlib import Path

from ablations import drawn, effect, many, pairwise, titanic, waterfall
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


def test_many_components():
    assert markdown(many()).count("\n|") == 32
    assert latex(many()).count("\\\\\n") == 31
