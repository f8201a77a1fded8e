"""Groups for `cargo xtask bench race`: scikit-learn's copies of three sets in splits, and what its own classifiers reach on them.

race.py FOLDER writes FOLDER/GROUP/SPLIT/{training,validation,hidden}.csv, lines as a manifest of the format csv reads them, the same of a text
(.txt), and FOLDER/theirs.json: for each group and classifier the accuracies on the hidden part, one for each split.

Origin and licence. All three are of the UCI Machine Learning Repository, under Creative Commons Attribution 4.0 International
(https://creativecommons.org/licenses/by/4.0/): "Breast Cancer Wisconsin (Diagnostic)", W. Wolberg, O. Mangasarian, N. Street and W. Street, 1993,
https://doi.org/10.24432/C5DW2B; "Wine", S. Aeberhard and M. Forina, 1992, https://doi.org/10.24432/C5PC7J; "Optical Recognition of Handwritten
Digits", E. Alpaydin and C. Kaynak, 1998, https://doi.org/10.24432/C50P49. Changes: lines divided by chance, features standardised and rounded.
The text is described in data/shakespeare/README.md.
"""

import json
import sys
from pathlib import Path

import numpy
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier

GROUPS = {"digits": load_digits, "breast-cancer": load_breast_cancer, "wine": load_wine}
# A feature is (value - mean) / deviation of the training part, within ±CLIP, in steps of 1 / DIVISOR.
DIVISOR, CLIP = 256, 8
SPLITS, FOLDS = 20, 3
RIVALS = {
    "LogisticRegression": (LogisticRegression(max_iter=2000), {"C": [0.003, 0.01, 0.03, 0.1, 0.3, 1, 10]}),
    "MLPClassifier": (MLPClassifier(max_iter=300, random_state=0), {"hidden_layer_sizes": [(32,), (100,)], "alpha": [0.01, 1]}),
}
PLAY = Path(__file__).parents[3] / "data/shakespeare/genesis/romeo-and-juliet.txt"
PIECE, PIECES, TEXT_SPLITS = 1024, 20, 2


def parts(features, labels, split):
    """Training, validation and hidden part, 60 : 20 : 20 with the classes in equal shares; features as integers."""
    rest, hidden = train_test_split(numpy.arange(len(labels)), test_size=0.2, stratify=labels, random_state=split)
    training, validation = train_test_split(rest, test_size=0.25, stratify=labels[rest], random_state=split)
    mean, deviation = features[training].mean(axis=0), features[training].std(axis=0)
    standard = (features - mean) / numpy.where(deviation > 0, deviation, 1)
    integers = numpy.rint(numpy.clip(standard, -CLIP, CLIP) * DIVISOR).astype(int)
    return {name: (integers[lines], labels[lines]) for name, lines in [("training", training), ("validation", validation), ("hidden", hidden)]}


def write(folder, held):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (features, labels) in held.items():
        numpy.savetxt(folder / f"{name}.csv", numpy.column_stack([features, labels]), fmt="%d", delimiter=",")


def accuracies(held):
    """Share of the hidden part that each rival has right, its settings chosen by cross-validation on the other two."""
    known = [numpy.concatenate([held["training"][side], held["validation"][side]]) for side in (0, 1)]
    hidden = held["hidden"]
    searches = {name: GridSearchCV(model, grid, cv=FOLDS, n_jobs=2) for name, (model, grid) in RIVALS.items()}
    return {name: search.fit(known[0] / DIVISOR, known[1]).score(hidden[0] / DIVISOR, hidden[1]) for name, search in searches.items()}


def deal_text(folder):
    """Pieces of a play, three of five for training, one each for the others; other ones in each split."""
    text = PLAY.read_text(encoding="utf-8")
    pieces = [text[start : start + PIECE] for start in range(0, PIECES * PIECE, PIECE)]
    for split in range(TEXT_SPLITS):
        for name, places in [("training", (0, 1, 2)), ("validation", (3,)), ("hidden", (4,))]:
            dealt = [piece for place, piece in enumerate(pieces) if (place + split) % 5 in places]
            path = folder / "text" / str(split) / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(dealt), encoding="utf-8")


def main(folder):
    deal_text(folder)
    theirs = {}
    for group, load in GROUPS.items():
        features, labels = load(return_X_y=True)
        for split in range(SPLITS):
            held = parts(features, labels, split)
            write(folder / group / str(split), held)
            for name, share in accuracies(held).items():
                theirs.setdefault(group, {}).setdefault(name, []).append(share)
    (folder / "theirs.json").write_text(json.dumps(theirs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
