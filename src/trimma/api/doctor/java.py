"""The check for the Java that Spark needs."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

from trimma.api.doctor.finding import Finding

_OLDEST_JAVA = 17
_SECONDS = 30.0


def check_java(engine: Any) -> Iterator[Finding]:
    """Check the Java that Spark would use; without one the finding is "wrong" only where ``engine`` is "spark"."""
    wanted = engine == "spark" and "SPARK_REMOTE" not in os.environ
    detail, advice = _java_of(os.environ.get("JAVA_HOME"))
    if not advice:
        yield Finding(what="Java", state="ok", detail=detail)
        return
    yield Finding(
        what="Java",
        state="wrong" if wanted else "missing",
        detail=f"{detail}; for engine='spark', unless Spark runs elsewhere",
        advice=advice,
    )


def _java_of(home: str | None) -> tuple[str, str]:
    """Describe the Java that Spark would use, and what to do where Spark can't use it; empty where it can."""
    get = f"install Java {_OLDEST_JAVA} or later (apt install openjdk-17-jre-headless, brew install openjdk@17)"
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        if home:
            return f"JAVA_HOME is {home}, where there is no bin/java", "correct JAVA_HOME, or unset it"
        return "none on the PATH, and no JAVA_HOME", f"{get}, or name one with JAVA_HOME"
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{found} doesn't run: {error}", get
    number = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', told.stderr)
    if number is None:
        return f"{found} doesn't say its version", get
    if int(number[2]) < _OLDEST_JAVA:
        return f"{number[1]}, {found}, is too old", get
    return f"{number[1]}, {found}", ""
