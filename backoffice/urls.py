from django.urls import include, path
from django.views.generic import RedirectView

from backoffice import health
from backoffice.console.site import site

urlpatterns = [
    path("", include("integrations.urls")),  # first: webhooks come by the thousand
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", site.urls),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("c/", include("protection.customer.urls")),
    path("v1/", include("orders.urls")),
    path("v1/", include("protection.urls")),
]

handler404 = "backoffice.rest.problems.not_found"
handler500 = "backoffice.rest.problems.server_error"
