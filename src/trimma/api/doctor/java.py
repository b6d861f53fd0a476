"""The check for the Java that Spark needs."""

import os
from collections.abc import Iterator
from typing import Any

from trimma.api.doctor.finding import Finding
from trimma.engines.spark.java import java_of


def check_java(engine: Any) -> Iterator[Finding]:
    """Check the Java that Spark would use; without one the finding is "wrong" only where ``engine`` is "spark"."""
    wanted = engine == "spark" and "SPARK_REMOTE" not in os.environ
    detail, advice = java_of(os.environ.get("JAVA_HOME"))
    if not advice:
        yield Finding(what="Java", state="ok", detail=detail)
        return
    yield Finding(
        what="Java",
        state="wrong" if wanted else "missing",
        detail=f"{detail}; for engine='spark', unless Spark runs elsewhere",
        advice=advice,
    )
