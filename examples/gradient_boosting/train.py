"""Gradient-boosted trees on handwritten digits: one value, logged at the end; higher is better.

python train.py --learning_rate 0.1 --trees 60 --class_weight balanced
"""

from __future__ import annotations

import argparse

import wandb
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split


def main() -> None:
    """Fit the trees with the hyperparameters of the command line, and log their accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--trees", type=int, default=30, help="trees per digit")
    parser.add_argument("--leaves", type=int, default=31, help="most leaves of a tree")
    parser.add_argument("--features", type=float, default=1.0, help="share of the pixels that a split sees")
    parser.add_argument("--l2", type=float, default=0.0)
    parser.add_argument("--class_weight", choices=["none", "balanced"], default="none")
    parser.add_argument("--seed", type=int, default=0, help="of the split of the data and of the trees")
    parser.add_argument("--test", action="store_true", help="also log the accuracy on the test split")
    args = parser.parse_args()

    images, digits = load_digits(return_X_y=True)
    rest, test, rest_digits, test_digits = train_test_split(
        images, digits, test_size=0.2, random_state=0, stratify=digits
    )
    train, valid, train_digits, valid_digits = train_test_split(
        rest, rest_digits, test_size=0.25, random_state=args.seed, stratify=rest_digits
    )
    model = HistGradientBoostingClassifier(
        learning_rate=args.learning_rate,
        max_iter=args.trees,
        max_leaf_nodes=args.leaves,
        max_features=args.features,
        l2_regularization=args.l2,
        class_weight=None if args.class_weight == "none" else args.class_weight,
        early_stopping=False,
        random_state=args.seed,
    )
    with wandb.init(config=vars(args)) as run:
        model.fit(train, train_digits)
        run.log({"accuracy": model.score(valid, valid_digits)})
        if args.test:
            run.summary["test_accuracy"] = model.score(test, test_digits)


if __name__ == "__main__":
    main()
