"""Where chat services tell of presses, and where a person says who they are in a chat."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from reviews.chat import listener
from reviews.models import ChatIdentity, ChatPress
from reviews.services import presses
from workflows.models import ChatApp

LARGEST = 512 * 1024


@csrf_exempt
@require_POST
def chat_receive(request: HttpRequest, app_id: int) -> HttpResponse:
    """The service's signature takes the place of a login; what it lets count is the person's."""
    apps = ChatApp.objects.filter(is_active=True).select_related("signing_secret")
    app = get_object_or_404(apps, pk=app_id)
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse(status=413)
    body = request.body.decode(errors="replace")
    hear = listener(app.kind)
    heard = hear(body, request.headers, signing_secret=app.signing_secret.value)
    if heard.pressed is not None:
        presses.press(app, pressed=heard.pressed)
    return HttpResponse(heard.text, status=heard.status, content_type="text/plain")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def chat_link(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing: links in a chat are followed by machines too."""
    row = presses.press_of(token)
    if row is None:
        words = _("This link is used, or older than a quarter of an hour: press again in the chat.")
        return render(request, "reviews/chat_link.html", {"refused": words}, status=410)
    if request.method == "GET":
        return render(request, "reviews/chat_link.html", {"press": row})
    try:
        row = presses.link(row, user=request.user)
    except presses.NotLinkable as error:
        return render(request, "reviews/chat_link.html", {"refused": str(error)}, status=409)
    if row.state == ChatPress.State.COUNTED:
        messages.success(request, _("Linked, and what you pressed counts."))
    else:
        messages.warning(request, _("Linked. What you pressed does not count: %s") % row.words)
    return redirect("case-detail", row.post.review.case_id)


@login_required
@require_POST
def chat_unlink(request: HttpRequest, identity_id: int) -> HttpResponse:
    mine = ChatIdentity.objects.filter(user=request.user).select_related("app", "user")
    presses.unlink(get_object_or_404(mine, pk=identity_id), by=request.user)
    messages.success(request, _("The chat account is no longer linked."))
    return redirect("settings-edit")
