"""The live view in a notebook."""

import itertools

import pytest

from histories import opened
from trimma.display.notebook.live_notebook import FRAME_SECONDS, NotebookView


class Cell:
    """The output of a cell, as IPython's display and the handle that it returns have it."""

    def __init__(self):
        self.shown = []

    def display(self, output, *, raw, display_id):
        assert raw is display_id is True
        self.shown.append(output)
        return self

    def update(self, output, *, raw):
        assert raw is True
        self.shown.append(output)


def test_one_output_is_replaced_as_the_study_goes_on_and_its_end_stays():
    log, cell, clock = opened("a", trials=2), Cell(), itertools.count(0.0, FRAME_SECONDS)
    with NotebookView("local", show=cell.display, clock=lambda: next(clock)) as view:
        view([], log.history, 1.0)
        log.at(2).finish(log.start("a", lr=0.5), loss=0.25)
        view([], log.history, 2.0)
        log.close()
        view([], log.history, 3.0)
    assert "1/2" in cell.shown[1]["text/plain"]
    assert "best 0.25" in cell.shown[1]["text/plain"]
    assert "finished" in cell.shown[-1]["text/plain"]
    for output in cell.shown:
        assert output["text/html"].startswith("<pre ")
        assert "\x1b" not in output["text/html"] + output["text/plain"]


def test_frames_are_spaced():
    log, cell = opened("a"), Cell()
    moments = iter([0.0, 0.0, FRAME_SECONDS / 2, FRAME_SECONDS, FRAME_SECONDS])
    view = NotebookView(show=cell.display, clock=lambda: next(moments))
    for now in (0.0, 1.0, 2.0):
        view([], log.history, now)
    assert len(cell.shown) == 2


@pytest.mark.filterwarnings("default")  # those of nbclient and the kernel are none of ours
def test_a_real_notebook_without_widgets(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    cell = (
        "import sys, trimma as tm\n"
        "sys.modules['ipywidgets'] = None\n"
        "study = tm.tune(lambda x: x, {'x': tm.Float(0, 1)}, minimize='y', trials=5, engine=tm.Simulated(2),"
        " store='memory', seed=0)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", resources=resources).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert "finished" in output.data["text/plain"]
    assert "<pre " in output.data["text/html"]
