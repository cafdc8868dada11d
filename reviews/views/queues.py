from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reviews.listing import FARTHEST, BadCursor, Cursor, page_of
from reviews.models import SavedView
from reviews.views import live
from reviews.views.filtering import FilterForm, ViewForm, narrowing
from workflows.models import Queue, Team

LONGEST_ID = 18


@login_required
@require_GET
def queue_list(request: HttpRequest) -> HttpResponse:
    """All that this person may work on; what they hold comes first."""
    queues = list(Queue.objects.workable_by(request.user))
    return _page(request, queues, title=_("My work"))


@login_required
@require_GET
def queue_detail(request: HttpRequest, slug: str) -> HttpResponse:
    queue = get_object_or_404(Queue.objects.workable_by(request.user), slug=slug)
    return _page(request, [queue], title=queue.name, queue=queue)


def _page(
    request: HttpRequest, queues: list[Queue], *, title: str, queue: Queue | None = None
) -> HttpResponse:
    form = FilterForm(request.GET, queues=queues, one_queue=queue is not None)
    filters = form.filters()
    looked_at = [form.chosen_queue] if form.chosen_queue else queues
    view = _saved_view(request)
    context = {
        "title": title,
        "queue": queue,
        "here": "" if view else queue.slug if queue else "mine",
        "view": view,
        "view_form": _view_form(request, view, narrowing(request.GET, queue=queue)),
        "form": form,
        "filters": filters,
        "is_narrowed": bool(filters or form.chosen_queue),
        "farthest": FARTHEST,
        "after": request.GET.get("after", ""),
        "page": page_of(
            request.user,
            queues=[row.pk for row in looked_at],
            filters=filters,
            after=_cursor(request),
        ),
    }
    if live.is_asked(request):
        page = context["page"]
        seen = [*live.marks(page.rows), page.next]
        return live.answer(request, seen=seen, part="reviews/_list.html", context=context)
    return render(request, "reviews/queue.html", context)


def _saved_view(request: HttpRequest) -> SavedView | None:
    """The view that this address came from, for its name."""
    given = request.GET.get("view", "")
    if not given.isdecimal() or len(given) > LONGEST_ID:
        return None
    views = SavedView.objects.visible_to(request.user).select_related("owner")
    return views.filter(pk=given).first()


def _view_form(request: HttpRequest, view: SavedView | None, query: str) -> ViewForm:
    initial = {"query": query}
    if view is not None:
        initial |= {"name": view.name, "team": view.team_id}
    return ViewForm(initial=initial, teams=Team.objects.filter(members=request.user.pk))


def _cursor(request: HttpRequest) -> Cursor | None:
    text = request.GET.get("after", "")
    try:
        return Cursor.parse(text) if text else None
    except BadCursor:
        messages.warning(request, _("That page's address was mangled; this is the first page."))
        return None
