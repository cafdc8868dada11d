"""Loads an export as its readers do, and says what it found."""

import json
import os
from pathlib import Path

from datasets import load_dataset
from trl.data_utils import is_conversational, maybe_unpair_preference_dataset

folder = Path(os.environ["FEEDBACK_FOLDER"])
cache = str(folder / "cache")
found = {}
for file in sorted(folder.glob("*.jsonl")):
    rows = load_dataset("json", data_files=str(file), split="train", cache_dir=cache)
    said = {"rows": len(rows)}
    if file.stem.startswith("trl_"):
        said["conversational"] = all(is_conversational(row) for row in rows)
    if file.stem == "trl_preference":
        pairs = rows.select_columns(["prompt", "chosen", "rejected"])
        said["unpaired"] = sorted(maybe_unpair_preference_dataset(pairs)["label"])
    found[file.stem] = said
print(json.dumps(found))
