"""A search, and then: which of the settings that it changed made the difference?"""

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import trimma as tm


def fit(data, split, penalty=1.0, width=0.1, components=10, scale=True):
    """The accuracy on images that the model hasn't seen. What a search begins with are the defaults."""
    images, labels = data
    seen, unseen, seen_labels, unseen_labels = train_test_split(images, labels, test_size=0.4, random_state=split)
    steps = [StandardScaler()] if scale else []
    model = make_pipeline(*steps, PCA(components, random_state=0), SVC(C=penalty, gamma=width))
    return model.fit(seen, seen_labels).score(unseen, unseen_labels)


def main(trials=60, repeats=10, workers=None, report="winner.html"):
    """Search, take the path from the defaults to the best config, and write it as a page."""
    images, labels = load_digits(return_X_y=True)
    search = tm.tune(
        fit,
        tm.Space(
            penalty=tm.Float(0.1, 100.0, log=True),
            width=tm.Float(1e-4, 1.0, log=True),
            components=tm.Int(5, 40),
            scale=tm.Choice(True, False),
        ),
        maximize="accuracy",
        trials=trials,
        data=(images[:900] / 16, labels[:900]),
        workers=workers,
        seed=0,
    )
    print(f"The best of {trials}: {search.best.config}, accuracy {search.best.value:.3f}")
    path = tm.explain(search, repeats=repeats, workers=workers, seed=1)
    print(path)
    path.to_html(report)
    print(f"The report is in {report}.")
    return path


if __name__ == "__main__":
    main()
