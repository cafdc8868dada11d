from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/", include("agents.api.urls")),
    path("admin/", admin.site.urls),
]
