"""A scikit-learn pipeline: what are its steps worth, and its groups of columns, which say much the same?

The data set has ten measurements of cell nuclei, each as a mean, as a standard error and as the worst of three.
"""

from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import trimma as tm


def fit(data, model, split):
    """The loss on patients that the model hasn't seen."""
    train, test = train_test_split(data, test_size=0.3, random_state=split, stratify=data["target"])
    model = clone(model).fit(train.drop(columns="target"), train["target"])
    return log_loss(test["target"], model.predict_proba(test.drop(columns="target")))


def main(repeats=10, workers=None, report="pipeline.html"):
    """Leave out each of five components, and each pair of them."""
    patients = load_breast_cancer(as_frame=True).frame
    steps = [("scale", StandardScaler()), ("shorten", PCA(10)), ("predict", LogisticRegression(max_iter=2000))]
    groups = {
        "means": [name for name in patients if name.startswith("mean")],
        "errors": [name for name in patients if name.endswith("error")],
        "worst": [name for name in patients if name.startswith("worst")],
    }
    study = tm.ablate(
        fit,
        [tm.Columns(groups=groups), tm.Layers("scale", "shorten")],
        data=patients,
        model=Pipeline(steps),
        minimize="loss",
        design="pairwise",
        repeats=repeats,
        workers=workers,
        seed=0,
    )
    print(study)
    study.to_html(report)
    print(f"The report is in {report}.")
    return study


if __name__ == "__main__":
    main()
