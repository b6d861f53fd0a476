"""Contract suites for plug-ins, and helpers to test them on virtual time. Needs pytest.

Subclass a suite in a test file, say how to make the plug-in that is to be tested, and run pytest::

    from trimma.testing import SearcherContract


    class TestMySearch(SearcherContract):
        def make(self):
            return MySearch(population=20)

``StoreContract``, ``InboxContract``, ``SchedulerContract``, ``EngineContract``, ``ProcessEngineContract``,
``DesignContract`` and ``ComponentContract`` work the same way.
For tests that see the assertions' values, put ``pytest.register_assert_rewrite("trimma.testing")`` in the
``conftest.py``.
"""

from trimma.errors import MissingExtra

try:
    import pytest  # noqa: F401
except ImportError as error:
    raise MissingExtra("pytest", None, "trimma.testing") from error

from trimma.testing.ablations import ComponentContract, DesignContract, run_ablation
from trimma.testing.engines import EngineContract, ProcessEngineContract
from trimma.testing.inboxes import InboxContract
from trimma.testing.schedulers import SchedulerContract
from trimma.testing.searchers import SearcherContract
from trimma.testing.stores import StoreContract
from trimma.testing.studies import StudyRun, curve, cut, run_study

__all__ = [
    "ComponentContract",
    "DesignContract",
    "EngineContract",
    "InboxContract",
    "ProcessEngineContract",
    "SchedulerContract",
    "SearcherContract",
    "StoreContract",
    "StudyRun",
    "curve",
    "cut",
    "run_ablation",
    "run_study",
]
