"""What each problem means and what to do about it: the pages of docs/problems, served here too."""

from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

DIRECTORY: Final = Path(settings.BASE_DIR) / "docs" / "problems"


def slugs() -> list[str]:
    return sorted(file.stem for file in DIRECTORY.glob("*.md") if file.stem.islower())


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in slugs():
        raise Http404
    text = (DIRECTORY / f"{slug}.md").read_text()
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")
