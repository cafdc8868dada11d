from django.contrib.admin.apps import AdminConfig


class HandrailAdminConfig(AdminConfig):
    default_site = "config.admin.HandrailAdminSite"
