"""What all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from hypothesis import settings

# Where tests run in the background, or under nohup, these are ignored, and so they would be in all that tests start.
for number, handler in {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

# A slow machine is no failure; a test that hangs meets its timeout.
settings.register_profile("trimma", deadline=None, max_examples=50)
settings.load_profile("trimma")

# The contract suites live in the package and assert like tests.
pytest.register_assert_rewrite("trimma.testing")


@pytest.fixture(scope="session")
def missing() -> Callable[[str], None]:
    """Say that a service is missing: the test is skipped on a laptop and fails in CI.

    Usage::

        java = shutil.which("java") or missing("java 17 on the PATH")
    """

    def missing(service: str) -> None:
        if os.environ.get("CI"):
            pytest.fail(f"{service} is missing, and CI must have it")
        pytest.skip(f"{service} is missing")

    return missing
