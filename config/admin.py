from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class HandrailAdminSite(AdminSite):
    site_header = site_title = "Handrail"
    index_title = _("Set up")
    enable_nav_sidebar = False
