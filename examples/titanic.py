"""Who survived on the Titanic: what are the features worth, and what the steps of the pipeline?

Run it with the path of titanic.csv (891 rows, as on Kaggle): python examples/titanic.py data/titanic.csv
"""

import sys
from pathlib import Path

import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

import trimma as tm

PLACE = Path(__file__).parents[1] / "../shared/data/titanic/titanic.csv"


def survived(data, model, split):
    """The share of right predictions on passengers that the model hasn't seen."""
    train, test = train_test_split(data, test_size=0.3, random_state=split, stratify=data["Survived"])
    model = clone(model).fit(train.drop(columns="Survived"), train["Survived"])
    return model.score(test.drop(columns="Survived"), test["Survived"])


def pipeline():
    """Columns are found by what they hold, so that it can do without any of them."""
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    words = OneHotEncoder(handle_unknown="ignore")
    prepare = [
        ("numbers", numbers, make_column_selector(dtype_include="number")),
        ("words", words, make_column_selector(dtype_exclude="number")),
    ]
    return Pipeline(
        [
            ("prepare", ColumnTransformer(prepare)),
            ("interact", PolynomialFeatures(interaction_only=True)),
            ("predict", LogisticRegression(C=0.1, max_iter=1000)),
        ]
    )


def main(file=PLACE, repeats=20, workers=None, report="titanic.html"):
    """Study six components, one of them a group of two columns; None where there is no data."""
    if not Path(file).exists():
        print(f"titanic.py: there is no {file}: give the path of titanic.csv")
        return None
    passengers = pd.read_csv(file).drop(columns=["PassengerId", "Name", "Ticket", "Cabin"])
    study = tm.ablate(
        survived,
        [
            tm.Columns("Pclass", "Sex", "Age", "Fare", "Embarked", groups={"family": ["SibSp", "Parch"]}),
            tm.Layers("prepare__numbers__scale", "interact"),
        ],
        data=passengers,
        model=pipeline(),
        maximize="accuracy",
        repeats=repeats,
        smallest=0.01,
        workers=workers,
        seed=0,
    )
    print(study)
    study.to_html(report)
    print(f"The report is in {report}.")
    return study


if __name__ == "__main__":
    main(*sys.argv[1:2])
