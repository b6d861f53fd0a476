"""Finds the Java that Spark needs."""

import os
import re
import shutil
import subprocess

_OLDEST_JAVA = 17
_SECONDS = 30.0
GET = f"install Java {_OLDEST_JAVA} or later (apt install openjdk-17-jre-headless, brew install openjdk@17)"


def no_java() -> str:
    """Why there is no Java here, and what to do about it. Empty if there is one, whatever its version."""
    home = os.environ.get("JAVA_HOME")
    if _path(home) is not None:
        return ""
    detail, advice = java_of(home)
    return f"({detail}): {advice}"


def java_of(home: str | None) -> tuple[str, str]:
    """Describe the Java that Spark would use, and what to do where Spark can't use it; empty where it can.

    ``home`` is the value of ``JAVA_HOME``, or None.
    """
    found = _path(home)
    if found is None:
        if home:
            return f"JAVA_HOME is {home}, where there is no bin/java", "correct JAVA_HOME, or unset it"
        return "none on the PATH, and no JAVA_HOME", f"{GET}, or name one with JAVA_HOME"
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{found} doesn't run: {error}", GET
    number = re.search(r'version "((?:1\.)?(\d+)[^"]*)"', told.stderr)
    if number is None:
        return f"{found} doesn't say its version", GET
    if int(number[2]) < _OLDEST_JAVA:
        return f"{number[1]}, {found}, is too old", GET
    return f"{number[1]}, {found}", ""


def _path(home: str | None) -> str | None:
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
