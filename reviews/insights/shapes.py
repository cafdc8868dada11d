"""Examples in the shapes that training and tracing tools read. Ids hang on the case alone, so that
whoever loads an export twice has everything once."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from reviews.insights.corrections import Example

DATASET: Final = "handrail-feedback"
Rows = Iterator[Mapping[str, Any]]


def _text(value: Any) -> str:
    return (
        value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    )


def _prompt(one: Example) -> list[dict[str, str]]:
    return [{"role": "user", "content": _text(one.given)}]


def _said(value: Any) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": _text(value)}]


def _id(one: Example, kind: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"handrail:{kind}:{one.case}"))


def trl_preference(one: Example) -> Rows:
    if one.is_correction:
        chosen, rejected = _said(one.final), _said(one.proposed)
        yield {"prompt": _prompt(one), "chosen": chosen, "rejected": rejected, **_about(one)}


def trl_unpaired(one: Example) -> Rows:
    if not one.is_correction:
        label = one.verdict == "approve"
        completion = _said(one.proposed)
        yield {"prompt": _prompt(one), "completion": completion, "label": label, **_about(one)}


def trl_sft(one: Example) -> Rows:
    """What a person put in the place of a proposal: a demonstration of what to do."""
    if one.is_correction:
        yield {"messages": [*_prompt(one), *_said(one.final)], **_about(one)}


def langsmith(one: Example) -> Rows:
    yield {
        "id": _id(one, "langsmith"),
        "inputs": {"data": _text(one.given)},
        "outputs": {"action": _text(_right(one)), "verdict": one.verdict},
        "metadata": one.metadata,
        "source_run_id": one.correlation.get("run_id"),
        "split": one.split,
    }


def langfuse_items(one: Example) -> Rows:
    yield {
        "id": _id(one, "langfuse-item"),
        "datasetName": DATASET,
        "input": _text(one.given),
        "expectedOutput": _text(_right(one)),
        "metadata": {**one.metadata, "split": one.split},
        "sourceTraceId": one.correlation.get("trace_id"),
        "sourceObservationId": one.correlation.get("span_id"),
    }


def langfuse_scores(one: Example) -> Rows:
    if trace := one.correlation.get("trace_id"):
        yield {
            "id": _id(one, "langfuse-score"),
            "traceId": trace,
            "name": "handrail.verdict",
            "value": one.verdict,
            "dataType": "CATEGORICAL",
            "comment": one.reason_code,
            "metadata": one.metadata,
        }


def phoenix_annotations(one: Example) -> Rows:
    if span := one.correlation.get("span_id"):
        yield {
            "span_id": span,
            "name": "handrail.verdict",
            "annotator_kind": "HUMAN",
            "result": {
                "label": one.verdict,
                "score": 1.0 if one.verdict == "approve" else 0.0,
                "explanation": one.reason_code,
            },
            "metadata": one.metadata,
            # Phoenix keeps one annotation of a name and identifier a span.
            "identifier": one.case,
        }


def _right(one: Example) -> Any:
    """What should have come: nothing, where it was refused and nobody said what instead."""
    if one.is_correction:
        return one.final
    return one.proposed if one.verdict == "approve" else None


def _about(one: Example) -> dict[str, Any]:
    """Flat columns of one type each: loaders build a table of them."""
    return {**one.metadata, "split": one.split}


SHAPES: Final[Mapping[str, Callable[[Example], Rows]]] = {
    "trl_preference": trl_preference,
    "trl_unpaired": trl_unpaired,
    "trl_sft": trl_sft,
    "langsmith": langsmith,
    "langfuse_items": langfuse_items,
    "langfuse_scores": langfuse_scores,
    "phoenix_annotations": phoenix_annotations,
}
