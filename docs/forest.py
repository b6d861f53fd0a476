"""Draws docs/images/forest.svg: the forest plot of the ablation in the README.

Run it with: tools/uv run python docs/forest.py
"""

from pathlib import Path

from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

import trimma as tm

PICTURE = Path(__file__).parent / "images" / "forest.svg"
WIDTH = 6.75  # inches


def fit(data, split):
    """As in the README."""
    train, test = train_test_split(data, random_state=split)
    model = LinearRegression().fit(train.drop(columns="target"), train["target"])
    return mean_absolute_error(test["target"], model.predict(test.drop(columns="target")))


def main() -> None:
    """Run the study, and draw it."""
    study = tm.ablate(
        fit,
        tm.Columns("age", "sex", "bmi", "bp", groups={"serum": ["s1", "s2", "s3", "s4", "s5", "s6"]}),
        data=load_diabetes(as_frame=True).frame,
        minimize="error",
        repeats=10,
        engine=tm.Driver(threads=2),
        seed=0,
        name="diabetes",
        store="memory",
    )
    study.plot.forest(file=PICTURE, width=WIDTH)


if __name__ == "__main__":
    main()
