"""The user's own code runs at a worker as it does outside of a study: modules, `__main__`, its surroundings."""

import os
import subprocess
import sys
import textwrap

import pytest

SHOW = """
def show(*objectives, **more):
    for fit in objectives:
        more = {"maximize": "y", "store": "memory", "progress": False} | more
        study = tm.tune(fit, {"x": tm.Grid(1, 2)}, engine=tm.Local(1), **more)
        print(fit.__name__, *(f"{trial.value:g}" for trial in study.trials))
"""


def written(folder, **files):
    """Write modules; two underscores in a name stand for a folder, and ``init`` for the module of a package."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/").replace("/init", "/__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def run(folder, script, *arguments, name="script.py", cwd=None, env=(), ok=True):
    """Run a script that may use ``show``; what it prints, and what it writes to standard error."""
    (folder / name).write_text("import trimma as tm\n" + SHOW + textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, str(folder / name), *arguments],
        cwd=cwd or folder,
        env={**os.environ, **dict(env)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout if ok else done.stderr


def test_values_set_on_a_module_are_seen_by_its_functions(tmp_path):
    written(
        tmp_path,
        settings="RATE = 0\nTABLE = {}\ndef rate():\n    return RATE\ndef row(key):\n    return TABLE[key]\n",
        reader="import settings\nfrom settings import TABLE\ndef rate():\n    return settings.RATE\n"
        "def row(key):\n    return TABLE[key]\n",
    )
    script = """
    import settings, reader

    def attribute(x):
        settings.RATE = x
        return settings.rate() + 10 * reader.rate()

    def item(x):
        settings.TABLE["k"] = x
        return settings.row("k") + 10 * reader.row("k")

    def lazy(x):
        import settings as again
        again.RATE = x
        return settings.rate() + 10 * reader.rate()

    show(attribute, item, lazy)
    """
    assert run(tmp_path, script) == "attribute 11 22\nitem 11 22\nlazy 11 22\n"


def test_classes_and_enums_are_the_same_in_all_modules(tmp_path):
    written(
        tmp_path,
        shapes="import enum\nclass Mode(enum.Enum):\n    FAST = 1\nclass Setup:\n    pass\n",
        plugin="def check(mode, setup):\n    from shapes import Mode, Setup\n"
        "    return (mode is Mode.FAST) + isinstance(setup, Setup)\n",
    )
    script = """
    import plugin
    from shapes import Mode, Setup

    def same(x, data):
        from shapes import Mode as Lazy
        return plugin.check(*data) + (data[0] is Mode.FAST is Lazy.FAST)

    show(same, data=(Mode.FAST, Setup()))
    """
    assert run(tmp_path, script) == "same 3 3\n"


def test_a_package_with_relative_imports_data_and_modules_that_import_each_other(tmp_path):
    written(
        tmp_path,
        pack__init="from .first import fit\n",
        pack__first="from . import second\ndef one():\n    return 1\ndef fit(x):\n"
        "    return x + second.two() + rows()\n"
        "def rows():\n    from pathlib import Path\n    return len((Path(__file__).parent / 'data.txt').read_text())\n",
        pack__second="from . import first\ndef two():\n    return first.one() + 1\n",
    )
    (tmp_path / "pack" / "data.txt").write_text("abc")
    assert run(tmp_path, "from pack import fit\nshow(fit)\n") == "fit 6 7\n"


def test_what_the_script_sets_in_its_modules_before_the_study_holds_at_the_workers(tmp_path):
    written(
        tmp_path,
        settings="""
            import threading
            RATE, TABLE, LOCK, FOLDER = 0, {"k": 1}, threading.Lock(), None
            class Config:
                depth = 1
            CONFIG = Config()
            """,
        reader="from settings import CONFIG, TABLE\ndef row():\n    return TABLE['k'] + CONFIG.depth\n",
    )
    script = """
    import reader, settings

    settings.RATE, settings.NEW = 5, 7
    settings.TABLE["k"] = 20
    settings.CONFIG.depth = 300

    def imported(x):
        return settings.RATE + settings.NEW + reader.row()

    def lazy(x):
        import settings as mine
        with mine.LOCK:
            return mine.RATE + mine.TABLE["k"] + isinstance(mine.CONFIG, mine.Config)

    show(imported, lazy)
    """
    assert run(tmp_path, script) == "imported 332 332\nlazy 26 26\n"


def test_what_the_script_has_put_in_the_place_of_functions_holds_at_the_workers(tmp_path):
    written(
        tmp_path,
        training="from helper import ten\ndef loss(x):\n    return x\ndef fit(x):\n    return loss(x) + ten()\n",
        helper="def ten():\n    return 10\ndef hundred():\n    return 100\n",
    )
    script = """
    import helper, training

    class Setup:
        depth = 5

    def loss(x):
        return -x + training.SETUP.depth

    training.loss, training.ten, training.SETUP = loss, helper.hundred, Setup()
    training.SETUP.depth = 7

    def lazy(x):
        import training
        return training.fit(x)

    show(training.fit, lazy)
    """
    assert run(tmp_path, script) == "fit 106 105\nlazy 106 105\n"


def test_a_closure_of_a_module_has_the_globals_of_the_module(tmp_path):
    written(
        tmp_path,
        training="COUNT = 0\ndef count():\n    return COUNT\ndef made(k):\n    def fit(x):\n        global COUNT\n"
        "        COUNT += k\n        return count()\n    return fit\n",
    )
    assert run(tmp_path, "import training\nshow(training.made(2))\n") == "fit 2 4\n"


def test_own_objects_are_pickled_in_an_objective_and_loaded_by_the_script(tmp_path):
    script = """
    import pickle
    from dataclasses import dataclass
    from enum import Enum
    from pathlib import Path

    class Kind(Enum):
        GOOD = 1

    @dataclass
    class Model:
        kind: Kind
        x: int

        class Inner:
            pass

    def loss(model):
        return model.x

    def fit(x, trial):
        model = Model(Kind.GOOD, x)
        Path(f"{trial.id}.pickle").write_bytes(pickle.dumps([model, loss, Model.Inner]))
        again, function, inner = pickle.loads(Path(f"{trial.id}.pickle").read_bytes())
        return function(again) + (again == model) + (inner is Model.Inner) + (again.kind is Kind.GOOD)

    show(fit)
    model, function, inner = pickle.loads(Path("1.pickle").read_bytes())
    print(model == Model(Kind.GOOD, 2), function is loss, inner is Model.Inner)
    """
    assert run(tmp_path, script) == "fit 4 5\nTrue True True\n"


def test_a_class_of_the_script_that_comes_with_the_data_alone(tmp_path):
    script = """
    import pickle

    class Rows(list):
        pass

    def fit(x, data):
        return len(pickle.loads(pickle.dumps(data))) + (type(data).__module__ == "__main__")

    show(fit, data=Rows([1, 2]))
    """
    assert run(tmp_path, script) == "fit 3 3\n"


def test_functions_of_a_script_share_its_globals(tmp_path):
    script = """
    import __main__

    COUNT, TABLE = 0, []

    def add(x):
        global COUNT
        COUNT += x

    class Reader:
        def count(self):
            return COUNT + len(TABLE)

    def fit(x):
        add(x)
        TABLE.append(x)
        return Reader().count() + 100 * (__main__.COUNT == COUNT) + 1000 * (__main__.fit is fit)

    show(fit)
    """
    assert run(tmp_path, script) == "fit 1102 1105\n"


def test_what_the_objective_finds_by_name_alone(tmp_path):
    script = """
    import argparse, pickle
    from pathlib import Path
    import trimma

    args = argparse.Namespace(lr=3)
    COUNT = 5
    LARGE = "x" * 3_000_000

    class Base:
        def count(self):
            return COUNT

    class Model(Base):
        def __init__(self, x):
            self.x = x

    def unused():
        return not_picklable

    not_picklable = (each for each in [])

    def fit(x):
        import __main__
        global COUNT
        COUNT += x
        model = pickle.loads(Path("model.pickle").read_bytes())
        assert isinstance(model, Base)
        assert not hasattr(__main__, "unused") and not hasattr(__main__, "LARGE")
        return model.x + __main__.args.lr + 10 * model.count() + 100 * (__main__.Model is type(model))

    Path("model.pickle").write_bytes(pickle.dumps(Model(1)))
    show(fit)
    """
    assert run(tmp_path, script) == "fit 164 184\n"


def test_objects_of_functools(tmp_path):
    script = """
    import functools

    @functools.cache
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    @functools.lru_cache(maxsize=3, typed=True)
    def loaded():
        return 5

    @functools.singledispatch
    def kind(value):
        return 0

    @kind.register
    def _(value: int):
        return 10 + kind("text")

    class Rows:
        @functools.cached_property
        def number(self):
            return 100

        @functools.singledispatchmethod
        def of(self, value):
            return 0

        @of.register
        def _(self, value: int):
            return 1000

    def fit(x):
        return loaded() + kind(x) + Rows().number + Rows().of(x) + (loaded.cache_parameters()["maxsize"] == 3)

    def recursive(x):
        return fibonacci(30) + fibonacci.cache_info().hits

    show(fit, recursive)
    """
    assert run(tmp_path, script) == "fit 1116 1116\nrecursive 832068 832069\n"


def test_locks_and_variables_of_a_script_are_each_process_s_own(tmp_path):
    script = """
    import contextvars, threading

    lock, again, own = threading.Lock(), threading.RLock(), threading.local()
    variable, bare = contextvars.ContextVar("variable", default=20), contextvars.ContextVar("bare")
    lock.acquire()

    def locked():
        return lock.locked() + again.acquire(blocking=False)

    def fit(x):
        own.x = x
        with lock, again:
            return own.x + locked() + variable.get() + bare.get(100)

    show(fit)
    """
    assert run(tmp_path, script) == "fit 123 124\n"


def test_a_script_reads_its_own_file_and_source(tmp_path):
    script = """
    import inspect
    from pathlib import Path

    def fit(x):
        return ("of its own" in Path(__file__).read_text()) + ("inspect" in inspect.getsource(fit)) + (
            __name__ == "__main__")

    show(fit)  # of its own
    """
    assert run(tmp_path, script) == "fit 3 3\n"


def test_the_script_run_by_its_module_name(tmp_path):
    written(
        tmp_path,
        pack__init="",
        pack__helper="def two():\n    return 2\n",
        pack__script="import trimma as tm\n" + SHOW + "from .helper import two\n"
        "def square(n):\n    return n * n\n"
        "def fit(x):\n    import multiprocessing\n    from . import helper\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        return pool.apply(square, (helper.two() + two(),))\n"
        "if __name__ == '__main__':\n    show(fit)\n",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pack.script"], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stdout == "fit 16 16\n", done.stderr


PROCESSES = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import helper

class Rows:
    def __len__(self):
        return 4

def square(n):
    return n * n + len(Rows()) + helper.NUMBER

def child(queue, rows):
    queue.put(len(rows))

def pool(x, method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        return sum(pool.map(square, range(3)))

def fork(x):
    return pool(x, "fork")

def spawn(x):
    return pool(x, "spawn")

def executor(x):
    with ProcessPoolExecutor(1) as pool:
        return sum(pool.map(square, range(3)))

def process(x):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    started = context.Process(target=child, args=(queue, Rows()))
    started.start()
    value = queue.get(timeout=20)
    started.join()
    return value

def loky(x):
    from joblib import Parallel, delayed
    return sum(Parallel(n_jobs=2)(delayed(square)(n) for n in range(3)))

if __name__ == "__main__":
    show(fork, spawn, executor, process, loky)
"""


