"""Plots as files and in notebooks, with either of the packages that draw them."""

import json
import subprocess
import sys

import pytest

from ablations import opened_ablation
from histories import opened, simulated
from trimma.display.plots import Plots, picture_files
from trimma.display.plots.with_matplotlib.figure import COLUMN
from trimma.errors import MissingExtra, UsageError

ALL = ("curves", "history", "parallel", "slices", "timeline", "importance")


@pytest.fixture(scope="module")
def plot():
    study = simulated(20)
    return Plots(lambda: study)


def test_interactive_files(plot, tmp_path):
    for name in ALL:
        assert getattr(plot, name)(tmp_path / f"{name}.json").picture.panels
        assert json.loads((tmp_path / f"{name}.json").read_text("utf-8"))["data"]
    plot.importance(str(tmp_path / "importance.html"))
    page = (tmp_path / "importance.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>what decides loss</title>" in page
    assert "src=" not in page.split("<body>")[0]
    assert len(page) > 1_000_000  # plotly's script is inside


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_images(plot, tmp_path, ending):
    file = tmp_path / f"curves.{ending}"
    plot.curves(file, width=COLUMN)
    head = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    first = file.read_bytes()
    assert first.startswith(head)
    plot.curves(file, width=COLUMN)
    assert file.read_bytes() == first, "the same picture gives the same file"
    if ending == "svg":
        assert f'width="{COLUMN * 72:g}pt"' in file.read_text()
        assert ">loss by step</text>" in file.read_text(), "text stays text"


def test_the_page_of_an_ablation_has_its_title(tmp_path):
    log = opened_ablation("w", repeats=2)
    log.cells("w", {(): [0.8, 0.9], ("age",): [0.7, 0.8], ("fare",): [0.9, 1.0]})
    Plots(lambda: log.history).forest(tmp_path / "forest.html")
    assert "<title>change in accuracy when left out</title>" in (tmp_path / "forest.html").read_text("utf-8")


def test_wrong_files_are_told_before_drawing(tmp_path):
    plot = Plots(lambda: pytest.fail("asked for the history"))
    with pytest.raises(UsageError, match=r"end it in \.html, \.json"):
        plot.curves(tmp_path / "curves.txt")


@pytest.mark.parametrize(("ending", "extra"), [("png", "image"), ("html", "plot"), ("json", "plot")])
def test_a_missing_package_is_told_before_drawing(tmp_path, monkeypatch, ending, extra):
    monkeypatch.setattr(picture_files, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=rf"a plot as \.{ending} needs \w+: pip install 'trimma\[{extra}\]'"):
        Plots(lambda: pytest.fail("asked for the history")).curves(tmp_path / f"curves.{ending}")


def test_a_figure_names_the_extra_that_it_needs(monkeypatch):
    plot = Plots(lambda: opened().history).curves()
    assert repr(plot) == "<Plot: loss by step>"
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'trimma\[plot\]'"):
        plot.plotly()
    with pytest.raises(MissingExtra, match=r"pip install 'trimma\[image\]'"):
        plot.matplotlib()


def without(package, code):
    """Run the code in a process in which a package can't be imported."""
    start = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "sys.path.insert(0, 'tests')\n"
        "from ablations import titanic, pairwise, waterfall\n"
        "from histories import simulated\n"
        "from trimma.display import plots\n"
        "from trimma.errors import MissingExtra\n"
        "study = simulated(20)\n"
        "names = ('curves', 'history', 'parallel', 'slices', 'timeline', 'importance')\n"
        "pictures = [getattr(plots, name)(study) for name in names]\n"
        "pictures += [plots.forest(titanic()), plots.repeats(titanic()), plots.interactions(pairwise())]\n"
        "pictures += [plots.path(waterfall())]\n"
    )
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def test_images_need_no_plotly(tmp_path):
    done = without(
        "plotly",
        f"for place, picture in enumerate(pictures): plots.Plot(picture).write(f'{tmp_path}/{{place}}.pdf', 3.25)\n"
        "bundle = plots.Plot(pictures[0])._repr_mimebundle_()\n"
        "assert bundle['image/svg+xml'].startswith('<?xml'), 'a notebook shows the image'\n"
        "try: plots.Plot(pictures[0]).write('x.html')\n"
        "except MissingExtra as error: print(error)\n",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "a plot as .html needs plotly: pip install 'trimma[plot]'\n"
    files = sorted(tmp_path.iterdir())
    assert len(files) == 10
    assert all(file.read_bytes().startswith(b"%PDF") for file in files)


def test_interactive_plots_need_no_matplotlib(tmp_path):
    done = without(
        "matplotlib",
        f"for place, picture in enumerate(pictures): plots.Plot(picture).write(f'{tmp_path}/{{place}}.json')\n"
        "assert len(plots.Plot(pictures[0]).plotly().data) > 0\n"
        "try: plots.Plot(pictures[0]).write('x.pdf')\n"
        "except MissingExtra as error: print(error)\n",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "a plot as .pdf needs matplotlib: pip install 'trimma[image]'\n"
    assert len([json.loads(file.read_text("utf-8"))["data"] for file in tmp_path.iterdir()]) == 10


@pytest.mark.filterwarnings("default")  # those of nbclient and the kernel are none of ours
@pytest.mark.parametrize(
    ("missing_package", "kind"), [("matplotlib", "application/vnd.plotly.v1+json"), ("plotly", "image/svg+xml")]
)
def test_a_real_notebook_shows_the_plot(missing_package, kind, tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    cell = (
        f"import sys; sys.modules[{missing_package!r}] = None\n"
        "import trimma as tm\n"
        "study = tm.tune(lambda x: x, {'x': tm.Float(0, 1)}, minimize='y', trials=5, engine=tm.Simulated(2),"
        " store='memory', seed=0, progress=False)\n"
        "study.plot.history()"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    client = nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    (output,) = [each for each in notebook.cells[0].outputs if each.output_type == "execute_result"]
    assert kind in output.data
    assert "best y (lower is better) so far" in str(output.data[kind])
