"""The table of an ablation, compiled by LaTeX. It must fit a column, whatever stands in it."""

import re
import shutil
import subprocess

import pytest

from ablations import AblationLog, drawn, effect, many, opened_ablation, pairwise, titanic, waterfall
from trimma.ablation.findings import findings
from trimma.display.plots import Plot, forest
from trimma.display.report.latex import latex
from trimma.effects import Conclusion

COLUMN, PAGE = "3.25in", "345pt"
"""The width of a column of two, and that of the text of LaTeX's own article."""

LONG = (
    "embedding_of_the_second_language_with_shared_weights",
    "LayerNormalizationBeforeTheAttention",
    "encoder.layers.11.attention.output.dense",
    "a [b] * & % $ # _ { } ~ ^ \\ < > | c",
)


def tables():
    pages = {
        "titanic": titanic(),
        "many": many(60),
        "pairs": pairwise(),
        "path": waterfall(),
        "half a path": waterfall(2),
    }
    pages["names"] = drawn([effect(name, -0.1 * place, letters="abcd") for place, name in enumerate(LONG)])
    pages["long pairs"] = drawn(
        [effect(name, -0.1) for name in LONG[:2]],
        joint=drawn([effect(" x ".join(LONG[:2]), -0.04)]).analysis,
        design="Pairwise()",
        analysis="interactions",
    )
    pages["tiny"] = drawn([effect("a", -1.25e-9, 3e-10), effect("b", 2e-11, 3e-10), effect("c", None, None)])
    pages["large"] = drawn([effect("a", -1234567.0, 2345.0), effect("b", 2e6, 345678.0)], maximize=False)
    pages["uneven"] = drawn([effect("learning_rate", -1234.5, 1000.0), effect("width", 0.012, 0.003)])
    pages["steps"] = drawn([effect("a", -0.1, repeats=3), effect("b", 0.1, repeats=12, failures=2, letters="abcdefgh")])
    pages["nothing"] = findings(opened_ablation("w").history)
    pages["created"] = findings(AblationLog().history)
    return pages


@pytest.fixture
def compiled(missing, tmp_path):
    """Compiles a document with a text of some width, and returns LaTeX's log."""
    if shutil.which("pdflatex") is None:
        missing("pdflatex with booktabs (tools/install-latex)")
    return lambda body, width: _compiled(body, width, tmp_path)


def _compiled(body, width, folder):
    source = (
        "\\documentclass[10pt]{article}\n"
        f"\\usepackage[textwidth={width},textheight=9in]{{geometry}}\n"
        "\\usepackage{booktabs,tabularx,graphicx}\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n"
    )
    (folder / "paper.tex").write_text(source, "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    return (folder / "paper.log").read_text("utf-8", errors="replace").replace("\n", "")


@pytest.mark.parametrize("width", [COLUMN, PAGE])
@pytest.mark.parametrize("name", list(tables()))
def test_a_table_fits_its_column(name, width, compiled):
    body = latex(tables()[name], label="tab:a")
    # a long table would not fit the page; that is for the authors to see to
    body = body.replace("\\begin{table}", "").replace("\\end{table}", "").replace("\\caption", "\\par\\noindent ")
    log = compiled(body.replace("\\label{tab:a}", ""), width)
    wide = [found for found in re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide\)", log) if float(found) > 0.5]
    assert wide == []
    assert "X Columns too narrow" not in log


def test_a_table_that_is_too_wide_would_be_noticed(compiled):
    """The test above is worth something: a cell that can't be broken is told by LaTeX."""
    body = latex(titanic()).replace("deck+\\allowbreak{}cabin", "\\mbox{a name that nobody can break anywhere at all}")
    assert "Overfull \\hbox" in compiled(body, COLUMN)


def test_it_is_a_float_with_a_caption_and_a_label(compiled, tmp_path):
    log = compiled(latex(titanic(), label="tab:a") + "Table~\\ref{tab:a}", COLUMN)
    assert "multiply defined" not in log
    assert "\\newlabel{tab:a}" in (tmp_path / "paper.aux").read_text("utf-8")
    assert "{\\contentsline {table}" not in log


@pytest.mark.parametrize(("width", "inches"), [(COLUMN, 3.25), (PAGE, 345 / 72.27)])
def test_a_forest_plot_stands_in_its_width_with_text_of_8_points(width, inches, compiled, tmp_path):
    Plot(forest(many())).write(tmp_path / "forest.pdf", inches)
    log = compiled("\\noindent\\includegraphics{forest.pdf}", width)
    wide = [found for found in re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide\)", log) if float(found) > 0.5]
    assert wide == [], "it needs no scaling, so that its text has 8 points"


def test_all_verdicts_are_explained():
    text = latex(titanic())
    for symbol, words in (
        ("$\\bullet$", "helps"),
        ("$\\diamond$", "hurts"),
        ("$\\approx$", "equivalent within 0.01"),
        ("$\\circ$", "undecided"),
    ):
        assert f"{symbol} {words}" in text
    assert "$\\diamond$ hurts" not in latex(drawn([effect("a", -0.1)]))
    replaced = drawn([effect("a", -0.1, conclusion=Conclusion.HELPS)])
    assert "$\\bullet$ helps." in latex(replaced)