def test_processes_that_an_objective_starts(tmp_path):
    pytest.importorskip("joblib")
    written(tmp_path, helper="NUMBER = 1\n")
    told = run(tmp_path, PROCESSES)
    assert told == "fork 20 20\nspawn 20 20\nexecutor 20 20\nprocess 4 4\nloky 20 20\n"


def test_a_script_without_a_main_guard_is_not_run_again_and_again(tmp_path):
    script = """
    import multiprocessing

    def fit(x):
        process = multiprocessing.get_context("spawn").Process(target=print)
        process.start()
        process.join()
        return process.exitcode

    study = tm.tune(fit, {"x": tm.Grid(1)}, minimize="y", engine=tm.Local(1), store="memory", progress=False)
    print(study.best.value, study.output(0).splitlines()[-1])
    """
    told = run(tmp_path, script)
    assert told.startswith("1.0 trimma.errors.UsageError: a process that multiprocessing has started imports this")
    assert "under  if __name__ == '__main__':" in told


def test_the_arguments_the_folder_and_the_path_are_those_of_the_script(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    script = """
    import os, sys

    sys.path.append("/some/where/else")
    ours = sys.argv[:], os.getcwd(), sys.path[:]

    def fit(x):
        return (sys.argv == ours[0]) + (os.getcwd() == ours[1]) + (sys.path == ours[2]) + int(sys.argv[2])

    show(fit)
    """
    assert run(tmp_path, script, "--epochs", "40", cwd=tmp_path / "elsewhere") == "fit 43 43\n"


def test_nothing_of_the_current_folder_is_imported_unless_it_is_on_the_path(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("json", "re", "enum", "signal", "training"):
        (tmp_path / "elsewhere" / f"{name}.py").write_text(f"raise SystemExit({name!r})")
    written(tmp_path, training="def fit(x):\n    import json\n    return len(json.dumps(x))\n")
    assert run(tmp_path, "from training import fit\nshow(fit)\n", cwd=tmp_path / "elsewhere") == "fit 1 1\n"


def test_what_can_not_travel_is_refused_as_before(tmp_path):
    script = """
    import sqlite3
    base = sqlite3.connect(":memory:")
    def fit(x):
        return base.execute("select 1").fetchone()[0]
    show(fit)
    """
    assert "holds something that can't be pickled: cannot pickle 'sqlite3.Connection' object" in run(
        tmp_path, script, ok=False
    )


STUDY = """
from training import fit
tm.tune(fit, {"x": tm.Grid(1, 2, 3)}, minimize="y", trials=1, name="s", store="s.db", workers=1, progress=False)
"""
GO_ON = """
import sys
study = tm.load("s", "s.db").resume(trials=int(sys.argv[1]), workers=1, progress=False)
print(*(f"{trial.value:g}" for trial in study.trials))
"""


def test_a_study_goes_on_with_modules_that_have_changed_or_are_gone(tmp_path):
    written(tmp_path, training="from helper import TEN\ndef fit(x):\n    return TEN * 2\n", helper="TEN = 10\n")
    run(tmp_path, STUDY)
    assert run(tmp_path, GO_ON, "2", name="unchanged.py", env={"PYTHONWARNINGS": "error"}) == "20 20\n"
    (tmp_path / "helper.py").unlink()
    # of another length, for Python takes a file of the same second and length for the one that it has compiled
    (tmp_path / "training.py").write_text("from helper import TEN\ndef fit(x):\n    return TEN + TEN + TEN\n")
    (tmp_path / "go_on.py").write_text("import trimma as tm\n" + GO_ON)
    told = subprocess.run(
        [sys.executable, "go_on.py", "3"], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )
    assert told.stdout == "20 20 30\n", told.stderr
    assert "training has changed since study 's' was started" in told.stderr
    assert "helper can't be found here: study 's' goes on with the source code kept with it" in told.stderr


def test_a_study_goes_on_from_elsewhere_with_modules_that_are_where_they_were(tmp_path):
    start, elsewhere = tmp_path / "start", tmp_path / "elsewhere"
    elsewhere.mkdir()
    read = "len((Path(__file__).parent / 'data.txt').read_text())"
    written(start, training=f"from pathlib import Path\ndef fit(x):\n    return {read}\n")
    (start / "data.txt").write_text("abc")
    run(start, STUDY)
    told = run(elsewhere, GO_ON.replace("s.db", "../start/s.db"), "2", env={"PYTHONWARNINGS": "error"})
    assert told == "3 3\n"


def test_options_of_the_interpreter_hold_at_the_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import trimma as tm\n" + SHOW + "def fit(x):\n    return __debug__\nshow(fit)\n")
    for options, expected in (["-O"], "fit 0 0\n"), ([], "fit 1 1\n"):
        done = subprocess.run(
            [sys.executable, *options, str(script)], capture_output=True, text=True, timeout=50, check=True
        )
        assert done.stdout == expected


def test_a_resumed_script_has_one_namespace_too(tmp_path):
    script = """
    import pickle
    COUNT = 0
    class Model:
        pass
    def add():
        global COUNT
        COUNT += 1
    def fit(x):
        add()
        return COUNT + (type(pickle.loads(pickle.dumps(Model()))) is Model)
    tm.tune(fit, {"x": tm.Grid(1, 2, 3)}, minimize="y", trials=1, name="s", store="s.db", engine=tm.Local(1),
            progress=False)
    """
    run(tmp_path, script)
    assert (
        run(tmp_path, "COUNT = fit = 'mine'\n" + GO_ON + "print(COUNT, fit)\n", "2", name="go_on.py")
        == "2 2\nmine mine\n"
    )


def test_a_module_that_was_installed_to_be_edited(tmp_path):
    written(tmp_path, source__own__training="def fit(x):\n    return x\n", source__own__init="")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(f"import sys; sys.path.append({str(tmp_path / 'source')!r})")
    told = run(tmp_path, "from own.training import fit\nshow(fit)\n", env={"PYTHONPATH": str(tmp_path / "site")})
    assert told == "fit 1 2\n"


def test_settings_of_warnings_and_logging_are_those_of_the_script(tmp_path):
    script = """
    import logging, sys, warnings

    warnings.filterwarnings("error", message="mine", category=UserWarning)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s: %(message)s")
    logging.getLogger("deep").setLevel(logging.DEBUG)
    logging.getLogger("quiet").setLevel(logging.ERROR)

    def fit(x):
        for name in ("plain", "deep", "quiet"):
            for level in (logging.DEBUG, logging.INFO, logging.WARNING):
                logging.getLogger(name).log(level, "%s %s", name, level)
        warnings.warn("another", stacklevel=1)
        try:
            warnings.warn("mine", stacklevel=1)
        except UserWarning:
            return [each for each in warnings.filters if each in ours] == ours
        return -1

    ours = warnings.filters[:]
    study = tm.tune(fit, {"x": tm.Grid(1)}, minimize="y", engine=tm.Local(1), store="memory", progress=False)
    told = study.output(0).splitlines()
    print(study.best.value, [line for line in told if " 1" in line or " 2" in line or " 3" in line])
    """
    expected = ["INFO: plain 20", "WARNING: plain 30", "DEBUG: deep 10", "INFO: deep 20", "WARNING: deep 30"]
    assert run(tmp_path, script) == f"1.0 {expected}\n"


def test_the_locale_is_that_of_the_script(tmp_path):
    script = """
    import locale

    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    ours = locale.setlocale(locale.LC_ALL)

    def fit(x):
        return locale.setlocale(locale.LC_ALL) == ours

    show(fit)
    """
    assert run(tmp_path, script, env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}) == "fit 1 1\n"
