# Every target sets up what it needs by itself; see tools/uv.
.DEFAULT_GOAL := help
.PHONY: help demo test test-all check docs bench chaos

# The lock file is taken as it stands.
export UV_FROZEN := 1

run := tools/uv run
# the oldest Spark that is supported, in an environment of its own
spark35 := UV_PROJECT_ENVIRONMENT=.venv-spark35 tools/uv run --no-default-groups --group test --group spark35
# what depends on Spark's version: jobs, executors, faults
spark35_tests := $(addprefix tests/spark/test_,engine.py faults.py launcher.py) -k "not TestLocal"

# what takes long and rarely breaks is left to test-all
which := -m "not slow"

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

# where the trials of the demo run: local, spark or dask
ENGINE := local

demo:  ## a first study, in your terminal (ENGINE=spark: on Spark; ARGS="...": options of trimma demo)
	$(if $(filter spark,$(ENGINE)),tools/install-java)
	$(run) --no-default-groups --extra sklearn $(addprefix --extra ,$(filter-out local,$(ENGINE))) \
		trimma demo --engine $(ENGINE) $(ARGS)

test: check  ## all checks, all but the slowest tests, and a test of the built wheel (ARGS="...": options of pytest)
	tools/install-java
	tools/install-torch
	tools/install-latex
	$(run) pytest -n auto --dist loadgroup $(which) $(ARGS)
	$(spark35) pytest $(spark35_tests) -n auto --dist loadgroup
	tools/test-wheel

test-all: which :=
test-all: test  ## the same with the slowest tests, too

check:  ## format, lint, types and layers
	$(run) ruff format --check
	$(run) ruff check
	$(run) mypy
	$(run) lint-imports

docs:  ## the documentation, into docs/_build/html
	$(run) --group docs sphinx-build -W --keep-going docs docs/_build/html

bench:  ## all benchmarks, and the table in docs/benchmarks.md (ARGS="--quick": the short form)
	$(run) --group bench python benchmarks/run.py $(ARGS)

chaos:  ## studies to which everything happens that can happen (ARGS="--seed 7 --minutes 10"; ARGS="--table": docs/faults.md)
	tools/install-java
	PYTHONPATH=tests $(run) python -m chaos $(ARGS)
