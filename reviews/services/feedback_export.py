"""Corrections written as files to learn from, with a manifest that says what they are."""

import hashlib
import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.chains import snapshot
from reviews.insights.corrections import examples, readable
from reviews.insights.shapes import SHAPES
from reviews.models import Case, Checkpoint
from workflows.models import Workflow


def export_feedback(
    folder: Path,
    *,
    by: AbstractBaseUser | None,
    workflow: Workflow | None = None,
    seen_first: bool = False,
) -> dict[str, Any]:
    """Writes a file for each shape, and returns the manifest beside them. The same record gives
    the same bytes. `by` is None on the command line. Raises PermissionDenied."""
    if by is not None and not by.has_perm("reviews.export_feedback"):
        raise PermissionDenied(_("This needs the permission to export feedback."))
    asked = {"workflow": workflow.slug if workflow else "", "answered_in_sight": seen_first}
    folder.mkdir(parents=True, exist_ok=True)
    cases = Case.objects.filter(release__workflow=workflow) if workflow else Case.objects.all()
    with snapshot():
        manifest = {**asked, **_written(folder, cases, seen_first), "checkpoint": _checkpoint()}
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text)
    with transaction.atomic():
        actor = audit.by_user(by) if by else audit.SYSTEM
        digest = hashlib.sha256(text.encode()).hexdigest()
        audit.record("site", audit.Event("feedback.exported", actor, {**asked, "manifest": digest}))
    return manifest


def _written(folder: Path, cases: Any, seen_first: bool) -> dict[str, Any]:
    left_out: Counter[str] = Counter()
    rows, hashes = Counter(dict.fromkeys(SHAPES, 0)), {name: hashlib.sha256() for name in SHAPES}
    with ExitStack() as stack:
        files = {
            name: stack.enter_context((folder / f"{name}.jsonl").open("wb")) for name in SHAPES
        }
        for one in examples(readable(cases), seen_first=seen_first, left_out=left_out):
            for name, shape in SHAPES.items():
                for row in shape(one):
                    line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
                    files[name].write(line)
                    hashes[name].update(line)
                    rows[name] += 1
    described = {
        f"{name}.jsonl": {"rows": rows[name], "sha256": hashes[name].hexdigest()} for name in SHAPES
    }
    return {"files": described, "left_out": dict(left_out)}


def _checkpoint() -> dict[str, Any] | None:
    """The newest over the record that these files were drawn from."""
    newest = Checkpoint.objects.first()
    return {"number": newest.number, "root": bytes(newest.root).hex()} if newest else None
