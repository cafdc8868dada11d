"""Fits the credit model and writes model.json. Needs scikit-learn; running the agent does not."""

import json

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

from agents.demo import applications
from agents.demo.features import features
from agents.demo.scorer import MODEL_FILE

MODEL_VERSION = "1.0"


def main() -> None:
    learn = [(features(each), repaid) for each, repaid in applications.fit_part()]
    names = list(learn[0][0])
    scaler = StandardScaler()
    matrix = scaler.fit_transform([[row[name] for name in names] for row, _ in learn])
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(matrix, [repaid for _, repaid in learn])

    held = [(features(each), repaid) for each, repaid in applications.held_back_part()]
    unseen = scaler.transform([[row[name] for name in names] for row, _ in held])
    probability = model.predict_proba(unseen)[:, 1]
    outcome = [repaid for _, repaid in held]
    document = {
        "version": MODEL_VERSION,
        "predicts": "probability that the loan is repaid",
        "split_seed": applications.SPLIT_SEED,
        "data_sha256": applications.file_digest(),
        "rows": {"fit": len(learn), "held_back": len(held)},
        "held_back": {
            "auc": round(float(roc_auc_score(outcome, probability)), 4),
            "brier": round(float(brier_score_loss(outcome, probability)), 4),
        },
        "intercept": round(float(model.intercept_[0]), 8),
        "features": [
            {"name": name, "mean": mean, "scale": scale, "coefficient": coefficient}
            for name, mean, scale, coefficient in zip(
                names,
                scaler.mean_.round(8).tolist(),
                scaler.scale_.round(8).tolist(),
                model.coef_[0].round(8).tolist(),
                strict=True,
            )
        ],
    }
    MODEL_FILE.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps({name: document[name] for name in ("rows", "held_back")}))


if __name__ == "__main__":
    main()
