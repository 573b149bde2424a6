"""The staff console's site."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path
from unfold.sites import UnfoldAdminSite

from backoffice.console.mail import MailPage
from backoffice.console.panels import panels


class Console(UnfoldAdminSite):
    site_header = "Back office"
    site_title = "Back office"
    index_title = "Today"
    index_template = "console/today.html"
    login_template = "console/login.html"
    # Everything is found by the sidebar; a page per app would only list the same links again.
    enable_nav_sidebar = True

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The page Today: what needs somebody now. Each floor adds its own panels (see skin.PANELS)."""
        context = {**self.each_context(request), "title": self.index_title, "panels": panels("today", request)}
        request.current_app = self.name
        return TemplateResponse(request, self.index_template, {**context, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """With the page of mails, for a local trial only."""
        return [path("mail/", self.admin_view(MailPage.as_view(site=self)), name="mail"), *super().get_urls()]


site = Console(name="admin")
