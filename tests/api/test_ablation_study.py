"""The handle of an ablation, and the commands, show what was found."""

import random
import re

import pytest
from click.testing import CliRunner

import trimma as tm
from trimma.cli import main
from trimma.errors import StudyError, UsageError


def fit(warmup=True, mixup=True, bias=True, seed=0, split=0):
    own, shared = random.Random(seed), random.Random(split)
    return 0.7 + 0.1 * warmup - 0.05 * mixup + shared.gauss(0, 0.02) + own.gauss(0, 0.002)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("ablation") / "studies.db"
    given = {"maximize": "accuracy", "engine": tm.Simulated(3), "seed": 2, "store": path, "progress": False}
    settings = tm.Setting(warmup=False, mixup=False, bias=False)
    tm.ablate(fit, settings, repeats=4, name="net", **given)
    tm.tune(lambda x: x, {"x": tm.Float(0, 1)}, trials=2, name="search", **given)
    return path


@pytest.fixture
def study(store):
    return tm.load("net", store)


@pytest.fixture
def run(store, monkeypatch):
    monkeypatch.setenv("TRIMMA_STORE", str(store))
    monkeypatch.setenv("COLUMNS", "100")

    def run_(*arguments, status=0):
        result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="trimma")
        assert result.exit_code == status, result.output
        return result.output

    return run_


def test_the_table_is_a_data_frame(study):
    frame = study.table()
    assert list(frame["component"]) == ["warmup", "bias", "mixup"]
    assert list(frame["verdict"].str.split().str[0]) == ["helps", "undecided", "hurts"]
    assert frame["difference"].tolist() == [row.difference for row in study.findings.ordered]
    assert frame["kind"].tolist() == ["setting"] * 3


def test_markdown_and_latex(study):
    assert "| **warmup** |" in study.to_markdown()
    assert "\\caption{Mine}\n\\label{tab:net}" in study.to_latex("Mine", "tab:net")


def test_the_page_is_returned_and_written(study, tmp_path):
    page = study.to_html(tmp_path / "net.html")
    assert (tmp_path / "net.html").read_text("utf-8") == page
    assert "The study is finished." in page
    assert study.to_html() == page


def test_pictures(study, store, tmp_path):
    assert study.plot.forest(tmp_path / "forest.json").picture.panels
    assert study.plot.repeats().picture.panels
    assert study.plot.timeline().picture.panels
    with pytest.raises(StudyError, match="design='pairwise'"):
        study.plot.interactions()
    with pytest.raises(StudyError, match="study 'search' is a search, not an ablation"):
        tm.load("search", store).plot.forest()


@pytest.mark.parametrize(
    ("design", "picture"),
    [("pairwise", "interactions"), ("path", "path"), ("shapley", "shapley"), ("one-in", "forest")],
)
def test_designs_with_their_pictures(design, picture):
    study = tm.ablate(
        fit,
        tm.Setting(warmup=False, mixup=False, bias=False),
        maximize="accuracy",
        repeats=12 if design == "shapley" else 4,
        design=design,
        engine=tm.Simulated(3),
        store="memory",
        seed=1,
        progress=False,
    )
    assert getattr(study.plot, picture)().picture.panels
    assert f'id="{picture}"' in study.to_html()
    first, last = study.table()["component"].iloc[[0, -1]]
    assert (first, last) == ("warmup", "mixup")
    assert re.search(r"\d of 3 components decided: .*warmup.* helps?; mixup hurts", str(study))
    assert study.to_latex()


def test_a_notebook_and_a_console_show_the_components(study):
    assert "<th" in study._repr_html_()
    assert "warmup" in study._repr_html_()
    assert "without mixup (" in str(study)
    assert repr(study) == "<AblationStudy 'net' finished: 16 done; 2 of 3 components decided>"


def test_the_command_show(run):
    text = run("show", "net")
    assert "Leave-one-out of 3 components, 4 repeats: 16 trainings." in text
    assert "2 of 3 components decided: warmup helps; mixup hurts." in text
    assert "Lowest mean accuracy: " in text
    assert re.search(r"^warmup +-0\.\d+ +\[", text, re.MULTILINE)


def test_the_command_show_of_a_trial(run, study):
    number = next(trial.id for trial in study.trials if trial.place["without"] == ["bias"])
    lines = run("show", "net", "--trial", number).splitlines()
    assert lines[1:3] == ["without    bias", f"repeat     {study.trials[number].place['repeat']}"]
    assert "without    nothing" in run("show", "net", "--trial", 0)


def test_the_command_plot(run, tmp_path):
    run("plot", "net", "forest", tmp_path / "forest.html")
    assert (tmp_path / "forest.html").stat().st_size > 1_000_000
    assert "is a search, not an ablation" in run("plot", "search", "forest", tmp_path / "no.html", status=1)
    assert "no picture named 'forrest'; did you mean 'forest'?" in run("plot", "net", "forrest", "x.html", status=1)


def test_exported_configs_are_flat(study, run):
    assert set(study.to_pandas()["place.without"]) == {"nothing", "warmup", "mixup", "bias"}
    assert "place.without,place.repeat" in run("export", "net", "-")


def diverging(seed, a=True, b=True):
    noise = random.Random(seed)
    return 0.1 if noise.random() < (0.05 if a else 0.9) else 0.8 + noise.gauss(0, 0.01)


def test_collapsed_trainings_count_as_failed_on_request():
    given = {"maximize": "score", "repeats": 12, "seed": 3, "progress": False, "store": "memory"}
    settings = tm.Setting(a=False, b=False)
    study = tm.ablate(diverging, settings, collapsed=0.5, name="collapsing", engine=tm.Driver(threads=1), **given)
    effects = {effect.name: effect for effect in study.findings.analysis.effects}
    assert effects["a"].failures >= 8
    assert effects["a"].failure_p < 0.05
    assert "worse than 0.5 have collapsed, and count as failed" in " ".join(study.findings.analysis.notes)
    assert {"collapsed", "median"} <= set(study.table().columns)
    with pytest.raises(UsageError, match="must be a value of the metric"):
        tm.ablate(diverging, settings, collapsed="low", name="wrong", engine=tm.Driver(threads=1), **given)
