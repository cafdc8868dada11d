from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviews.models import SavedView
from reviews.services import saved_views
from reviews.services.saved_views import TooManyViews
from reviews.views.filtering import ViewForm
from workflows.models import Team


@login_required
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    form = ViewForm(request.POST, teams=_teams(request))
    if not form.is_valid():
        return render(request, "reviews/view.html", {"view_form": form, "title": _("Save view")})
    given = form.cleaned_data
    try:
        view = saved_views.save_view(
            given["name"], owner=request.user, query=given["query"], team=given["team"]
        )
    except TooManyViews as error:
        form.add_error(None, str(error))
        return render(request, "reviews/view.html", {"view_form": form, "title": _("Save view")})
    messages.success(request, _("Saved as “%s”.") % view.name)
    return redirect(address_of(view))


@login_required
@require_GET
def view_open(request: HttpRequest, view_id: int) -> HttpResponse:
    """The address to pass on; whoever may not see the view gets no hint that it is there."""
    return redirect(address_of(_visible(request, view_id)))


@login_required
@require_POST
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.of(request.user), pk=view_id)
    saved_views.forget_view(view)
    messages.success(request, _("The view “%s” is gone.") % view.name)
    return redirect("queue-list")


def address_of(view: SavedView) -> str:
    query = f"{view.query}&view={view.pk}".lstrip("&")
    return f"{reverse('queue-list')}?{query}"


def _visible(request: HttpRequest, view_id: int) -> SavedView:
    return get_object_or_404(SavedView.objects.visible_to(request.user), pk=view_id)


def _teams(request: HttpRequest) -> object:
    return Team.objects.filter(members=request.user.pk)
