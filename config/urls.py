from django.contrib import admin
from django.urls import include, path

from agents.api import permits
from config import health

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path(".well-known/handrail-keys.json", permits.keys, name="permit-keys"),
    path("api/", include("agents.api.urls")),
    path("humanlayer/v1/", include("agents.compat.urls")),
    path("admin/", admin.site.urls),
    path("", include("reviews.urls")),
]
