from django.urls import path

from agents.api.views import NoSuchCall
from agents.compat import humanlayer

urlpatterns = [
    path("function_calls", humanlayer.FunctionCalls.as_view()),
    path("function_calls/<str:call_id>", humanlayer.FunctionCall.as_view()),
    path("contact_requests", humanlayer.ContactRequests.as_view()),
    path("contact_requests/<str:call_id>", humanlayer.ContactRequest.as_view()),
    path("agent/<path:anything>", humanlayer.NeverDecides.as_view()),
    path("<path:anything>", NoSuchCall.as_view()),
]
