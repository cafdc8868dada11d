from django.http import HttpRequest, HttpResponse
from pghistory.middleware import HistoryMiddleware


class SettingsHistoryMiddleware(HistoryMiddleware):
    """Who changed which setting. Agents change none, and their calls need not pay for it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/v1/"):
            return self.get_response(request)
        return super().__call__(request)
