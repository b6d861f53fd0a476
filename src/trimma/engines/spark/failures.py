"""Explains Spark's errors in plain words."""

import re
import sys

from trimma.errors import EngineError

_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'", re.MULTILINE)
_VERSIONS = re.compile(r"\[PYTHON_VERSION_MISMATCH\][^(\d]*[(]?(\d+)(?:, |\.)(\d+)")
_NOT_FOUND = re.compile(r'Cannot run program "([^"]+)"')
_JVM = re.compile(r"^(?:\s+at \S+\(.*\)|\s*\.\.\. \d+ more|Driver stacktrace:.*)\n?", re.MULTILINE)
_PYTHON = re.compile(r"^(\w[\w.]*(?:Error|Exception|Interrupt|Exit)\b.*)$", re.MULTILINE)


def explain(error: BaseException) -> EngineError:
    """An `EngineError` that says why a worker's task failed and what to do.

    If the reason is known, it stands by itself. Otherwise its cause is what Spark says, without the frames of the JVM.
    """
    text = str(error)
    if (known := _known(text)) is not None:
        return EngineError(known)
    lines = _PYTHON.findall(text)
    explained = EngineError(f"the Spark task of a worker failed: {lines[-1] if lines else text.strip()[:1000]}")
    short = _JVM.sub("", text).strip()
    explained.__cause__ = error if short == text.strip() else EngineError(short)
    return explained


def _known(text: str) -> str | None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if versions := _VERSIONS.search(text):
        return (
            f"Spark's executors run Python {versions[1]}.{versions[2]} and the driver runs {here}: both must be the "
            "same minor version. Name the interpreter of the executors before the session starts: PYSPARK_PYTHON, "
            "or spark.pyspark.python"
        )
    if module := _MODULE.search(text):
        root = module[1].partition(".")[0]
        return (
            f"Spark's executors have no Python module {root!r}: install trimma in the Python that they run "
            "(PYSPARK_PYTHON names it; on Databricks: %pip install trimma), or ship the environment with "
            "spark.archives"
        )
    if program := _NOT_FOUND.search(text):
        return (
            f"Spark's executors have no {program[1]!r}: name their Python with PYSPARK_PYTHON before the session starts"
        )
    return None
