from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("api/", include("agents.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("reviews.urls")),
]
