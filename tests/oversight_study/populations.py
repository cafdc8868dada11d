"""Real models on real data: the confidence and the error of every case of a held-back part."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from agents.demo import applications
from agents.demo.scorer import score


@dataclass(frozen=True)
class Population:
    name: str
    confidence: np.ndarray
    wrong: np.ndarray

    def __len__(self) -> int:
        return len(self.wrong)

    def escaped(self, threshold: float) -> float:
        return float(np.mean(self.wrong & (self.confidence >= threshold)))

    def lane(self, threshold: float) -> float:
        passing = self.confidence >= threshold
        return float(self.wrong[passing].mean()) if passing.any() else 0.0

    def automated(self, threshold: float) -> float:
        return float(np.mean(self.confidence >= threshold))

    def sample(self, size: int, rng: np.random.Generator) -> "Population":
        chosen = rng.integers(len(self), size=size)
        return Population(self.name, self.confidence[chosen], self.wrong[chosen])

    def shuffled(self, rng: np.random.Generator) -> "Population":
        """The same errors, with confidences that say nothing of them."""
        return Population(self.name, rng.permutation(self.confidence), self.wrong)


def populations() -> Iterator[Population]:
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    yield _held_back("breast cancer", load_breast_cancer, linear)
    yield _held_back("digits", load_digits, linear)
    yield _held_back("digits, naive Bayes", load_digits, GaussianNB())
    yield _held_back("wine", load_wine, linear)
    yield credit()


def credit() -> Population:
    """The demo's own model on the applications that it has never seen."""
    rows = [(score(one), repaid) for one, repaid in applications.held_back_part()]
    confidence = np.array([scored.confidence for scored, _repaid in rows])
    wrong = np.array([(scored.decision == "approve") != repaid for scored, repaid in rows])
    return Population("credit applications", confidence, wrong)


def _held_back(name: str, load: Callable, model: object) -> Population:
    """Every row is judged by a model that was fitted without it."""
    features, truth = load(return_X_y=True)
    chances = cross_val_predict(model, features, truth, cv=5, method="predict_proba")
    classes = np.unique(truth)
    return Population(name, chances.max(axis=1), classes[chances.argmax(axis=1)] != truth)
