"""A store that fails while a study runs: what isn't stored hasn't happened."""

import pytest

import trimma as tm
from trimma.errors import StoreError


class Failing(tm.MemoryStore):
    """A store that takes so many appends, and no more."""

    left = 10**9

    def append(self, study, events, expected):
        if not self.left:
            raise StoreError("the store can't be used: it is gone")
        self.left -= 1
        super().append(study, events, expected)


def tune(store, **options):
    given = {"minimize": "loss", "trials": 3, "seed": 1, "engine": tm.Simulated(2), "progress": False, "name": "s"}
    return tm.tune(lambda x: x, tm.Space(x=tm.Float(0, 1)), store=store, **given | options)


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_a_handle_shows_what_is_stored_after_its_resume_has_failed(left):
    store = Failing()
    study = tune(store)
    store.left = left
    with pytest.raises(StoreError, match="it is gone"):
        study.resume(trials=8, engine=tm.Simulated(2), progress=False)
    loaded = tm.load("s", store)
    assert len(study.history) == len(loaded.history) == len(list(store.read("s")))
    assert [trial.state for trial in study.trials] == [trial.state for trial in loaded.trials]
    store.left = 10**9
    study.resume(trials=8, engine=tm.Simulated(2), progress=False)
    assert repr(study).startswith("<Study 's' finished: 8 done")
    assert repr(study) == repr(tm.load("s", store))


def test_an_ablation_that_could_not_be_extended_asks_what_it_asked():
    store = Failing()
    asked = {"minimize": "loss", "engine": tm.Simulated(2), "progress": False, "name": "s", "store": store}
    study = tm.ablate(lambda x: x, tm.Setting(x=2.0), config={"x": 1.0}, repeats=2, **asked)
    store.left = 0
    with pytest.raises(StoreError, match="it is gone"):
        study.resume(repeats=4, engine=tm.Simulated(2), progress=False)
    store.left = 10**9
    assert study.history.spec.asked == tm.load("s", store).history.spec.asked
    study.resume(repeats=4, engine=tm.Simulated(2), progress=False)
    assert study.status == "finished"
    assert len(study.trials) == 8
