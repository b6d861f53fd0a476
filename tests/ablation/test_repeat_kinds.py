"""What a repeat is: given or guessed, and what follows for the intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trimma as tm
from ablations import asked, drawn, effect
from trimma.ablation.guess_repeat import guessed_repeat
from trimma.ablation.question import Ablation, plain
from trimma.ablation.repeat_kinds import DataSet, Fold, RandomSplit, Seed, split_of
from trimma.display.ablation_findings_words import population_sentence
from trimma.display.report.latex import latex
from trimma.errors import UsageError

train_test_split: Any = None
KFold: Any = None
ShuffleSplit: Any = None


def plain_split(data, split):
    return train_test_split(data, random_state=split)


def smaller_split(data, seed):
    return train_test_split(data, test_size=0.2, random_state=seed % 100)


def training_share(data, split):
    return train_test_split(data, train_size=0.9, random_state=split)


def counted_rows(data, split):
    return train_test_split(data, test_size=50, random_state=split)


def fixed_split(data, seed):
    return train_test_split(data, random_state=0), seed


def shuffled(data, split):
    return list(ShuffleSplit(1, random_state=split).split(data))


def folds(data, split):
    return list(KFold(n_splits=4, shuffle=True, random_state=0).split(data))[split % 4]


def all_folds(data, split):
    return list(KFold(5, shuffle=True, random_state=split).split(data))


def somebody_elses(data, split):
    return plain_split(data, split)


def two_ways(data, split):
    return train_test_split(train_test_split(data, test_size=0.1, random_state=split), random_state=split)


@pytest.mark.parametrize(
    ("objective", "kind"),
    [
        (plain_split, RandomSplit(0.25)),
        (smaller_split, RandomSplit(0.2)),
        (training_share, RandomSplit(0.1)),
        (shuffled, RandomSplit(0.1)),
        (folds, Fold(4)),
        (fixed_split, Seed()),
        (counted_rows, None),
        (all_folds, None),
        (somebody_elses, None),
        (two_ways, None),
        (eval("lambda split: split"), None),
    ],
)
def test_what_a_repeat_is_can_be_told_from_the_objective(objective, kind):
    assert guessed_repeat(objective) == kind


@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_repeats_go_through_the_folds_of_one_division_after_the_other(count):
    splits = [split_of(Fold(count), 7, repeat) for repeat in range(3 * count)]
    assert [split % count for split in splits] == 3 * list(range(count))
    divisions = [split // count for split in splits]
    assert [len(set(divisions[start : start + count])) for start in range(0, 3 * count, count)] == [1, 1, 1]
    assert len(set(divisions)) == 3
    assert all(0 <= split < 2**32 for split in splits)


def test_other_repeats_have_splits_that_look_random():
    splits = [split_of(RandomSplit(0.25), 7, repeat) for repeat in range(100)]
    assert len(set(splits)) == 100
    assert len({split % 5 for split in splits}) == 5
    assert splits == [split_of(None, 7, repeat) for repeat in range(100)]


def test_the_objective_gets_its_fold():
    seen = []

    def fold(split, a=True):
        seen.append((split // 4, split % 4, a))
        return float(split % 4) + a

    given = {"maximize": "score", "repeats": 6, "store": "memory", "progress": False, "seed": 1}
    tm.ablate(fold, tm.Setting(a=False), repeat=tm.Fold(4), name="folds", engine=tm.Driver(threads=1), **given)
    assert [number for _, number, a in seen if a] == [0, 1, 2, 3, 0, 1]
    assert len({division for division, _, _ in seen[:8]}) == 1
    wholes, parts = ({each[:2] for each in seen if each[2] is a} for a in (True, False))
    assert wholes == parts


@pytest.mark.parametrize("kind", [RandomSplit(0.25), Fold(5), Seed(), DataSet(), None])
def test_what_a_repeat_is_is_kept_with_the_study(kind):
    import msgspec

    question = asked(["a"], repeat=kind)
    assert msgspec.convert(plain(question), Ablation) == question


def test_the_variance_that_more_repeats_do_not_take_away():
    assert asked(["a"], repeat=RandomSplit(0.25)).overlap == pytest.approx(1 / 3)
    assert asked(["a"], repeat=Fold(5)).overlap == 0.25
    assert [asked(["a"], repeat=kind).overlap for kind in (Seed(), DataSet(), None)] == [0, 0, 0]


@pytest.mark.parametrize(("kind", "number"), [(RandomSplit, 1.5), (RandomSplit, 0), (Fold, 1)])
def test_repeats_that_make_no_sense(kind, number):
    with pytest.raises(UsageError):
        kind(number)


def score(a=True, b=True, split=0, seed=0):
    rng = np.random.default_rng(seed)
    return a + 0.1 * rng.standard_normal()


def run(**more):
    given = {"maximize": "score", "repeats": 6, "store": "memory", "progress": False, "seed": 1}
    return tm.ablate(score, tm.Setting(a=False, b=False), engine=tm.Simulated(1), **given, **more)


def test_intervals_allow_for_what_splits_share():
    apart, split = run(repeat=tm.DataSet()), run(repeat=tm.RandomSplit(test=0.25))
    widths = [[e.high - e.low for e in study.effects.effects] for study in (apart, split)]
    assert np.divide(widths[1], widths[0]) == pytest.approx((1 + 6 * (1 / 3 + 0.04)) ** 0.5)
    assert "Nadeau and Bengio 2003" in split.effects.method
    assert "Nadeau" not in apart.effects.method


def test_what_the_intervals_speak_of_stands_in_every_output():
    study = run(repeat=tm.RandomSplit(test=0.25))
    said = "Intervals speak of new data of this kind: repeats are random splits of one data set, 25"
    caption = study.to_latex().split("\\caption{")[1].split("\n")[0]
    assert said in caption
    assert said in study.to_latex(caption="My own.")
    for text in (study.to_markdown(), " ".join(str(study).split()), study.to_html(), study._repr_html_()):
        assert said in text
    assert "guessed" not in caption
    assert "guessed from the objective" in run().to_markdown()


def test_what_is_not_known_is_asked():
    found = drawn([effect("a", -0.1)])
    unknown = found.__class__(
        **{name: getattr(found, name) for name in found.__struct_fields__ if name != "asked"},
        asked=asked(["a"], repeat=None),
    )
    assert "what a repeat is isn't known" in population_sentence(unknown)
    assert "tm.RandomSplit" in latex(unknown)


def test_something_else_is_refused():
    with pytest.raises(UsageError, match="how often arms are run is repeats="):
        run(repeat=5)
