"""Ablations as tables in Markdown and LaTeX."""

import re
from pathlib import Path

from ablations import drawn, effect, many, pairwise, titanic, waterfall
from trimma.display.report.latex import latex
from trimma.display.report.latex_text import breakable, escaped
from trimma.display.report.markdown import markdown

HERE = Path(__file__).parent


def test_markdown():
    assert markdown(titanic()) == (HERE / "titanic.md").read_text("utf-8")


def test_latex():
    assert latex(titanic(), label="tab:titanic") == (HERE / "titanic.tex").read_text("utf-8")


def test_a_caption_of_ones_own():
    text = latex(titanic(), "What \\emph{matters}.")
    assert "\\caption{What \\emph{matters}.}\n\\par" in text
    assert "Intervals speak of this data set" in text, "of what intervals speak is said all the same"


def test_interactions_are_a_second_table():
    assert "| **conv and norm** |" in markdown(pairwise())
    assert "stand in for each other" in markdown(pairwise())
    first, second = latex(pairwise()).split("\\begin{tabularx}")[1:]
    assert "stand in for each other" not in first
    assert re.search(r"\$\\bullet\$ conv and norm +& \$-0.040\$", second)
    assert "$\\bullet$ stand in for each other, $\\diamond$ need each other, $\\circ$ undecided." in second


def test_the_steps_of_a_path_have_no_letters():
    found = waterfall(5)
    rows = latex(found).split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
    names = ["learning_rate", "width", "activation", "dropout", "batch_size"]
    assert [row.split("$ ")[1].split(" &")[0].strip() for row in rows] == list(map(breakable, names))
    assert "letter" not in latex(found)
    assert "letter" not in markdown(found)


def test_no_line_and_no_gap_claims_what_letters_do_not_say():
    """The first study of the guide: s6 and s1 overlap, and no pair of the lesser seven is told apart."""
    names = ["bmi", "bp", "sex", "s5", "s6", "s1"]
    halves = zip(names, (2.58, 2.03, 1.32, 0.81, 0.05, -0.01), (1.49, 0.93, 0.75, 0.97, 0.22, 0.37), strict=True)
    letters = dict(zip(names, ["a", "ab", "bc", "abcd", "d", "cd"], strict=True))
    found = drawn([effect(name, -d, half, letters=letters[name]) for name, d, half in halves])
    assert latex(found).count("rule\n") == 3, "no line and no gap but those of the head and the end"
    assert "addlinespace" not in latex(found)
    assert "textbf" not in latex(found)
    assert re.search(r"s6 +& \$-0.05\$ +& \$\^\{\\mathrm\{d\}\}\$", latex(found))
    assert "letters have none in common are known to differ" in latex(found)
    assert "letters have none in common are known to differ" in markdown(found)
    alike = drawn([effect(name, -0.1) for name in names])
    assert "letter" not in latex(alike) + markdown(alike)


def test_what_means_something_to_markdown_or_latex_is_escaped():
    found = drawn([effect("a|b_c <i>`*[x]", -0.1), effect("[0] 5 % & ~^\\{}#$", 0.1), effect("*", 0.2)])
    text = markdown(found)
    assert r"**a\|b\_c \<i>\`\*\[x\]**" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8}
    source = latex(found)
    assert (
        source.replace(r"\allowbreak{}", "").count(r"[0] 5 \% \& \textasciitilde{}\textasciicircum{}\textbackslash{}")
        == 1
    )
    assert r"\{\}\#\$" in source.replace(r"\allowbreak{}", "")
    assert not re.search(r"^\s*[\[*]", source, re.MULTILINE), "would belong to the line end before it"
    assert escaped("a<b") == r"a\textless{}b"


def test_many_components():
    assert markdown(many()).count("\n|") == 32
    assert latex(many()).count("\\\\\n") == 31
