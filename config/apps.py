from django.contrib.admin.apps import AdminConfig

from config.checks import register_checks


class HandrailAdminConfig(AdminConfig):
    default_site = "config.admin.HandrailAdminSite"

    def ready(self) -> None:
        super().ready()
        register_checks()
