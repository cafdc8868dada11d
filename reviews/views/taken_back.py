"""What somebody had typed into a decision that they took back: their new seat begins with it."""

from typing import TYPE_CHECKING

from django.utils.datastructures import MultiValueDict

from reviews import action as actions
from reviews.editor import Editor, Typed
from reviews.forms import VerdictForm
from reviews.models import Decision

if TYPE_CHECKING:
    from reviews.views.case_page import CasePage


def taken_back(page: "CasePage") -> VerdictForm | None:
    """None where this seat does not follow a decision that was undone."""
    undone = _undone(page)
    if undone is None or not page.is_mine:
        return None
    initial = {"message": undone.message, "reason_code": undone.reason_code}
    return page.make_form(initial=initial, typed=_typed(page, undone))


def _undone(page: "CasePage") -> Decision | None:
    follows = page.review.follows_id if page.review else None
    rows = [row for row in page.walk.decisions if row.review_id == follows and follows]
    taken = {row.supersedes_id for row in rows if row.standing == Decision.Standing.UNDONE}
    return next((row for row in rows if row.id in taken), None)


def _typed(page: "CasePage", undone: Decision) -> Typed:
    """The changed values, as the controls of the form hold them."""
    changed = [change["pointer"] for change in undone.changes]
    edited = next(row for row in page.walk.proposals if row.revision == undone.revision).action
    if not changed or edited is None:
        return MultiValueDict()
    editable = actions.editable(edited, page.known_fields)
    editor = Editor(
        editable, {"action": edited}, prefix="edit", data=MultiValueDict(), is_new=False
    )
    return MultiValueDict(
        {
            leaf.name: [leaf.before]
            for leaf in editor.leaves()
            if any(_is_at(leaf.field.pointer, pointer) for pointer in changed)
        }
    )


def _is_at(pointer: str, changed: str) -> bool:
    return pointer == changed or pointer.startswith(f"{changed}/")
