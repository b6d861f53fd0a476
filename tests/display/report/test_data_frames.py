"""Ablations as data frames."""

from ablations import titanic, waterfall
from trimma.display.report.data_frames import data_frame


def test_a_data_frame():
    frame = data_frame(titanic())
    assert list(frame["component"]) == ["body", "sex", "age", "fare", "ticket", "deck+cabin"]
    assert frame.loc[1, ["difference", "low", "high"]].tolist() == [-0.125, -0.131, -0.119]
    assert frame["repeats"].tolist() == [0, 5, 5, 5, 5, 5]
    assert frame["chance_at_twice"].isna().tolist() == [True, True, True, False, True, True]
    row = frame.loc[3, ["verdict", "chance_at_twice", "chance_at_four_times"]]
    assert row.tolist() == ["undecided", 0.12, 0.34]
    assert frame["difference"].isna().tolist() == [True, False, False, False, False, False]
    empty = data_frame(waterfall(0))
    assert list(empty.columns) == list(frame.columns)
